"""Update rules of a user's own: update_step is run once for each shape of weight, and is a graph from then on.

A graph takes variable, gradient, learning_rate, iterations (updates made before) and what the rule keeps beside the
weight; it gives the variable and those as they are afterwards. Its values have a leading axis of 1, as all values do
that are the same for every sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pellucid.errors import ArgumentError, ShapeError, UsageError, describe, shown
from pellucid.graph.build import build
from pellucid.graph.graph import Graph, GraphRule
from pellucid.graph.layer import Tensor
from pellucid.graph.operators import as_tensor, binary, value
from pellucid.graph.traced import Lines, entered
from pellucid.spec.initializers import INITIALIZERS, Constant
from pellucid.spec.legal import Illegal, legal
from pellucid.spec.optimizers import OPTIMIZERS, OptimizerSpec
from pellucid.spec.shapes import Shape

GIVEN = ("variable", "gradient", "learning_rate", "iterations")


class Rests:
    """The rule of what is kept beside a weight: names, and the value that each starts from."""

    wanted = "pairs of a name and a number"
    bad: tuple[Any, ...] = (7, (("a", "b"),), (3,))

    def check(self, given: Any) -> tuple[tuple[str, float], ...]:
        try:
            return tuple((str(name), float(start)) for name, start in given)
        except (TypeError, ValueError):
            raise Illegal from None


class Graphs:
    """The rule of a graph a shape of weight; none before the first is met."""

    wanted = "graphs of an update"
    bad: tuple[Any, ...] = (7, "graph", (3,))

    def check(self, given: Any) -> tuple[Graph, ...]:
        if not isinstance(given, (list, tuple)):
            raise Illegal
        return tuple(GraphRule().check(entry) for entry in given)


@OPTIMIZERS.register(by_name=False)
@dataclass(frozen=True, repr=False)
class TracedRule(OptimizerSpec):
    """An update rule that a user wrote, as a graph for each shape of weight that it has met."""

    entrywise = False
    kept_beside: tuple[tuple[str, float], ...] = legal(Rests(), ())
    graphs: tuple[Graph, ...] = legal(Graphs(), ())

    @classmethod
    def of(cls, owner: Any, **arguments: Any) -> TracedRule:
        """The rule of a user's object with build and update_step."""
        places = begun(owner, entered(()))[1]
        made = cls(kept_beside=tuple((place.name, place.start) for place in places), **arguments)
        vars(made)["_owner"] = owner
        return made

    @property
    def slots(self) -> dict[str, float]:
        return dict(self.kept_beside)

    def graph_for(self, shape: Shape) -> Graph:
        """The graph for weights of this shape; raises UsageError where only a file is left of the rule."""
        known: dict[Shape, Graph] = vars(self).setdefault(
            "_met", {graph.input_shapes["variable"]: graph for graph in self.graphs}
        )
        if shape not in known:
            owner = vars(self).get("_owner")
            if owner is None:
                remedy = "Compile with an object of its class."
                raise UsageError(f"optimizer {self.name}: the file does not say what it does to a weight of shape "
                                 f"{shape}. {remedy}")  # fmt: skip
            known[shape] = step_graph(owner, shape)
        return known[shape]

    def to_config(self) -> dict[str, Any]:
        """As a file keeps it: the graphs, no code."""
        met = vars(self).get("_met", {}).values() or self.graphs
        plain = super().to_config() | {"graphs": [graph.to_json() for graph in met]}
        return plain | {"kept_beside": [list(pair) for pair in self.kept_beside]}

    def __repr__(self) -> str:
        return f"{self.name}(learning_rate={self.learning_rate!r})"


class Place(Tensor):
    """A variable in an update: a tensor that is assigned to; what is calculated from it sees it as it is then."""

    path = "variable"

    def __init__(self, tensor: Tensor, start: float = 0.0, name: str = "variable") -> None:
        super().__init__(tensor.call, tensor.index, tensor.sizes, batched=False)
        self.start, self.word, self.latest = start, name, tensor

    def now(self) -> Tensor:
        """The tensor that it is at this moment."""
        return self.latest

    @property
    def name(self) -> str:
        """What the rule calls it."""
        return self.word

    @property
    def value(self) -> Tensor:
        """The tensor that it is at this moment."""
        return self.latest

    def assign(self, given: Any) -> Place:
        """Be this from now on; raises ShapeError for another shape."""
        found = value(given)
        if not found.sizes and self.sizes:
            found = binary("add", binary("multiply", self.latest, 0.0), found)
        if tuple(found.sizes) != tuple(self.sizes):
            remedy = "Each is assigned numbers of its own shape."
            raise ShapeError(describe("assign", f"'{self.word}'", f"of shape {self.sizes}", str(found.sizes), remedy))
        self.latest = as_tensor(found)
        return self

    def assign_add(self, given: Any) -> Place:
        """Add this."""
        return self.assign(binary("add", self.latest, given))

    def assign_sub(self, given: Any) -> Place:
        """Take this away."""
        return self.assign(binary("subtract", self.latest, given))


def begun(owner: Any, weight: Tensor) -> tuple[Any, list[Place]]:
    """The user's object made ready for one weight, apart from the one given, and what it keeps beside the weight."""
    own = deepcopy(owner)
    place = Place(fixed(weight))
    vars(own)["_tracing"] = {"variable": place, "beside": [], "iterations": fixed(entered(())),
                             "learning_rate": fixed(entered(()))}  # fmt: skip
    with Lines(f"{type(owner).__name__}.build"):
        own.build([place])
    return own, vars(own)["_tracing"]["beside"]


def beside(tracing: Mapping[str, Any], reference: Any, name: str | None, initializer: Any) -> Place:
    """A further place of the size of the weight; raises ArgumentError for a start that is not one number."""
    if reference is not tracing["variable"]:
        raise ArgumentError(describe("add_variable_from_reference", "reference_variable", "one of those that build is "
                                     "given", type(reference).__name__))  # fmt: skip
    taken = [place.word for place in tracing["beside"]]
    word = (name or "slot").replace("/", "_")
    word = f"{word}_{len(taken)}" if word in (*taken, *GIVEN, "average", "gradient_sum") else word
    made = Place(fixed(entered(tracing["variable"].sizes)), start_of(initializer), word)
    tracing["beside"].append(made)
    return made


def start_of(initializer: Any) -> float:
    """The one number that an array begins with."""
    spec = INITIALIZERS.named(initializer) if isinstance(initializer, str) else initializer
    plain: dict[str, float] = {"Zeros": 0.0, "Ones": 1.0}
    start = spec.value if isinstance(spec, Constant) else plain.get(type(spec).__name__, spec)
    if isinstance(start, bool) or not isinstance(start, (int, float)):
        wanted = "'zeros', 'ones' or a Constant"
        raise ArgumentError(describe("add_variable", "initializer", wanted, shown(repr(initializer))))
    return float(start)


def fixed(tensor: Tensor) -> Tensor:
    """The tensor without a batch axis."""
    tensor.batched = False
    return tensor


def step_graph(owner: Any, shape: Shape) -> Graph:
    """What update_step does to a weight of this shape; raises ArgumentError that names the line it cannot trace."""
    own, places = begun(owner, entered(shape))
    tracing = vars(own)["_tracing"]
    weight, gradient = tracing["variable"], fixed(entered(shape))
    rate, iterations = tracing["learning_rate"], tracing["iterations"]
    inputs = [weight.latest, gradient, rate, iterations, *(place.latest for place in places)]
    with Lines(f"{type(owner).__name__}.update_step"):
        own.update_step(gradient, weight, rate)
    if weight.latest is inputs[0]:
        remedy = "Write self.assign_sub(variable, learning_rate * gradient)."
        raise UsageError(f"{type(owner).__name__}.update_step leaves the variable as it is. {remedy}")
    return graph_of(inputs, [weight.latest, *(place.latest for place in places)], places)


def graph_of(inputs: Sequence[Tensor], outputs: Sequence[Tensor], places: Sequence[Place]) -> Graph:
    """The graph between; every end of it counts as one of the single sample that there is."""
    ends = [Tensor(tensor.call, tensor.index, tensor.sizes) for tensor in outputs]
    words = [place.word for place in places]
    return build(inputs, ends, keys=([*GIVEN, *words], ["variable", *words])).graph
