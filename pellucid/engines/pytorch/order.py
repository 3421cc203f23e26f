"""The order in which this engine takes the steps of a plan: a ReLU after the max pooling that alone reads it.

max(relu(a), relu(b), ...) = relu(max(a, b, ...)), and the gradient reaches the same pixel: the largest one, the first
of equals, none where the largest is not above zero. Pooled first, a quarter of the numbers goes through the ReLU.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from dataclasses import replace

from pellucid.graph.plan import Plan, Step
from pellucid.spec.activations import ReLU
from pellucid.spec.pooling import MaxPooling2D


def in_order(todo: Plan, shown: Set[int]) -> tuple[Step, ...]:
    """The plan's steps, pooling first where it may be: not where the ReLU's own result is among `shown`.

    The value between the two keeps its number, and holds the pooled map.
    """
    reads = Counter(number for step in todo.steps for number in step.inputs)
    reads.update(todo.outputs.values())
    steps = list(todo.steps)
    for place, (first, second) in enumerate(zip(todo.steps, todo.steps[1:], strict=False)):
        between = first.output
        if is_plain_relu(first) and pools(second, between) and reads[between] == 1 and between not in shown:
            steps[place] = replace(second, inputs=first.inputs, output=between)
            steps[place + 1] = replace(first, inputs=second.inputs, output=second.output)
    return tuple(steps)


def is_plain_relu(step: Step) -> bool:
    """Whether a step is max(x, 0): of other rising functions rounding makes equals that were none."""
    spec = step.spec
    return isinstance(spec, ReLU) and not (spec.threshold or spec.negative_slope or spec.max_value is not None)


def pools(step: Step, value: int) -> bool:
    """Whether a step takes the largest numbers of a value's windows."""
    return isinstance(step.spec, MaxPooling2D) and step.inputs == (value,)
