"""Plan: a graph as the flat list of arithmetic that an engine runs.

Sub-models are opened, activations and two-part layers become steps of their own, values are numbered. Both engines
read it, so each arithmetic exists once an engine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from pellucid.graph.graph import Graph, LayerEntry, Nested, dilated
from pellucid.spec.layer import LayerSpec
from pellucid.spec.shapes import Shape


@dataclass(frozen=True)
class Step:
    """One piece of arithmetic: `weights` maps its names to keys of the store."""

    layer: str  # path of the layer, "model/conv2d"
    spec: LayerSpec
    inputs: tuple[int, ...]
    output: int
    weights: tuple[tuple[str, str], ...]
    frozen: bool
    number: int  # place in the plan; with the layer's path it names the step's random numbers
    views: tuple[tuple[str, tuple[int, ...]], ...] = ()  # shapes that weights are read in
    predicting: bool = False  # in training too it does what it does afterwards

    @cached_property
    def label(self) -> str:
        """How messages name the layer: conv2d 'stem'."""
        return f"{self.spec.prefix} '{self.layer}'"


@dataclass(frozen=True)
class Plan:
    """Steps in order, and which value is which input, output and layer result."""

    steps: tuple[Step, ...]
    inputs: dict[str, int]
    input_shapes: dict[str, Shape]
    outputs: dict[str, int]
    layers: dict[str, int]  # path of each layer -> its (last) result
    shapes: tuple[Shape, ...]  # of each value

    def source_of(self, output: str, activation: str) -> int | None:
        """The value an output's last activation was computed from, when it is the one named."""
        value = self.outputs[output]
        for step in self.steps:
            if step.output == value and type(step.spec).__name__ == activation:
                return step.inputs[0]
        return None


class Planner:
    """Collects steps while it walks a graph and its sub-models."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.layers: dict[str, int] = {}
        self.shapes: list[Shape] = []  # of each value

    def value(self, shape: Shape) -> int:
        self.shapes.append(shape)
        return len(self.shapes) - 1

    def walk(
        self, graph: Graph, inputs: dict[str, int], prefix: str, frozen: bool, predicting: bool = False
    ) -> dict[str, int]:
        """Append the graph's steps; return the values of its outputs by name."""
        values: list[list[int]] = []
        entering = {number: name for name, number in graph.inputs}
        for number, node in enumerate(graph.nodes):
            entry = graph.layers[node.layer]
            if number in entering:
                results = [inputs[entering[number]]]
            else:
                taken = tuple(values[source][output] for source, output in node.inputs)
                still = predicting or node.predicting
                called = replace(entry, spec=dilated(entry.spec, node.dilation))
                results = self._node(called, taken, prefix, frozen or not entry.trainable, still)
            values.append(results)
            if results:
                self.layers[prefix + entry.name] = results[0]
        return {name: values[number][output] for name, (number, output) in graph.outputs}

    def _node(
        self, entry: LayerEntry, taken: tuple[int, ...], prefix: str, frozen: bool, predicting: bool
    ) -> list[int]:
        path = prefix + entry.name
        if isinstance(entry.spec, Nested):
            inner = entry.spec.graph
            names = [name for name, _ in inner.inputs]
            given = dict(zip(names, taken, strict=True))
            return list(self.walk(inner, given, path + "/", frozen, predicting).values())
        first = [self.shapes[value] for value in taken]
        current, made = taken, list(taken)
        for primitive in entry.spec.expanded(first, entry.label):
            if primitive.takes is not None:
                current = tuple(made[place] for place in primitive.takes)
            spec, shapes = primitive.spec, [self.shapes[value] for value in current]
            names = [weight.name for weight in spec.weight_specs(shapes, entry.label)]
            weights = tuple((name, f"{path}/{primitive.weights.get(name, name)}") for name in names)
            output = self.value(spec.output_shape(shapes, entry.label))
            number = len(self.steps)
            self.steps.append(Step(path, spec, current, output, weights, frozen, number, primitive.views, predicting))
            current = (output,)
            made.append(output)
        return [current[0]]


def plan(graph: Graph) -> Plan:
    """The plan of a graph, made once and kept with it (hashing a deep graph at every step would cost more)."""
    found: Plan | None = graph.__dict__.get("_plan")
    if found is None:
        planner = Planner()
        inputs = {name: planner.value(shape) for name, shape in graph.input_shapes.items()}
        outputs = planner.walk(graph, inputs, "", False)
        found = Plan(tuple(planner.steps), inputs, graph.input_shapes, outputs, planner.layers, tuple(planner.shapes))
        graph.__dict__["_plan"] = found
    return found
