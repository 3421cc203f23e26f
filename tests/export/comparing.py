"""A small form of a network, exported, beside the same network in the PyTorch engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime

from pellucid.graph.graph import Graph
from pellucid.keys import Key
from pellucid.models import Model
from pellucid.spec.normalization import BatchNormalization
from pellucid.training.session import engine_named
from tests.architectures.small import numbers, small

TOLERANCE = 1e-4  # of the largest value

# The exporter's time grows with the layers: of deep networks, and of those like another, the tests take each kind of
# layer once, in what comes before the layer named here or in a network that is exported whole; benchmarks.deep_export,
# in `make soak`, takes all.
FIRST = {
    "resnet18": "conv3_block1_out", "resnet18-torchvision": "layer2_0_out", "preactresnet18": "conv3_block1_out",
    "resnet50": "conv2_block1_out", "preactresnet164": "conv2_block1_out", "seinception": "inception_3a_se_scale",
    "mobilenetv2": "block_2_add", "mobilenetv2-torchvision": "features_3_add",
    "squeezenet-1.1-torchvision": "fire2_concat", "vgg11": "block1_pool", "alexnet": "conv4",
    "alexnet-torchvision": "features_0", "squeezenet-features": "max6_alike",
}  # fmt: skip
DEEP = (
    *FIRST, "cifarresnet32", "cifarresnet44", "cifarresnet56", "cifarresnet110", "clothesmlp", "cellshead", "allconv",
    "squeezenet-1.1", "squeezenet-features", "vgg13", "vgg16", "vgg19", "resnet34", "resnet34-torchvision",
    "resnet50-torchvision",
    "resnet101", "resnet101-torchvision", "resnet152", "resnet152-torchvision", "preactresnet34", "preactresnet50",
    "preactresnet101", "preactresnet152", "preactresnet1001", "seresnet50", "googlenet", "googlenet-plain",
    "seinception-plain",
)  # fmt: skip


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


def opening(name: str) -> Model:
    """A deep network's first layers, one of each kind."""
    model = small(name, channels=2)
    return Model(model.inputs, model.get_layer(FIRST[name]).output)


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
