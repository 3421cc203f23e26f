"""Where numbers stopped being numbers: the first array, weight or input that holds NaN or infinity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from pellucid.errors import ArgumentError, TrainingError, describe
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan

WEIGHT_REMEDY = "Load the last good checkpoint, and train with a lower learning rate or check the data for NaN."
OVERFLOW_REMEDY = "Train again with a lower learning rate, e.g. --lr 0.001, or lr=0.001."
INPUT_REMEDY = "Replace or leave out these samples: numpy.isfinite(x) finds them."

K = TypeVar("K")


def first_not_finite(arrays: Mapping[K, np.ndarray]) -> tuple[K, str] | None:
    """The key of the first array that holds NaN or infinity, and where in it, in words; None when all are finite."""
    for key, value in arrays.items():
        finite = np.isfinite(value)
        if not finite.all():
            first = tuple(int(index) for index in np.unravel_index(np.argmin(finite), value.shape))
            wrong = value.size - int(np.count_nonzero(finite))
            return key, f"{value[first]} at {first}, in all {wrong} of {value.size} values"
    return None


def why_unfit(value: np.ndarray) -> str:
    """What an array that should be of finite floats holds instead; empty when it is of them."""
    if value.dtype.kind != "f":
        return f"{value.dtype} numbers where floats are wanted"
    return "" if first_not_finite({"": value}) is None else "NaN or infinity"


def refuse_not_finite(graph: Graph, weights: Mapping[str, np.ndarray], inputs: Mapping[str, np.ndarray]) -> None:
    """Of a pass whose outputs are not finite: raise ArgumentError that names the first such weight or input.

    Raises TrainingError where both are finite, so that a layer overflowed.
    """
    found = first_not_finite(
        {(step.label, name): weights[key] for step in plan(graph).steps for name, key in step.weights}
    )
    if found:
        (label, name), what = found
        raise ArgumentError(describe(label, name, "finite", what, WEIGHT_REMEDY))
    of_inputs = first_not_finite({name: np.asarray(x, float) for name, x in inputs.items()})
    if of_inputs:
        raise ArgumentError(describe(f"input '{of_inputs[0]}'", "data", "finite", of_inputs[1], INPUT_REMEDY))
    key, largest = max(((key, float(np.abs(value).max(initial=0))) for key, value in weights.items()),
                       key=lambda each: each[1], default=("none", 0.0))  # fmt: skip
    raise TrainingError(
        "what the network answers is not finite (NaN or infinity), though its weights and its data are: the largest "
        f"weight, in '{key}', is {largest:.3g}. {OVERFLOW_REMEDY}"
    )
