"""Losses and updates that are graphs of operations: forward, and of a loss back to the prediction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pellucid.engines.reference.arithmetic import Context, arithmetic_of
from pellucid.graph.graph import Graph
from pellucid.graph.plan import Plan, Step, plan

Back = Callable[[np.ndarray], np.ndarray]


def composed(graph: Graph, prediction: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, Back]:
    """The losses, and what makes of factors of theirs the derivative of the weighed sum by the prediction (N, ...).

    A loss may compare whole batches, so no factor can be put to the derivative afterwards.
    """
    todo = plan(graph)
    given = {"target": np.asarray(target, prediction.dtype), "prediction": prediction}
    values, trail = calculated(todo, given, prediction.dtype)
    number = todo.outputs["output"]
    losses = values[number]

    def back(factors: np.ndarray) -> np.ndarray:
        gradients = {number: factors.astype(losses.dtype)}
        for step, saved, context in reversed(trail):
            dy = gradients.pop(step.output, None)
            if dy is None:
                continue
            context.wanted = (True,) * len(step.inputs)
            inner, _ = arithmetic_of(step.spec).backward(step.spec, dy, saved, {}, context)
            for source, dx in zip(step.inputs, inner, strict=True):
                if dx is not None:
                    gradients[source] = gradients[source] + dx if source in gradients else dx
        return gradients.get(todo.inputs["prediction"], np.zeros_like(prediction))

    return losses, back


def calculated(
    todo: Plan, given: Mapping[str, np.ndarray], width: np.dtype[Any]
) -> tuple[dict[int, np.ndarray], list[tuple[Step, Any, Context]]]:
    """All values of a plan without weights, by number, and what its way back needs."""
    values = {number: given[name] for name, number in todo.inputs.items()}
    trail = []
    for step in todo.steps:
        context = Context(step, True, width=width)
        rows = [values[number] for number in step.inputs]
        values[step.output], saved = arithmetic_of(step.spec).forward(step.spec, rows, {}, context)
        trail.append((step, saved, context))
    return values, trail
