"""Where things stand in a drawing whose arrows all go down: a row each, an order in the row, a place.

Method  Sugiyama, Tagawa & Toda 1981: rows by the longest chain below, an arrow over several rows passes a place of its
        own in each, rows ordered by the mean of their neighbours; an arrow is left out where a longer way leads there.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean

Arrows = Mapping[str, Set[str]]  # from each thing to those below it that it needs
Passing = tuple[str, str, int]  # the place of an arrow in a row between its ends
Node = str | Passing
PASSING, GAP, SWEEPS = 10, 10, 24  # widths in pixels; how often the rows are put in order


@dataclass
class Rows:
    """The nodes of each row from left to right, row 0 lowest, the middle of each node, and the width, in pixels."""

    row: dict[Node, int]
    order: list[list[Node]]
    x: dict[Node, float]
    width: int

    def between(self, start: str, end: str) -> list[Passing]:
        """The places that an arrow passes, from the top."""
        return [(start, end, row) for row in range(self.row[start] - 1, self.row[end], -1)]


def below_itself(arrows: Arrows) -> dict[str, int]:
    """For each thing the length of the longest chain below it. Arrows that go round in a circle have none."""
    found: dict[str, int] = {}

    def longest(name: str) -> int:
        if name not in found:
            found[name] = max((1 + longest(other) for other in arrows[name]), default=0)
        return found[name]

    return {name: longest(name) for name in sorted(arrows)}


def reduced(arrows: Arrows) -> dict[str, set[str]]:
    """The arrows without those that a longer way replaces."""
    reached: dict[str, set[str]] = {}
    for name in sorted(arrows, key=below_itself(arrows).__getitem__):
        reached[name] = set(arrows[name]).union(*(reached[other] for other in arrows[name]))
    return {name: set(others).difference(*(reached[other] for other in others)) for name, others in arrows.items()}


def laid_out(row: Mapping[str, int], arrows: Arrows, *, width: int, box: int) -> Rows:
    """Places for everything, boxes `box` wide; the drawing is as wide as its fullest row, and at least `width`."""
    rows = Rows({}, [[] for _ in range(max(row.values()) + 1)], {}, width)
    rows.row.update(row)
    near: dict[Node, list[Node]] = {name: [] for name in row}
    for start in sorted(arrows):
        for end in sorted(arrows[start]):
            chain: list[Node] = [start, *rows.between(start, end), end]
            rows.row.update({node: node[2] for node in chain if isinstance(node, tuple)})
            for upper, lower in pairwise(chain):
                near.setdefault(upper, []).append(lower)
                near.setdefault(lower, []).append(upper)
    for node in sorted(rows.row, key=str):
        rows.order[rows.row[node]].append(node)
    rows.width = width = max(width, *(sum(wide(node, box) + GAP for node in nodes) for nodes in rows.order))
    for nodes in rows.order:
        rows.x.update(placed(dict.fromkeys(nodes, width / 2), width, box))
    for sweep in range(SWEEPS):
        for number in range(len(rows.order)) if sweep % 2 else reversed(range(len(rows.order))):
            wished = {node: mean([rows.x[other] for other in near[node]] or [width / 2]) for node in rows.order[number]}
            rows.order[number] = sorted(wished, key=wished.__getitem__)
            rows.x.update(placed({node: wished[node] for node in rows.order[number]}, width, box))
    return rows


def wide(node: Node, box: int) -> int:
    """The width of a node."""
    return box if isinstance(node, str) else PASSING


def placed(wished: Mapping[Node, float], width: int, box: int) -> dict[Node, float]:
    """Middles in the order given, none over another, as a whole as near to those wished as `width` allows."""
    half = {node: wide(node, box) / 2 for node in wished}
    found: dict[Node, float] = {}
    edge = -float("inf")
    for node, x in wished.items():
        found[node] = max(x, edge + GAP + half[node])
        edge = found[node] + half[node]
    pushed = mean(found[node] - wished[node] for node in found)
    found = {node: x - pushed for node, x in found.items()}
    for nodes, side in ((list(found), 1), (list(reversed(found)), -1)):  # back in from the left edge, then the right
        edge = -float(width) if side < 0 else 0.0
        for node in nodes:
            found[node] = side * max(side * found[node], edge + GAP / 2 + half[node])
            edge = side * found[node] + half[node] + GAP / 2
    return found
