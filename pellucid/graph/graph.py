"""Graph: a network as data, and JSON both ways.

Layers are entries (name, spec, trainable); nodes are their calls in an order in which each follows its inputs. One
input is called "input" and one output "output", also when others beside it are for training only; several carry their
layers' names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

from pellucid.errors import FileError
from pellucid.spec.constraints import Constraint
from pellucid.spec.layer import LAYERS, LayerSpec, WeightSpec
from pellucid.spec.legal import Illegal, legal
from pellucid.spec.shapes import Shape

Source = tuple[int, int]  # node number, output number


@dataclass(frozen=True)
class LayerEntry:
    """A layer of a graph."""

    name: str
    spec: LayerSpec
    trainable: bool = True

    @property
    def label(self) -> str:
        """How messages name the layer: conv2d 'stem'."""
        return f"{self.spec.prefix} '{self.name}'"


@dataclass(frozen=True)
class Node:
    """One call: which layer, on which results; `predicting` where it does in training too what it does afterwards.

    dilation: how far apart the pixels of its window lie in this call, where that is not as the layer says.
    """

    layer: int
    inputs: tuple[Source, ...]
    predicting: bool = False
    dilation: int | None = None

    @property
    def named(self) -> dict[str, Any]:
        """What the call says by name."""
        return {**({"training": False} if self.predicting else {}),
                **({} if self.dilation is None else {"dilation_rate": self.dilation})}

    def to_json(self) -> dict[str, Any]:
        """The call as JSON-ready data."""
        own: dict[str, Any] = {"predicting": True} if self.predicting else {}
        own |= {} if self.dilation is None else {"dilation": self.dilation}
        return {"layer": self.layer, "inputs": [list(source) for source in self.inputs], **own}


@dataclass(frozen=True)
class Graph:
    """A network as data; `training_only` names outputs that predictions leave out."""

    layers: tuple[LayerEntry, ...]
    nodes: tuple[Node, ...]
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, Source], ...]
    training_only: tuple[str, ...] = ()

    @cached_property
    def shapes(self) -> tuple[tuple[Shape, ...], ...]:
        """Output shapes of every node, without the batch axis; raises ShapeError that names the layer."""
        shapes: list[tuple[Shape, ...]] = []
        for node in self.nodes:
            entry = self.layers[node.layer]
            inputs = [shapes[number][output] for number, output in node.inputs]
            if isinstance(entry.spec, Nested):
                shapes.append(tuple(entry.spec.graph.output_shapes.values()))
            else:
                shapes.append((dilated(entry.spec, node.dilation).output_shape(inputs, entry.label),))
        return tuple(shapes)

    def node_inputs(self, node: Node) -> list[Shape]:
        """The input shapes of a node."""
        return [self.shapes[number][output] for number, output in node.inputs]

    @cached_property
    def input_shapes(self) -> dict[str, Shape]:
        """Shape of each input, without the batch axis."""
        return {name: self.shapes[number][0] for name, number in self.inputs}

    @cached_property
    def output_shapes(self) -> dict[str, Shape]:
        """Shape of each output, without the batch axis."""
        return {name: self.shapes[number][output] for name, (number, output) in self.outputs}

    @cached_property
    def lasting(self) -> tuple[str, ...]:
        """The outputs that predictions have: all but those for training only."""
        return tuple(name for name, _ in self.outputs if name not in self.training_only)

    @cached_property
    def weights(self) -> dict[str, WeightSpec]:
        """Every weight by its key "layer/kernel", in Keras's order; `trainable` respects frozen layers."""
        found: dict[str, WeightSpec] = {}
        first_calls = {node.layer: node for node in reversed(self.nodes)}
        for number, entry in enumerate(self.layers):
            if isinstance(entry.spec, Nested):
                own: Mapping[str, WeightSpec] = entry.spec.graph.weights
            else:
                shapes = self.node_inputs(first_calls[number])
                own = {weight.name: weight for weight in entry.spec.weight_specs(shapes, entry.label)}
            for name, weight in own.items():
                found[f"{entry.name}/{name}"] = weight if entry.trainable else freeze(weight)
        return found

    @cached_property
    def constraints(self) -> dict[str, Constraint]:
        """What trained weights are brought back to, by their keys."""
        found: dict[str, Constraint] = {}
        for entry in self.layers:
            if isinstance(entry.spec, Nested):
                found |= {f"{entry.name}/{name}": bound for name, bound in entry.spec.graph.constraints.items()}
        specs = {entry.name: entry.spec for entry in self.layers}
        for key, weight in self.weights.items():
            layer, _, short = key.rpartition("/")
            bound = specs[layer].constraint_of(short) if layer in specs and weight.trainable else None
            if bound is not None:
                found[key] = bound
        return found

    def to_json(self) -> dict[str, Any]:
        """The graph as JSON-ready data."""
        return {
            "layers": [
                {"name": entry.name, "trainable": entry.trainable, "spec": entry.spec.to_config()}
                for entry in self.layers
            ],
            "nodes": [node.to_json() for node in self.nodes],
            "inputs": [[name, number] for name, number in self.inputs],
            "outputs": [[name, list(source)] for name, source in self.outputs],
            "training_only": list(self.training_only),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Graph:
        """The graph that `to_json` wrote; raises FileError for anything else."""
        try:
            layers = tuple(
                LayerEntry(str(entry["name"]), LAYERS.revive(entry["spec"]), bool(entry["trainable"]))
                for entry in data["layers"]
            )
            nodes = tuple(
                Node(int(node["layer"]), tuple((int(n), int(o)) for n, o in node["inputs"]),
                     node.get("predicting", False) is True,
                     None if node.get("dilation") is None else int(node["dilation"]))
                for node in data["nodes"]
            )
            inputs = tuple((str(name), int(number)) for name, number in data["inputs"])
            outputs = tuple((str(name), (int(n), int(o))) for name, (n, o) in data["outputs"])
            graph = cls(layers, nodes, inputs, outputs, tuple(data.get("training_only", ())))
            graph._check_references()
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as fault:
            if isinstance(fault, FileError):
                raise
            raise damaged(str(fault).rstrip(".")) from None
        return graph

    def _check_references(self) -> None:
        for number, node in enumerate(self.nodes):
            if not 0 <= node.layer < len(self.layers):
                raise damaged(f"node {number} names no layer")
            if any(not 0 <= source < number for source, _ in node.inputs):
                raise damaged(f"node {number} precedes its input")
            self._check_inputs(node)
        named = [number for _, number in self.inputs] + [number for _, (number, _) in self.outputs]
        if any(not 0 <= number < len(self.nodes) for number in named):
            raise damaged("an input or output names no node")
        names = [entry.name for entry in self.layers]
        if len(set(names)) < len(names) or any(not name or "/" in name for name in names):
            raise damaged("its layers' names are not unique words without '/'")
        if {node.layer for node in self.nodes} != set(range(len(self.layers))):
            raise damaged("a layer is never called")
        if not self.inputs or not self.outputs or any(self.nodes[number].inputs for _, number in self.inputs):
            raise damaged("it has no input or no output")
        if not set(self.training_only) <= {name for name, _ in self.outputs}:
            raise damaged("an output left out of predictions is not there")
        outside = [source for node in self.nodes for source in node.inputs] + [source for _, source in self.outputs]
        if any(not 0 <= output < len(self.shapes[number]) for number, output in outside):
            raise damaged("it names an output that a layer does not have")
        self._check_sub_models()
        _ = self.weights  # raises ShapeError where a layer's weights cannot be


    def _check_inputs(self, node: Node) -> None:
        entry = self.layers[node.layer]
        if node.dilation is not None and (node.dilation < 1 or not hasattr(entry.spec, "dilation_rate")):
            raise damaged(f"{entry.label} is called with a dilation of {node.dilation}")
        fewest, most = entry.spec.arity
        if isinstance(entry.spec, Nested):
            fewest = most = len(entry.spec.graph.inputs)
        if len(node.inputs) < fewest or (most is not None and len(node.inputs) > most):
            raise damaged(f"{entry.label} has {len(node.inputs)} inputs")

    def _check_sub_models(self) -> None:
        for node in self.nodes:
            entry = self.layers[node.layer]
            if isinstance(entry.spec, Nested):
                wanted = list(entry.spec.graph.input_shapes.values())
                if not all(fits(shape, given) for shape, given in zip(wanted, self.node_inputs(node), strict=True)):
                    raise damaged(f"{entry.label} does not fit its inputs")


def dilated(spec: LayerSpec, dilation: int | None) -> LayerSpec:
    """The layer as it is called with a dilation of the call's own."""
    if dilation is None:
        return spec
    found: LayerSpec = replace(cast(Any, spec), dilation_rate=(dilation, dilation))
    return found


def fits(wanted: Shape, given: Shape) -> bool:
    """Whether data of one shape goes into another, whose axes of any size are None."""
    return len(wanted) == len(given) and all(w in (None, g) for w, g in zip(wanted, given, strict=True))


def damaged(what: str) -> FileError:
    """The fault of a file whose graph cannot be."""
    return FileError(f"the graph in the file is damaged: {what}. Save the model again.")


def freeze(weight: WeightSpec) -> WeightSpec:
    """The same weight, not to be trained."""
    return WeightSpec(weight.name, weight.shape, weight.initializer, weight.fan, False, weight.regularizer)


class GraphRule:
    """The rule of a sub-model's graph."""

    wanted = "a Graph"
    bad: tuple[Any, ...] = (7, "graph")

    def check(self, value: Any) -> Graph:
        if isinstance(value, Mapping):
            return Graph.from_json(value)
        if isinstance(value, Graph):
            return value
        raise Illegal


@LAYERS.register()
@dataclass(frozen=True)
class Nested(LayerSpec):
    """A model used as a layer."""

    prefix = "model"
    arity = (1, None)
    graph: Graph = legal(GraphRule())

    def to_config(self) -> dict[str, Any]:
        return {"type": "Nested", "graph": self.graph.to_json()}
