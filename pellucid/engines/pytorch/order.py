"""The order in which this engine takes the steps of a plan: fewer steps, and those on small maps, to the same numbers.

Zeros     that are put around a map which a convolution reads become the convolution's own padding; so do those between
          a ReLU and max pooling, for they are never above the ReLU's numbers
Pooling   before the ReLU that it alone reads: max(relu(a), relu(b), ...) = relu(max(a, b, ...)), and the gradient
          reaches the same pixel: the largest one, the first of equals, none where the largest is not above zero. Pooled
          first, a quarter of the numbers goes through the ReLU
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

from pellucid.engines.pytorch.regions import blocked_values
from pellucid.engines.reading import last_reads
from pellucid.graph.plan import Plan, Step
from pellucid.spec.activations import ReLU
from pellucid.spec.convolution import Conv2D
from pellucid.spec.pooling import MaxPooling2D
from pellucid.spec.reshaping import ZeroPadding2D

Alone = Callable[[int], bool]  # whether one step reads a value, and nobody looks at it


@dataclass(frozen=True)
class Order:
    """The steps as they are taken, the values that each reads last, and those that training may keep in blocks."""

    steps: tuple[Step, ...]
    last_reads: tuple[tuple[int, ...], ...]
    blocked: frozenset[int]


def order_of(todo: Plan, tapped: Set[int]) -> Order:
    """The order for a plan of which somebody looks at the `tapped` values."""
    steps = in_order(todo, tapped)
    return Order(steps, last_reads(steps, todo.outputs), blocked_values(steps, todo, tapped))


def in_order(todo: Plan, tapped: Set[int]) -> tuple[Step, ...]:
    """The plan's steps; a value that is among `tapped` stays what it is."""
    reads = Counter(number for step in todo.steps for number in step.inputs)
    reads.update(todo.outputs.values())

    def alone(number: int) -> bool:
        return reads[number] == 1 and number not in tapped

    return pooled_first(with_own_zeros(todo.steps, alone), alone)


def with_own_zeros(steps: Sequence[Step], alone: Alone) -> tuple[Step, ...]:
    """The steps, those left out that only put zeros around a map for the next step."""
    found: list[Step] = []
    for step in steps:
        maker = found[-2] if len(found) > 1 else None
        merged = taking_in(step, found[-1], maker, alone) if found else None
        if merged is None:
            found.append(step)
        else:
            found[-1] = merged
    return tuple(found)


def taking_in(step: Step, zeros: Step, maker: Step | None, alone: Alone) -> Step | None:
    """A step with the zeros of the step before as padding of its own, where that comes to the same."""
    spec = step.spec
    if not isinstance(zeros.spec, ZeroPadding2D) or not reads_alone(step, zeros, alone):
        return None
    (top, bottom), (left, right) = zeros.spec.padding
    if not isinstance(spec, Conv2D | MaxPooling2D) or spec.padding != "valid" or (top, left) != (bottom, right):
        return None
    if isinstance(spec, MaxPooling2D):
        seen = top < spec.pool_size[0] and left < spec.pool_size[1]  # each window has a pixel of the map
        if not seen or maker is None or not is_plain_relu(maker) or not reads_alone(zeros, maker, alone):
            return None
    return replace(step, spec=replace(spec, padding=(top, left)), inputs=zeros.inputs)


def pooled_first(steps: Sequence[Step], alone: Alone) -> tuple[Step, ...]:
    """The steps, pooling before the ReLU; the value between the two keeps its number, and holds the pooled map."""
    found = list(steps)
    for place, (first, second) in enumerate(pairwise(steps)):
        if is_plain_relu(first) and isinstance(second.spec, MaxPooling2D) and reads_alone(second, first, alone):
            found[place] = replace(second, inputs=first.inputs, output=first.output)
            found[place + 1] = replace(first, inputs=second.inputs, output=second.output)
    return tuple(found)


def is_plain_relu(step: Step) -> bool:
    """Whether a step is max(x, 0): of other rising functions rounding makes equals that were none."""
    return isinstance(step.spec, ReLU) and step.spec.is_plain


def reads_alone(step: Step, maker: Step, alone: Alone) -> bool:
    """Whether what another step makes goes into this one and nowhere else."""
    return step.inputs == (maker.output,) and alone(maker.output)
