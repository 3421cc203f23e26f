"""One network on both engines from the same weights: every output, gradient and moving statistic is compared.

Limits are those of contracts.md, section 3: relative to a tensor's largest value, 1e-10 in float64, 1e-4 in float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.engines.protocol import Batch, Engine, Objective
from pellucid.engines.pytorch.engine import PyTorchEngine
from pellucid.engines.reference import ReferenceEngine
from tests.gradient.checking import KEY, Point

LIMITS = {"float64": 1e-10, "float32": 1e-4}


def engines(precision: str) -> tuple[Engine, Engine]:
    """The reference engine and PyTorch's, on the CPU."""
    return ReferenceEngine(precision), PyTorchEngine(precision, device="cpu")


def assert_same(where: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], limit: float) -> None:
    """Raise AssertionError that names the tensor and the place that differs most."""
    assert set(ours) == set(theirs), f"{where}: {sorted(set(ours) ^ set(theirs))} on one engine only"
    for name, value in ours.items():
        other = theirs[name]
        kinds = (value.shape, value.dtype), (other.shape, other.dtype)
        assert kinds[0] == kinds[1], f"{where} {name}: {kinds[0]} and {kinds[1]}"
        difference = np.abs(np.asarray(value, np.float64) - other)
        scale = max(np.abs(value).max(initial=0), 1e-30)
        assert np.isfinite(difference).all() and difference.max(initial=0) <= limit * scale, (
            f"{where} {name}{list(np.unravel_index(int(difference.argmax()), value.shape))}: "
            f"off by {difference.max():.3g}, largest value {scale:.3g}"
        )


def passes(engine: Engine, point: Point) -> dict[str, dict[str, np.ndarray]]:
    """Forward, and backward from a random upstream gradient, as NumPy arrays."""
    params, state, inputs = (engine.put(part) for part in (point.params, point.state, point.inputs))
    run = engine.forward(point.graph, params, state, inputs, training=point.training, key=KEY)
    outputs = engine.get(run.outputs)
    random = np.random.default_rng(2)
    seeds = engine.put({name: random.normal(size=y.shape) for name, y in outputs.items()})
    found = engine.vjp(run, seeds, wrt=("parameters", "inputs"))
    return {
        "output": outputs, "state": engine.get(run.state),
        "gradient of weight": engine.get(found.parameters), "gradient of input": engine.get(found.inputs),
    }  # fmt: skip


def compare_passes(point: Point, precision: str) -> None:
    """Raise AssertionError for the first tensor of a forward and backward pass that differs."""
    ours, theirs = (passes(engine, point) for engine in engines(precision))
    for where in ours:
        assert_same(where, ours[where], theirs[where], LIMITS[precision])


def gradients(engine: Engine, point: Point, objective: Objective, batch: Batch) -> tuple[Any, ...]:
    """Sums with and without a gradient, and the gradients."""
    params, state, inputs = (engine.put(part) for part in (point.params, point.state, point.inputs))
    run = engine.forward(point.graph, params, state, inputs, training=True, key=KEY)
    measured = engine.measure(objective, run, batch)
    sums, found = engine.grad(objective, run, batch, wrt=("parameters", "inputs"))
    return sums, measured, engine.get(found.parameters), engine.get(found.inputs)


def compare_objective(point: Point, objective: Objective, batch: Batch, precision: str) -> None:
    """Raise AssertionError for the first sum or gradient of an objective that differs."""
    ours, theirs = (gradients(engine, point, objective, batch) for engine in engines(precision))
    limit = LIMITS[precision]
    for sums, others in zip(ours[:2], theirs[:2], strict=True):
        assert {n: c for n, (_, c) in sums.items()} == {n: c for n, (_, c) in others.items()}
        values = [{n: np.array([v]) for n, (v, _) in part.items()} for part in (sums, others)]
        assert_same("sum", *values, limit)
    assert_same("gradient of weight", ours[2], theirs[2], limit)
    assert_same("gradient of input", ours[3], theirs[3], limit)
