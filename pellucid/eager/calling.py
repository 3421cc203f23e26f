"""A layer on numbers: a network of this one layer, on the reference engine; weights are drawn at the first call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.eager.calculating import hold
from pellucid.engines.reference.engine import ReferenceEngine
from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.graph.build import Built, build
from pellucid.graph.layer import Layer
from pellucid.graph.rebuild import homes, refreshed
from pellucid.keys import Key
from pellucid.model import weights
from pellucid.spec.images import OfPictures
from pellucid.spec.reshaping import InputLayer
from pellucid.training.seed import ROOT

ENGINE = ReferenceEngine("float32")
DRAWN = "_networks"  # where a layer keeps its networks, by the shapes of their inputs


def on_numbers(layer: Layer, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
    """What the layer gives for arrays (N, ...): an array, or a list of them; in training with noise and statistics."""
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
