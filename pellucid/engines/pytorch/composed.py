"""Losses and updates that are graphs of operations, in torch; of losses autograd finds the way back."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from pellucid.engines.pytorch import activations, moving, operations, reshaping  # noqa: F401  (enter the arithmetic)
from pellucid.engines.pytorch.arithmetic import Context, arithmetic_of
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan


def composed(graph: Graph, prediction: Tensor, target: Tensor) -> Tensor:
    """The losses."""
    return calculated(graph, {"target": target.to(prediction.dtype), "prediction": prediction}, prediction)[0]


def calculated(graph: Graph, given: Mapping[str, Tensor], like: Tensor) -> list[Tensor]:
    """The outputs of a graph without weights, in its order, in the width and on the device of a tensor."""
    todo = plan(graph)
    values = {number: given[name] for name, number in todo.inputs.items()}
    for step in todo.steps:
        context = Context(step, True, width=like.dtype, device=like.device)
        rows = [values[number] for number in step.inputs]
        values[step.output] = arithmetic_of(step.spec)(step.spec, rows, {}, context)
    return [values[number] for number in todo.outputs.values()]
