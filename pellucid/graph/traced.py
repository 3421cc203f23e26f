"""Functions of a user's own as graphs: called once with tensors, they become data like any network.

TracedLoss    a loss as one graph for each form that its targets may have: that of the output, class numbers with or
              without a last axis of 1
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

from pellucid.errors import ArgumentError, PellucidError, ShapeError, describe
from pellucid.graph.build import build
from pellucid.graph.graph import Graph, GraphRule
from pellucid.graph.layer import Layer, Tensor
from pellucid.graph.operators import Held, as_tensor, node, value
from pellucid.spec.legal import Illegal, legal
from pellucid.spec.losses import LOSSES, LossSpec
from pellucid.spec.moving import BatchOf
from pellucid.spec.reshaping import InputLayer
from pellucid.spec.shapes import Shape
from pellucid.spec.shapes import shown as shape_shown

PACKAGE = Path(__file__).parents[1]


class Graphs:
    """The rule of several graphs."""

    wanted = "graphs of target and prediction"
    bad: tuple[Any, ...] = (7, "graph", None, ())

    def check(self, given: Any) -> tuple[Graph, ...]:
        if not isinstance(given, (list, tuple)) or not given:
            raise Illegal
        return tuple(GraphRule().check(entry) for entry in given)


@LOSSES.register()
@dataclass(frozen=True)
class TracedLoss(LossSpec):
    """A loss that a user wrote, as graphs from target and prediction to one number a sample or a place."""

    labels = "any"
    graphs: tuple[Graph, ...] = legal(Graphs())

    def to_config(self) -> dict[str, Any]:
        """As a file keeps it: the graphs, no code."""
        return {"type": "TracedLoss", "name": self.name, "graphs": [graph.to_json() for graph in self.graphs]}

    def graph_for(self, target: Shape, where: str) -> Graph:
        """The graph for targets of this shape (without the batch axis); raises ShapeError when there is none."""
        for graph in self.graphs:
            if len(graph.input_shapes["target"]) == len(target):
                wanted = graph.input_shapes["target"]
                if all(size in (None, other) for size, other in zip(wanted, target, strict=True)):
                    return graph
        known = " or ".join(shape_shown(graph.input_shapes["target"]) for graph in self.graphs)
        raise ShapeError(describe(where, "targets", f"of shape {known}", shape_shown(target)))


def traced_loss(function: Callable[..., Any], name: str, prediction: Shape) -> TracedLoss:
    """The loss `function(y_true, y_pred)` for outputs of this shape; raises ArgumentError that names its line."""
    forms = [prediction]
    if prediction:
        forms += [(*prediction[:-1], 1), prediction[:-1]] if prediction[-1] != 1 else [prediction[:-1]]
    graphs, faults = [], []
    for target in forms:
        try:
            graphs.append(loss_graph(function, name, target, prediction))
        except PellucidError as fault:
            faults.append(fault)
    if not graphs:
        raise faults[0]
    return TracedLoss(tuple(graphs), name=name)


def loss_graph(function: Callable[..., Any], name: str, target: Shape, prediction: Shape) -> Graph:
    """The graph of one form of targets."""
    t, y = (entered(shape, word) for shape, word in ((target, "target"), (prediction, "prediction")))
    try:
        signature(function).bind(t, y)
    except TypeError as fault:
        remedy = "Write it as def loss(y_true, y_pred)."
        where = f"loss '{name}'"
        raise ArgumentError(describe(where, "its arguments", "y_true and y_pred", str(fault), remedy)) from None
    with Lines(name):
        found = function(t, y)
    if found is None:
        remedy = "End it with return."
        raise ArgumentError(describe(f"loss '{name}'", "what it returns", "a tensor", "None", remedy))
    held = value(found)
    if isinstance(held, Held):
        remedy = "Calculate it from y_true and y_pred with pellucid.ops."
        raise ArgumentError(describe(f"loss '{name}'", "what it returns", "made from y_pred", "a number", remedy))
    tensor = as_tensor(held)
    if not tensor.batched:
        if tensor.sizes:
            wanted = "one number, or one for each sample or place"
            raise ShapeError(describe(f"loss '{name}'", "what it returns", wanted, f"of shape {tensor.shape}"))
        tensor = node(BatchOf(), tensor, y)
    return build([t, y], [tensor], keys=(["target", "prediction"], None)).graph


def entered(shape: Shape, name: str | None = None) -> Tensor:
    """A tensor that stands for data."""
    tensor: Tensor = Layer.of(InputLayer(shape), name)(())
    return tensor


def composed_graph(loss: LossSpec, target: Shape, prediction: Shape) -> Graph:
    """The graph of a loss that is made of operations, kept with it."""
    if isinstance(loss, TracedLoss):
        return loss.graph_for(target, loss.name or "loss")
    from pellucid.graph.ops.losses import FORMULAS  # a model is made without them

    known: dict[Any, Graph] = loss.__dict__.setdefault("_graphs", {})
    if (target, prediction) not in known:
        formula = FORMULAS[type(loss)]
        known[target, prediction] = loss_graph(lambda t, y: formula(loss, t, y), str(loss.name), target, prediction)
    return known[target, prediction]


class Lines:
    """Around a user's code: what cannot be traced is told with the line that did it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, fault: Any, trail: Any) -> None:
        if fault is None or not isinstance(fault, Exception):
            return
        place = next((entry for entry in reversed(traceback.extract_tb(trail)) if not own(entry.filename)), None)
        if place is None:
            return
        words = " ".join(str(fault).split()) or type(fault).__name__
        where = f"{self.name}, line {place.lineno} ({place.line})"
        if isinstance(fault, PellucidError):
            raise type(fault)(f"{where}: {words}") from None
        raise ArgumentError(f"{where}: {type(fault).__name__}: {words}") from fault


def own(filename: str) -> bool:
    """Whether a line is Pellucid's or a library's, not the user's."""
    return Path(filename).is_relative_to(PACKAGE) or "site-packages" in filename or filename.endswith(".pyx")
