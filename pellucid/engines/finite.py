"""Where numbers stopped being numbers: the first weight, input or layer of a pass that holds NaN or infinity."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pellucid.errors import ArgumentError, describe
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan

WEIGHT_REMEDY = "Load the last good checkpoint, and train with a lower learning rate or check the data for NaN."
INPUT_REMEDY = "Replace or leave out these samples: numpy.isfinite(x) finds them."


def fault(value: np.ndarray) -> str | None:
    """How many entries are not finite and where the first is; None when all are."""
    wrong = ~np.isfinite(value)
    if not wrong.any():
        return None
    first = tuple(int(index) for index in np.argwhere(wrong)[0])
    return f"{value[first]} at {first}, in all {int(wrong.sum())} of {value.size} values"


def refuse_not_finite(graph: Graph, weights: Mapping[str, np.ndarray], inputs: Mapping[str, np.ndarray]) -> None:
    """Raise ArgumentError that names the first weight or input with NaN or infinity."""
    for step in plan(graph).steps:
        for name, key in step.weights:
            found = fault(weights[key])
            if found:
                raise ArgumentError(describe(step.label, name, "finite", found, WEIGHT_REMEDY))
    for name, x in inputs.items():
        found = fault(np.asarray(x, float))
        if found:
            raise ArgumentError(describe(f"input '{name}'", "data", "finite", found, INPUT_REMEDY))


def first_not_finite(graph: Graph, values: Mapping[int, np.ndarray]) -> str | None:
    """Which layer's result held the first NaN or infinity of a pass, in words; None when all are finite."""
    for step in plan(graph).steps:
        found = fault(values[step.output]) if step.output in values else None
        if found:
            return f"{step.label}: its result is not finite ({found})"
    return None
