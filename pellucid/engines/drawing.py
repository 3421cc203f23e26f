"""Drawing fresh weights, the same numbers for every engine.

Variance scaling: variance = scale / fan, uniform limits sqrt(3 scale / fan).
A truncated normal is cut at two standard deviations, which leaves it 0.8796 of its width, so it is widened by that.
"""

from __future__ import annotations

import math

import numpy as np

from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.graph.graph import Graph
from pellucid.keys import Key
from pellucid.spec.initializers import (
    Constant,
    Identity,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)
from pellucid.spec.layer import WeightSpec

KEPT_WIDTH = 0.87962566103423978  # standard deviation of a unit normal cut at two


def draw_all(graph: Graph, key: Key, dtype: np.dtype) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Fresh parameters and moving statistics of a graph, each from a key of its own."""
    params: dict[str, np.ndarray] = {}
    state: dict[str, np.ndarray] = {}
    for name, weight in graph.weights.items():
        home = state if weight.name.startswith("moving_") else params
        home[name] = draw(weight, key.fold("init", name), dtype)
    return params, state


def draw(weight: WeightSpec, key: Key, dtype: np.dtype) -> np.ndarray:
    """A fresh array for a weight: the same for the same key."""
    shape, initial = weight.shape, weight.initializer
    seed = getattr(initial, "seed", None)
    random = (key if seed is None else Key.of(seed)).generator()
    if isinstance(initial, Constant):
        return np.array(np.broadcast_to(np.asarray(initial.value, dtype), shape))
    if isinstance(initial, Orthogonal):
        return (initial.gain * at_right_angles(random, shape)).astype(dtype)
    if isinstance(initial, Identity):
        return initial.gain * np.eye(*square(shape), dtype=dtype)
    if isinstance(initial, RandomNormal):
        return random.normal(initial.mean, initial.stddev, shape).astype(dtype)
    if isinstance(initial, TruncatedNormal):
        return (initial.mean + initial.stddev * truncated(random, shape)).astype(dtype)
    if isinstance(initial, RandomUniform):
        return random.uniform(initial.minval, initial.maxval, shape).astype(dtype)
    if isinstance(initial, VarianceScaling):
        return scaled(initial, weight.fan, random, shape).astype(dtype)
    raise ArgumentError(f"no engine can draw from {type(initial).__name__}.")


def scaled(
    initial: VarianceScaling, fan: tuple[int, int], random: np.random.Generator, shape: tuple[int, ...]
) -> np.ndarray:
    """Numbers of variance scale / fan."""
    fans = {"fan_in": fan[0], "fan_out": fan[1], "fan_avg": (fan[0] + fan[1]) / 2}
    variance = initial.scale / max(1.0, fans[initial.mode])
    if initial.distribution == "uniform":
        limit = math.sqrt(3 * variance)
        return random.uniform(-limit, limit, shape)
    if initial.distribution == "untruncated_normal":
        return random.normal(0.0, math.sqrt(variance), shape)
    return math.sqrt(variance) / KEPT_WIDTH * truncated(random, shape)


def at_right_angles(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """A matrix whose shorter side is a set of unit vectors at right angles, in `shape`."""
    if len(shape) < 2:
        raise ShapeError(describe("Orthogonal", "shape", "of two axes at least", str(shape)))
    rows, columns = math.prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(random.standard_normal((max(rows, columns), min(rows, columns))))
    q *= np.sign(np.diag(r))
    return np.ascontiguousarray(q.T if rows < columns else q).reshape(shape)


def square(shape: tuple[int, ...]) -> tuple[int, int]:
    """Both sides of a matrix."""
    if len(shape) != 2:
        raise ShapeError(describe("Identity", "shape", "of two axes", str(shape)))
    return shape[0], shape[1]


def truncated(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Unit normal numbers, drawn again while beyond two."""
    values = random.standard_normal(shape)
    beyond = np.abs(values) > 2
    while beyond.any():
        values[beyond] = random.standard_normal(int(beyond.sum()))
        beyond = np.abs(values) > 2
    return values
