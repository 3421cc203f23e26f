"""A small form of a network, exported, beside the same network in the PyTorch engine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from pellucid.graph.graph import Graph
from pellucid.graph.layer import Layer, Tensor
from pellucid.graph.plan import plan
from pellucid.keys import Key
from pellucid.layers import Input
from pellucid.models import Model
from pellucid.spec.layer import LayerSpec
from pellucid.spec.normalization import BatchNormalization
from pellucid.spec.operations import Unary
from pellucid.spec.shapes import Shape
from pellucid.training.session import engine_named
from tests.architectures.small import numbers

TOLERANCE = 1e-4  # of the largest value

# The exporter's time grows with the layers: of most networks the tests take each kind of layer once, alone;
# benchmarks.deep_export, in `make soak`, takes them whole.
WHOLE = ("lenet5", "photonet")
NO_KIND = re.compile("filters|units|rate|momentum|.*_(initializer|regularizer)")  # of settings


def runs(path: Path, *inputs: np.ndarray) -> list[np.ndarray]:
    """What onnxruntime makes of the inputs."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [entry.name for entry in session.get_inputs()]
    found: list[np.ndarray] = session.run(None, dict(zip(names, inputs, strict=True)))
    return found


def assert_same(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Shape, dtype and values; the largest difference in shares of the largest value."""
    assert ours.shape == theirs.shape and theirs.dtype == np.float32
    largest = np.abs(ours).max()
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=TOLERANCE * largest)
    return float(np.abs(ours - theirs).max() / largest)


def statistics(graph: Graph, params: dict[str, np.ndarray], x: np.ndarray) -> dict[str, np.ndarray]:
    """Moving statistics that fit the images, as after a training: else deep networks answer the same to all of them.

    A tenth of their mean is added to a layer's variances, for one near zero makes rounding large.
    """
    forgetful = tuple(
        replace(entry, spec=replace(entry.spec, momentum=0.0)) if isinstance(entry.spec, BatchNormalization) else entry
        for entry in graph.layers
    )
    engine, (_, state) = engine_named("pytorch", "float32", "cpu"), numbers(graph)
    run = engine.forward(replace(graph, layers=forgetful), engine.put(params), engine.put(state), {"input": x},
                         training=True, key=Key.of(0))  # fmt: skip
    found = engine.get(run.state)
    return {key: value + 0.1 * value.mean() * key.endswith("variance") for key, value in found.items()}


def of_each_kind(models: Iterable[Model]) -> Model:
    """One network of every kind of layer in these, each alone, with an input for each shape.

    A kind is what a layer does, whatever its name, width and first weights.
    """
    seen: dict[tuple[Any, ...], tuple[LayerSpec, list[Shape]]] = {}
    for model in models:
        walked = plan(Model(model.inputs, model.outputs).graph)
        for step in walked.steps:
            settings = (str(getattr(step.spec, field.name)) for field in fields(step.spec)
                        if not NO_KIND.fullmatch(field.name))  # fmt: skip
            seen.setdefault((type(step.spec), *settings), (step.spec, [walked.shapes[value] for value in step.inputs]))
    inputs: dict[str, Tensor] = {}
    outputs: list[Tensor] = []
    for number, (spec, shapes) in enumerate(seen.values()):
        sign = "positive" if isinstance(spec, Unary) else "any"  # a root is taken of no number below 0
        names = [f"{sign}_{place}_{'x'.join(map(str, shape))}" for place, shape in enumerate(shapes)]
        given = [inputs.setdefault(name, Input(shape, name=name)) for name, shape in zip(names, shapes, strict=True)]
        outputs.append(Layer.of(spec, f"kind_{number}")(given if len(given) > 1 else given[0]))
    return Model(list(inputs.values()), outputs)


def compare_exported(model: Model, path: Path) -> float:
    """Export, run and compare; AssertionError when numbers differ."""
    x = np.random.default_rng(1).normal(size=(5, *model.input_shape[1:])).astype(np.float32)
    params, _ = numbers(model.graph)
    for key, value in params.items():
        value += 4 * key.endswith("se_expand/bias")  # gates open: nine that are half shut leave nothing of the image
    settled = {**params, **statistics(model.graph, params, x)}
    model.set_weights([settled[key] for key in model.graph.weights])
    model.compile("sgd", "sparse_categorical_crossentropy", engine="pytorch")
    model.export(path)
    wanted, (found,) = model.predict(x), runs(path, x)
    assert np.ptp(wanted, axis=0).max() > 3 * TOLERANCE, "the images are told apart, so that a difference would show"
    return assert_same(wanted, found)
