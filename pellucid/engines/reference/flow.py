"""Which steps may write into their input, and which values need gradients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set

from pellucid.engines.reading import once
from pellucid.engines.reference.arithmetic import arithmetic_of
from pellucid.graph.graph import Graph
from pellucid.graph.plan import Plan, plan


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
        if not step.inputs:  # a weight, read as it is
            found.append(False)
            continue
        number = step.inputs[0]
        free = number in makers and not arithmetic_of(makers[number].spec).keeps_output
        found.append(free and uses[number] == 1 and not {number, step.output} & outputs)
    return tuple(found)


def values_needing_gradients(todo: Plan, trained: Set[str], taps: Set[int], inputs: bool) -> set[int]:
    """The values whose gradient leads to something asked for."""
    needed = set(taps) | (set(todo.inputs.values()) if inputs else set())
    for step in todo.steps:
        own = any(full in trained for _, full in step.weights)
        if own or any(number in needed for number in step.inputs):
            needed.add(step.output)
    return needed
