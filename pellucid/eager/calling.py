"""A layer on numbers: a network of this one layer, on the reference engine; weights are drawn at the first call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.eager.calculating import hold
from pellucid.engines.mixing import mixture
from pellucid.engines.reference.engine import ReferenceEngine
from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.graph.build import Built, build
from pellucid.graph.layer import Layer
from pellucid.graph.rebuild import homes, refreshed
from pellucid.keys import Key
from pellucid.model import weights
from pellucid.spec.images import OfPictures
from pellucid.spec.mixing import Mixed
from pellucid.spec.reshaping import InputLayer
from pellucid.training.seed import ROOT

ENGINE = ReferenceEngine("float32")
DRAWN = "_networks"  # where a layer keeps its networks, by the shapes of their inputs


def on_numbers(layer: Layer, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
    """What the layer gives for arrays (N, ...): an array, or a list of them; in training with noise and statistics."""
    if isinstance(layer.spec, OfPictures) and isinstance(inputs, Mapping):
        return on_labelled(layer, inputs, training)
    if mask is not None:
        raise ArgumentError(describe(layer.label, "mask", "None", "given", "Multiply by it instead."))
    if isinstance(inputs, Mapping) or layer.spec.arity == (1, 1) or not isinstance(inputs, (list, tuple)):
        given = list(inputs.values()) if isinstance(inputs, Mapping) else [inputs]
    else:
        given = list(inputs)
    arrays = [hold(x) for x in given]
    pictures = isinstance(layer.spec, OfPictures)
    alone = pictures and arrays[0].ndim == 3
    if alone:
        arrays = [x[None] for x in arrays]
    if pictures and training is None:
        training = True  # as in Keras: on numbers these change what they are given
    for x in arrays:
        if not x.ndim:
            raise ShapeError(describe(layer.label, "inputs", "with a batch axis", "one number"))
    built = network_of(layer, tuple(x.shape[1:] for x in arrays))
    params, state = weights.native(built, ENGINE)
    named = dict(zip(built.graph.input_shapes, arrays, strict=True))
    key = ROOT.next_key() if training else Key.of(0)
    run = ENGINE.forward(built.graph, params, state, named, training=bool(training), key=key)
    if training:
        own = homes(built.graph, built.layers)
        for name, value in run.state.items():
            home, short = own[name]
            home.held[short] = value
    outputs = [np.asarray(y)[0] if alone else np.asarray(y) for y in run.outputs.values()]
    return outputs[0] if len(outputs) == 1 else outputs


def on_labelled(layer: Layer, given: Mapping[str, Any], training: bool | None) -> dict[str, Any]:
    """A mapping of images and labels as Keras's layers take it: labels are mixed where two pictures are."""
    strange = sorted(set(given) - {"images", "labels"})
    if strange or "images" not in given:
        remedy = "Boxes and masks are changed by pellucid train --augment, beside their pictures."
        got = f"with '{strange[0]}'" if strange else "without images"
        raise ArgumentError(describe(layer.label, "inputs", "a mapping of images and labels", got, remedy))
    if not isinstance(layer.spec, Mixed) or training is False:
        return {**given, "images": on_numbers(layer, given["images"], training)}
    images = hold(given["images"])
    if images.ndim != 4:
        raise ShapeError(describe(layer.label, "images", "(N, H, W, C)", f"of shape {images.shape}"))
    drawn = mixture(layer.spec, images.shape, ROOT.next_key(), layer.label)
    images = images if images.dtype.kind == "f" else images.astype(np.float32)
    kept = drawn.kept.astype(images.dtype)
    found = {"images": kept * images + (1 - kept) * images[drawn.order]}
    if "labels" in given:
        labels = hold(given["labels"])
        if labels.ndim < 2 or len(labels) != len(images):
            wanted, remedy = f"rows ({len(images)}, K)", "Pass to_categorical(labels)."
            raise ShapeError(describe(layer.label, "labels", wanted, f"of shape {labels.shape}", remedy))
        share = drawn.share.astype(np.float32).reshape(-1, *(1 for _ in labels.shape[1:]))
        found["labels"] = share * labels + (1 - share) * labels[drawn.order]
    return found


def network_of(layer: Layer, shapes: tuple[tuple[int, ...], ...]) -> Built:
    """The network of one layer for inputs of these shapes, whose weights are there."""
    known: dict[Any, Built] = layer.__dict__.setdefault(DRAWN, {})
    if shapes not in known:
        tensors = [Layer.of(InputLayer(shape))(()) for shape in shapes]
        layer(tensors)
        known[shapes] = build(tensors, layer.calls.pop().outputs)
    built = known[shapes]
    for name, (home, short) in homes(built.graph, built.layers).items():
        wanted, kept = built.graph.weights[name].shape, home.held.get(short)
        if kept is not None and hasattr(kept, "shape") and kept.shape != wanted:
            fits = f"such that {short} {kept.shape} fits"
            raise ShapeError(describe(layer.label, "input", fits, str(wanted), "Use two layers."))
    weights.promise_missing(built, ROOT.next_key())
    return Built(refreshed(built), built.layers)  # frozen or not, as it is now
