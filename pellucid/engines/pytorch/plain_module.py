"""A model as a plain torch.nn.Module to take away: torch's own layers under the layers' names, nothing of Pellucid's.

Axes      maps (H,W,C) of the graph are (N,C,H,W) here; any other shape keeps its order
Weights   copies, in torch's shapes: kernel (U,V,C,F) -> weight (F,C,U,V), dense (D,F) -> (F,D), names `layer.weight`
Form      torch.fx.GraphModule: `print(module.code)` shows the forward pass; it exports, pickles and compiles
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping
from keyword import iskeyword
from typing import Any

import numpy as np
from torch import fx, nn

from pellucid.engines.pytorch import (  # noqa: F401  (enter each kind of layer)
    plain_images,
    plain_layers,
    plain_quantized,
    traced_layers,
)
from pellucid.engines.pytorch.assembly import PLAIN, Assembly, Place
from pellucid.engines.pytorch.plain_parts import TrainingOutputs
from pellucid.errors import ArgumentError
from pellucid.graph.graph import Graph
from pellucid.graph.plan import Plan, plan


def plain_module(graph: Graph, weights: Mapping[str, np.ndarray], name: str) -> fx.GraphModule:
    """The network in eval mode; raises ArgumentError for a layer of one's own, which torch does not have.

    Inputs come in the graph's order, maps as (N,C,H,W); one output comes alone, several by name.
    """
    todo, assembly = plan(graph), Assembly(weights)
    nodes = {
        number: assembly.graph.placeholder("x" if len(todo.inputs) == 1 else word(entry))
        for entry, number in todo.inputs.items()
    }
    shapes = {number: todo.input_shapes[entry] for entry, number in todo.inputs.items()}
    for step, path in zip(todo.steps, paths(todo), strict=True):
        emit = PLAIN.get(type(step.spec))
        if emit is None:
            remedy = "Predict with Pellucid, or write the module by hand."
            raise ArgumentError(f"{step.label}: torch has no layer like {type(step.spec).__name__}. {remedy}")
        taken = tuple(shapes[number] for number in step.inputs)
        shapes[step.output] = step.spec.output_shape(taken, step.label)
        place = Place(assembly, step, path, taken, shapes[step.output])
        nodes[step.output] = emit(step.spec, place, [nodes[number] for number in step.inputs])
    assembly.graph.output(outputs(graph, todo, assembly, nodes))
    return fx.GraphModule(assembly.parts, assembly.graph, word(name)).eval()


def outputs(graph: Graph, todo: Plan, assembly: Assembly, nodes: dict[int, fx.Node]) -> Any:
    """What the module returns."""
    found = {name: nodes[number] for name, number in todo.outputs.items()}
    if graph.training_only:
        part = TrainingOutputs(tuple(found), graph.training_only)
        return assembly.graph.call_module(assembly.enter("", "outputs", part), tuple(found.values()))
    return found if len(found) > 1 else next(iter(found.values()))


def word(text: str) -> str:
    """A name that Python and torch accept, and that hides neither an attribute of modules nor a word of Python."""
    found = re.sub(r"\W", "_", text)
    found = found if found.isidentifier() else f"_{found}"
    return f"{found}_" if hasattr(nn.Module, found) or hasattr(builtins, found) or iskeyword(found) else found


def paths(todo: Plan) -> list[str]:
    """A module's name for each step: the layer's path, and what it does beside the layer's weights."""
    weighted: dict[str, set[tuple[tuple[str, str], ...]]] = {}
    for step in todo.steps:
        weighted.setdefault(step.layer, set()).update([step.weights] if step.weights else [])
    found = []
    for step in todo.steps:
        path = ".".join(word(part) for part in step.layer.split("/"))
        if step.weights and len(weighted[step.layer]) > 1:
            path += "." + step.weights[0][1].rpartition("/")[2].removesuffix("_kernel")
        elif not step.weights and weighted[step.layer]:
            path += f"_{step.spec.prefix}"
        found.append(path)
    return found
