"""gradients: backward against central differences, along entries and directions of every tensor, in float64.

error of a tensor = ||analytic - numeric|| / max(||analytic|| + ||numeric||, a thousandth of the largest tensor's)
Along single entries, and along random directions v with entries +-1 / sqrt(n): <gradient, v> has every entry in it, so
that one wrong entry among a million shows.
Steps of 1e-5 and smaller: a kink that a step crosses (ReLU, max) is left behind by a smaller one, a wrong gradient is
not. Where none agrees, what the slopes to both sides of the least open one differ by is left open by a kink, and not
held against the gradient; how often that was so is told. Flat backgrounds put thousands of pixels on one kink: images
get noise of 0.3 of their range and zero weights noise of 0.2, so that they meet kinks one by one; other weights move
by a hundredth of their size.
Source: CNN-book 7 (3 images, dropout off, penalty first off, then on).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pellucid.checks.finding import Finding, graded
from pellucid.checks.floats import in_floats
from pellucid.checks.subject import Subject, batch_norms, has_penalties, trained, without_noise
from pellucid.data.batches import Batch
from pellucid.engines.reference import ReferenceEngine
from pellucid.graph.graph import Graph
from pellucid.keys import Key

IMAGES = 3
LONGEST = 64  # pixels of a side, where a network takes pictures of any size: the arithmetic is the same
ENTRIES, DIRECTIONS = 2, 2  # of each tensor; the entry with the largest gradient and another one
STEPS = (1e-5, 1e-6, 1e-7)
WARN, FAIL = 1e-5, 1e-3
IMAGE_NOISE, ZERO_NOISE, WEIGHT_NOISE = 0.3, 0.2, 0.01  # of the images' range; as it is; of the weights' size
SHARE = 1e-3  # tensors whose gradient is smaller than this share of the largest are measured on that scale
AGREES = 0.1 * WARN  # no smaller step is needed
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Slope:
    """A slope as backward and as central differences have it, and what a kink leaves open (0 where there is none)."""

    analytic: float
    numeric: float
    left_open: float = 0.0

    @property
    def difference(self) -> float:
        """What no kink explains."""
        return max(abs(self.analytic - self.numeric) - self.left_open, 0.0)


def check_gradients(subject: Subject) -> Finding:
    """Value: the largest error of a tensor, with the penalty off and, where there is one, on."""
    subject, key = subject.shrunk(LONGEST), subject.key_of("gradients")
    floats = in_floats(subject.graph)
    bits = "" if floats is subject.graph else "; signs were taken for tanh, whose slope is a derivative"
    subject = replace(subject, graph=floats)
    params, state = subject.weights(ReferenceEngine("float64"))
    params = {name: moved(value, spread(value), key.fold("move", name)) for name, value in params.items()}
    batch = subject.sample("gradients", IMAGES)
    inputs = {name: moved(x, IMAGE_NOISE * (float(np.ptp(x)) or 1.0), key.fold("move", name))
              for name, x in batch.inputs.items()}
    batch = replace(batch, inputs=inputs)
    errors: dict[str, float] = {}
    slopes, kinks = 0, 0
    for penalties in (False, True) if has_penalties(subject.graph) else (False,):
        graph = without_noise(subject.graph, penalties=penalties)
        for name, tried in slopes_of(subject, graph, params, state, batch).items():
            errors[name] = max(errors.get(name, 0.0), *(one.error for one in tried))
            slopes += sum(len(one.slopes) for one in tried)
            kinks += sum(slope.left_open > 0 for one in tried for slope in one.slopes)
    if not errors:
        return Finding("gradients", "warning", None, "no weight is trained", "Set trainable=True on a layer.")
    worst = max(errors, key=lambda name: errors[name])
    status = graded(errors[worst], warn=WARN, fail=FAIL)
    left = f"; {kinks} of {slopes} slopes have a kink within {STEPS[-1]:g} and agree as far as it lets them"
    told = f"backward and central differences agree in {len(errors)} tensors; the largest error is {errors[worst]:.1e}"
    left = left if kinks else ""
    if status == "pass":
        return Finding("gradients", status, errors[worst], f"{told} ('{worst}'){left}{bits}")
    norm = ", or batch norm over nearly equal values" if batch_norms(subject.graph) else ""
    return Finding("gradients", status, errors[worst],
                   f"the gradient of '{worst}' is not the slope of the loss (error {errors[worst]:.1e}){norm}",
                   "Correct the backward of that layer or of one after it.")


@dataclass(frozen=True)
class Compared:
    """Slopes of one tensor, along entries or along directions, and the size below which none is measured."""

    slopes: tuple[Slope, ...]
    floor: float

    @property
    def error(self) -> float:
        """||analytic - numeric|| over their sizes."""
        sides = np.array([[slope.analytic, slope.numeric, slope.difference] for slope in self.slopes])
        analytic, numeric, difference = np.linalg.norm(sides, axis=0).tolist()
        return float(difference / max(analytic + numeric, self.floor, 1e-12))


def moved(value: np.ndarray, deviation: float, key: Key) -> np.ndarray:
    """The array in float64, with normal noise of this standard deviation."""
    return np.asarray(value + deviation * key.generator().standard_normal(value.shape), np.float64)


def spread(weight: np.ndarray) -> float:
    """How far a weight is moved: zeros by a distance of their own, others by a share of their size."""
    size = float(np.sqrt(np.square(weight, dtype=np.float64).mean())) if weight.any() else 0.0
    return WEIGHT_NOISE * size or ZERO_NOISE


def slopes_of(
    subject: Subject, graph: Graph, params: Arrays, state: Arrays, batch: Batch
) -> dict[str, tuple[Compared, ...]]:
    """The slopes of each trained tensor along entries and along directions."""
    engine, key = ReferenceEngine("float64"), subject.key_of("gradients")

    def run() -> float:
        passed = engine.forward(graph, params, state, batch.inputs, training=True, key=key)
        return subject.objective.report(engine.measure(subject.objective, passed, batch))["loss"]

    first = engine.forward(graph, params, state, batch.inputs, training=True, key=key)
    _, found = engine.grad(subject.objective, first, batch, wrt=("parameters",))
    here, floor = run(), SHARE * max((float(np.abs(g).max()) for g in found.parameters.values() if g.size), default=0.0)
    compared = {}
    for name, weight in trained(graph, params).items():
        own = found.parameters[name]
        ways = (entries(own, key.fold(name)), directions(own, key.fold(name, "along")))
        sizes = (floor, max(floor, float(np.sqrt(np.square(own).mean()))))  # of <own, v> the second is the usual one
        compared[name] = tuple(
            Compared(tuple(slope(run, weight, along, float((own * along).sum()), here, size) for along in way), size)
            for way, size in zip(ways, sizes, strict=True) if way
        )
    return compared


def entries(gradient: np.ndarray, key: Key) -> list[np.ndarray]:
    """One-hot arrays of the gradient's shape: where it is largest, and somewhere."""
    places = [int(np.abs(gradient).argmax()), *key.generator().integers(0, gradient.size, ENTRIES - 1).tolist()]
    found = []
    for place in dict.fromkeys(places):
        along = np.zeros(gradient.shape)
        along.flat[place] = 1.0
        found.append(along)
    return found


def directions(gradient: np.ndarray, key: Key) -> list[np.ndarray]:
    """Random unit arrays of the gradient's shape whose entries are all of one size; none of a single number."""
    draws = key.generator().integers(0, 2, (DIRECTIONS if gradient.size > 1 else 0, *gradient.shape))
    return list((2.0 * draws - 1) / np.sqrt(gradient.size))


def slope(
    loss: Callable[[], float], weight: np.ndarray, along: np.ndarray, expected: float, here: float, floor: float
) -> Slope:
    """dloss/dweight along an array by central differences, of the steps the first that agrees.

    If none does, the one whose two sides differ least, with that difference left open. A wrong gradient stays wrong,
    for the two sides agree on it.
    """
    kept, tried = weight.copy(), []
    for step in STEPS:
        weight[...] = kept + step * along
        above = (loss() - here) / step
        weight[...] = kept - step * along
        below = (here - loss()) / step
        weight[...] = kept
        found = Slope(expected, (above + below) / 2, abs(above - below))
        if abs(found.numeric - expected) < AGREES * max(abs(expected), floor):
            return replace(found, left_open=0.0)
        tried.append(found)
    return min(tried, key=lambda one: one.left_open if np.isfinite(one.left_open) else np.inf)
