"""What the engine reads off a graph before it computes: which values are read where, and which need gradients.

Each answer is worked out at the first step and kept with the graph, as the plan is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Set
from typing import TypeVar

from pellucid.engines.reference.arithmetic import arithmetic_of
from pellucid.errors import ArgumentError, describe
from pellucid.graph.graph import Graph
from pellucid.graph.plan import Plan, plan

Found = TypeVar("Found")


def tap_value(todo: Plan, name: str) -> int:
    """The value of a layer's result; raises ArgumentError for an unknown layer."""
    if name not in todo.layers:
        known = ", ".join(todo.layers)
        raise ArgumentError(describe("taps", "layer", f"one of {known}", repr(name)))
    return todo.layers[name]


def once(graph: Graph, name: str, make: Callable[[Graph], Found]) -> Found:
    """What the engine reads off a graph, worked out at its first step and kept with it, as the plan is."""
    kept: Found | None = graph.__dict__.get(name)
    if kept is None:
        kept = graph.__dict__[name] = make(graph)
    return kept


def trainable(graph: Graph) -> frozenset[str]:
    """The keys of the weights that are trained."""
    return once(
        graph, "_trainable", lambda g: frozenset(key for key, weight in g.weights.items() if weight.trainable)
    )


def overwriting(graph: Graph) -> tuple[bool, ...]:
    """For each step whether it may write into its input: nobody else reads that, now or on the way back."""
    return once(graph, "_overwriting", find_overwriting)


def find_overwriting(graph: Graph) -> tuple[bool, ...]:
    """See `overwriting`; taps are looked at by each pass."""
    todo = plan(graph)
    uses = Counter(number for step in todo.steps for number in step.inputs)
    makers = {step.output: step for step in todo.steps}
    outputs = set(todo.outputs.values())
    found = []
    for step in todo.steps:
        number = step.inputs[0]
        free = number in makers and not arithmetic_of(makers[number].spec).keeps_output
        found.append(free and uses[number] == 1 and not {number, step.output} & outputs)
    return tuple(found)


def last_reads(graph: Graph) -> tuple[tuple[int, ...], ...]:
    """For each step the values that are read for the last time, outputs and what they are made from excepted."""
    return once(graph, "_last_reads", find_last_reads)


def find_last_reads(graph: Graph) -> tuple[tuple[int, ...], ...]:
    """See `last_reads`. A fused loss reads the logits from which an output is made, so those stay as well."""
    todo = plan(graph)
    outputs = set(todo.outputs.values())
    stay = outputs | {number for step in todo.steps if step.output in outputs for number in step.inputs}
    last = {number: place for place, step in enumerate(todo.steps) for number in step.inputs if number not in stay}
    return tuple(tuple(n for n, place in last.items() if place == here) for here in range(len(todo.steps)))


def values_needing_gradients(todo: Plan, trained: Set[str], taps: Set[int], inputs: bool) -> set[int]:
    """The values whose gradient leads to something asked for."""
    needed = set(taps) | (set(todo.inputs.values()) if inputs else set())
    for step in todo.steps:
        own = any(full in trained for _, full in step.weights)
        if own or any(number in needed for number in step.inputs):
            needed.add(step.output)
    return needed
