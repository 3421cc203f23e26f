"""A best value at the border of its range: better ones may lie beyond, where nobody has looked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pellucid.search.space import RANGE, Range, Space, Value

NEAR = 0.05  # of the width, in decades on a log scale
STEPS = (0.5, 0.25, 0.125)  # how far beyond the border is suggested; the first one that is legal


@dataclass(frozen=True)
class Border:
    """A value near an end of its range, and the range to try next."""

    name: str
    value: float
    side: str  # "lower" or "upper"
    range: Range
    next: Range

    @property
    def text(self) -> str:
        """What is the matter and what to type."""
        return (
            f"{self.name} {self.value:.4g} lies at the {self.side} border of its range {self.range.text}, so better "
            f"values may lie beyond. Search there too: {RANGE} {self.name}={self.next.text}"
        )


def at_borders(space: Space, values: Mapping[str, Value], legal: Callable[[str, float], bool]) -> list[Border]:
    """Every number of `values` that lies near an end of its range, unless nothing beyond that end is legal."""
    found = []
    for parameter in space:
        value = values[parameter.name]
        if not isinstance(parameter, Range) or isinstance(value, str):
            continue
        place = parameter.place(value)
        side = "lower" if place <= NEAR else "upper" if place >= 1 - NEAR else ""
        beyond = shifted(parameter, side, legal) if side else None
        if beyond is not None:
            found.append(Border(parameter.name, value, side, parameter, beyond))
    return found


def shifted(range: Range, side: str, legal: Callable[[str, float], bool]) -> Range | None:
    """The range moved beyond its lower or upper end; None where there is nothing beyond."""
    for step in STEPS:
        low, high = (-step, 1 - step) if side == "lower" else (step, 1 + step)
        moved = rounded(range.between(low, high))
        outer = moved.low if side == "lower" else moved.high
        if outer != (range.low if side == "lower" else range.high) and legal(range.name, outer):
            return moved
    return None


def rounded(range: Range) -> Range:
    """Ends with two figures, as a person types them."""
    if range.whole:
        return range
    low, high = (float(f"{end:.2g}") for end in (range.low, range.high))
    return Range(range.name, low, high, range.log)
