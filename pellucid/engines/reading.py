"""What an engine reads off a graph before it computes: a tap's value, trained weights, where values are read last.

Each answer is worked out at the first step and kept with the graph, as the plan is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pellucid.errors import ArgumentError, describe
from pellucid.graph.graph import Graph
from pellucid.graph.plan import Plan, Step

Found = TypeVar("Found")
Value = TypeVar("Value", bound=Any)


def tap_value(todo: Plan, name: str) -> int:
    """The value of a layer's result; raises ArgumentError for an unknown layer."""
    if name not in todo.layers:
        known = ", ".join(todo.layers)
        raise ArgumentError(describe("taps", "layer", f"one of {known}", repr(name)))
    return todo.layers[name]


def value_named(todo: Plan, name: str) -> int:
    """The value of an output, or of a layer's result; raises ArgumentError for neither."""
    return todo.outputs[name] if name in todo.outputs else tap_value(todo, name)


def once(graph: Graph, name: str, make: Callable[[Graph], Found]) -> Found:
    """What the engine reads off a graph, worked out at its first step and kept with it, as the plan is."""
    kept: Found | None = graph.__dict__.get(name)
    if kept is None:
        kept = graph.__dict__[name] = make(graph)
    return kept


def weights_of(step: Step, weights: Mapping[str, Value]) -> dict[str, Value]:
    """A step's weights, arrays or tensors, by their short names and in the shapes that it views them in."""
    own = {name: weights[key] for name, key in step.weights}
    for name, shape in step.views:
        if name in own:
            own[name] = own[name].reshape(shape)
    return own


def trainable(graph: Graph) -> frozenset[str]:
    """The keys of the weights that are trained."""
    return once(
        graph, "_trainable", lambda g: frozenset(key for key, weight in g.weights.items() if weight.trainable)
    )


def ends(steps: Sequence[Step], outputs: Mapping[str, int]) -> set[int]:
    """The outputs and what they are made from: a fused loss reads the logits."""
    made = set(outputs.values())
    return made | {number for step in steps if step.output in made for number in step.inputs}


def last_reads(steps: Sequence[Step], outputs: Mapping[str, int]) -> tuple[tuple[int, ...], ...]:
    """For each step the values that are read for the last time, the ends excepted."""
    stay = ends(steps, outputs)
    last = {number: place for place, step in enumerate(steps) for number in step.inputs if number not in stay}
    return tuple(tuple(n for n, place in last.items() if place == here) for here in range(len(steps)))
