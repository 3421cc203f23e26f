"""A small form of a network, exported, beside the same network in the PyTorch engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime

from tests.architectures.small import numbers, small

TOLERANCE = 1e-4  # of the largest value


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


def compare_exported(name: str, path: Path) -> float:
    """Export, run and compare; AssertionError when numbers differ."""
    model = small(name, channels=2)
    params, state = numbers(model.graph)
    model.set_weights([{**params, **state}[key] for key in model.graph.weights])
    model.compile("sgd", "sparse_categorical_crossentropy", engine="pytorch")
    x = np.random.default_rng(1).normal(size=(5, *model.input_shape[1:])).astype(np.float32)
    model.export(path)
    wanted, (found,) = model.predict(x), runs(path, x)
    assert np.ptp(wanted, axis=0).max() > 1e-3, "the images are told apart, so that a difference would show"
    return assert_same(wanted, found)
