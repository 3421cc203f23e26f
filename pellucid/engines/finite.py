"""Where numbers stopped being numbers: the first weight, input or layer of a pass that holds NaN or infinity."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pellucid.errors import ArgumentError, TrainingError, describe
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan

WEIGHT_REMEDY = "Load the last good checkpoint, and train with a lower learning rate or check the data for NaN."
OVERFLOW_REMEDY = "Train again with a lower learning rate, e.g. --lr 0.001, or lr=0.001."
INPUT_REMEDY = "Replace or leave out these samples: numpy.isfinite(x) finds them."


def fault(value: np.ndarray) -> str | None:
    """How many entries are not finite and where the first is; None when all are."""
    wrong = ~np.isfinite(value)
    if not wrong.any():
        return None
    first = tuple(int(index) for index in np.argwhere(wrong)[0])
    return f"{value[first]} at {first}, in all {int(wrong.sum())} of {value.size} values"


def refuse_not_finite(graph: Graph, weights: Mapping[str, np.ndarray], inputs: Mapping[str, np.ndarray]) -> None:
    """Of a pass whose outputs are not finite: raise ArgumentError that names the first such weight or input.

    Raises TrainingError where both are finite, so that a layer overflowed.
    """
    for step in plan(graph).steps:
        for name, key in step.weights:
            found = fault(weights[key])
            if found:
                raise ArgumentError(describe(step.label, name, "finite", found, WEIGHT_REMEDY))
    for name, x in inputs.items():
        found = fault(np.asarray(x, float))
        if found:
            raise ArgumentError(describe(f"input '{name}'", "data", "finite", found, INPUT_REMEDY))
    key, largest = max(((key, float(np.abs(value).max(initial=0))) for key, value in weights.items()),
                       key=lambda each: each[1], default=("none", 0.0))  # fmt: skip
    raise TrainingError(
        "what the network answers is not finite (NaN or infinity), though its weights and its data are: the largest "
        f"weight, in '{key}', is {largest:.3g}. {OVERFLOW_REMEDY}"
    )


def first_not_finite(graph: Graph, values: Mapping[int, np.ndarray]) -> str | None:
    """Which layer's result held the first NaN or infinity of a pass, in words; None when all are finite."""
    for step in plan(graph).steps:
        found = fault(values[step.output]) if step.output in values else None
        if found:
            return f"{step.label}: its result is not finite ({found})"
    return None
