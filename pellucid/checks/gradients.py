"""gradients: backward against central differences, on sampled entries of every tensor, in float64.

error of a tensor = ||analytic - numeric|| / max(||analytic|| + ||numeric||, a thousandth of the largest tensor's)
Steps of 1e-5 and smaller: a kink that a step crosses (ReLU, max) is left behind by a smaller one, a wrong gradient is
not. What the slopes to both sides differ by is left open by a kink between, and not held against the gradient. Flat
backgrounds put thousands of pixels on one kink: images get noise of 0.3 of their range and zero weights noise of 0.2,
so that they meet kinks one by one; other weights move by a hundredth of their size.
Source: CNN-book 7 (3 images, dropout off, penalty first off, then on).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pellucid.checks.finding import Finding, graded
from pellucid.checks.subject import Subject, batch_norms, has_penalties, trained, without_noise
from pellucid.data.batches import Batch
from pellucid.engines.reference import ReferenceEngine
from pellucid.graph.graph import Graph
from pellucid.keys import Key

IMAGES = 3
ENTRIES = 6  # of each tensor, the one with the largest gradient among them
STEPS = (1e-5, 1e-6, 1e-7)
WARN, FAIL = 1e-5, 1e-3
IMAGE_NOISE, ZERO_NOISE, WEIGHT_NOISE = 0.3, 0.2, 0.01  # of the images' range; as it is; of the weights' size
SHARE = 1e-3  # tensors whose gradient is smaller than this share of the largest are measured on that scale
Arrays = dict[str, np.ndarray]


def check_gradients(subject: Subject) -> Finding:
    """Value: the largest error of a tensor, with the penalty off and, where there is one, on."""
    key = subject.key_of("gradients")
    params, state = subject.weights(ReferenceEngine("float64"))
    params = {name: moved(value, spread(value), key.fold("move", name)) for name, value in params.items()}
    batch = subject.sample("gradients", IMAGES)
    inputs = {name: moved(x, IMAGE_NOISE * (float(np.ptp(x)) or 1.0), key.fold("move", name))
              for name, x in batch.inputs.items()}
    batch = replace(batch, inputs=inputs)
    errors: dict[str, float] = {}
    for penalties in (False, True) if has_penalties(subject.graph) else (False,):
        graph = without_noise(subject.graph, penalties=penalties)
        for name, error in errors_of(subject, graph, params, state, batch).items():
            errors[name] = max(errors.get(name, 0.0), error)
    if not errors:
        return Finding("gradients", "warning", None, "no weight is trained", "Set trainable=True on a layer.")
    worst = max(errors, key=lambda name: errors[name])
    status = graded(errors[worst], warn=WARN, fail=FAIL)
    told = f"backward and central differences agree in {len(errors)} tensors; the largest error is {errors[worst]:.1e}"
    if status == "pass":
        return Finding("gradients", status, errors[worst], f"{told} ('{worst}')")
    norm = ", or batch norm over nearly equal values" if batch_norms(subject.graph) else ""
    return Finding("gradients", status, errors[worst],
                   f"the gradient of '{worst}' is not the slope of the loss (error {errors[worst]:.1e}){norm}",
                   "Correct the backward of that layer or of one after it.")


def moved(value: np.ndarray, deviation: float, key: Key) -> np.ndarray:
    """The array in float64, with normal noise of this standard deviation."""
    return np.asarray(value + deviation * key.generator().standard_normal(value.shape), np.float64)


def spread(weight: np.ndarray) -> float:
    """How far a weight is moved: zeros by a distance of their own, others by a share of their size."""
    size = float(np.sqrt(np.square(weight, dtype=np.float64).mean())) if weight.any() else 0.0
    return WEIGHT_NOISE * size or ZERO_NOISE


def errors_of(subject: Subject, graph: Graph, params: Arrays, state: Arrays, batch: Batch) -> dict[str, float]:
    """The error of each trained tensor."""
    engine, key = ReferenceEngine("float64"), subject.key_of("gradients")

    def run() -> float:
        passed = engine.forward(graph, params, state, batch.inputs, training=True, key=key)
        return subject.objective.report(engine.measure(subject.objective, passed, batch))["loss"]

    first = engine.forward(graph, params, state, batch.inputs, training=True, key=key)
    _, found = engine.grad(subject.objective, first, batch, wrt=("parameters",))
    analytic = found.parameters
    here = run()
    floor = SHARE * max((float(np.abs(g).max()) for g in analytic.values() if g.size), default=0.0)
    errors = {}
    for name, weight in trained(graph, params).items():
        own = analytic[name].ravel()
        places = np.unique([int(np.abs(own).argmax()), *key.fold(name).generator().integers(0, own.size, ENTRIES - 1)])
        flat = weight.reshape(-1)
        numeric = np.array([slope(run, flat, int(place), float(own[place]), here, floor) for place in places])
        difference = np.linalg.norm(own[places] - numeric)
        size = np.linalg.norm(own[places]) + np.linalg.norm(numeric)
        errors[name] = float(difference) / max(float(size), floor, 1e-12)
    return errors


def slope(
    loss: Callable[[], float], weight: np.ndarray, place: int, expected: float, here: float, floor: float
) -> float:
    """dloss/dweight[place] by central differences, of the steps the first that agrees, else the nearest.

    What the slopes to both sides differ by is what a kink between them leaves open: the answer is the value within
    that distance which is nearest to the expected one. A wrong gradient stays wrong, for the two sides agree on it.
    """
    kept, nearest = weight[place], float("inf")
    for step in STEPS:
        weight[place] = kept + step
        above = (loss() - here) / step
        weight[place] = kept - step
        below = (here - loss()) / step
        weight[place] = kept
        found, open_by = (above + below) / 2, abs(above - below)
        found += min(max(expected - found, -open_by), open_by)
        if not abs(found - expected) >= abs(nearest - expected):
            nearest = found
        if abs(nearest - expected) < 0.1 * WARN * max(abs(expected), floor):
            break
    return nearest
