"""Losses that are graphs of operations, in torch; autograd finds the way back."""

from __future__ import annotations

from torch import Tensor

from pellucid.engines.pytorch import activations, moving, operations, reshaping  # noqa: F401  (enter the arithmetic)
from pellucid.engines.pytorch.arithmetic import Context, arithmetic_of
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan


def composed(graph: Graph, prediction: Tensor, target: Tensor) -> Tensor:
    """The losses."""
    todo = plan(graph)
    given = {"target": target.to(prediction.dtype), "prediction": prediction}
    values = {number: given[name] for name, number in todo.inputs.items()}
    for step in todo.steps:
        context = Context(step, True, width=prediction.dtype, device=prediction.device)
        rows = [values[number] for number in step.inputs]
        values[step.output] = arithmetic_of(step.spec)(step.spec, rows, {}, context)
    return values[todo.outputs["output"]]
