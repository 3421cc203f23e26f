"""Whose joints are whose: candidates are joined to people along the fields of their limbs.

Axes     N candidates, K kinds of joint, R pairs of candidates that a limb could join, S steps along a segment, P people
Pair     its score is the mean of the field along it, times the geometric mean of the heights of its ends, less what it
         is longer than half the picture's height for; it is refused unless most steps meet the field and the score is
         above LEAST
Limb     of the pairs of one kind of limb each candidate is in one at most: greedily the largest first, or so that the
         sum is largest (Hungarian)
People   joined limb by limb; two parts of a person are merged when a limb joins them and they share no kind of joint;
         a redundant limb, which closes a circle of others, adds and merges but never starts a person
Source   Cao et al. 2017, section 2.4; thresholds as in the authors' practice; the heights are ours (docs/people.md)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.tasks.pose.affinity import along
from pellucid.tasks.pose.joining import join
from pellucid.tasks.pose.peaks import Candidates

STEPS = 10          # along a segment
MET = 0.0           # of the field, above which a step meets it; 0.05 loses limbs of which a network is not sure
SHARE = 0.8         # of the steps; more must meet it
FIRST = [2, 4, 7]   # steps that are looked at first: most pairs are refused by these alone
LEAST = 0.0         # score of a pair, which must be above it
MATCHINGS = GREEDY, HUNGARIAN = "greedy", "hungarian"


@dataclass(frozen=True)
class Rules:
    """How candidates are joined: how limbs are matched, and which people are too weak to be told.

    joints, mean: people with fewer joints, or a lower mean of the heights of peaks and fields, are left out.
    """

    matching: str = GREEDY
    joints: int = 4
    mean: float = 0.3


@dataclass(frozen=True, eq=False)
class Pairs:
    """R pairs that were not refused: limb, start, end (R,), numbers of candidates, scores (R,); how many were asked."""

    limb: np.ndarray
    start: np.ndarray
    end: np.ndarray
    scores: np.ndarray
    asked: int

    def __len__(self) -> int:
        return len(self.limb)

    def take(self, rows: np.ndarray) -> Pairs:
        """Some of them, in that order."""
        return Pairs(self.limb[rows], self.start[rows], self.end[rows], self.scores[rows], self.asked)


@dataclass(frozen=True, eq=False)
class Grouped:
    """P people: xy (P,K,2) in pixels of the input, NaN for joints not found; heights (P,K), 0 there; scores (P,)."""

    xy: np.ndarray
    heights: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)


def group(found: Candidates, fields: np.ndarray, limbs: Sequence[tuple[int, int]], *, joints: int, stride: float,
          rules: Rules = Rules()) -> Grouped:
    """The people of one picture, the surest first, from candidates and fields (H,W,2L) of `limbs` (start, end kind)."""
    pairs = admitted(found, fields, limbs, stride=stride)
    chosen = pairs.take(matched(pairs, rules.matching))
    members, bonds = join(found.kinds, chosen.limb, chosen.start, chosen.end, chosen.scores, redundant(limbs), joints)
    present = members >= 0
    counts = present.sum(axis=1)
    if not len(found):
        return Grouped(np.zeros((0, joints, 2)), np.zeros((0, joints)), np.zeros(0))
    heights = np.where(present, found.scores[members], 0)
    sums = heights.sum(axis=1) + bonds[:, 0]
    scores = sums / np.maximum(counts + bonds[:, 1], 1)
    kept = np.flatnonzero((counts >= rules.joints) & (scores >= rules.mean))
    kept = kept[np.argsort(-sums[kept], kind="stable")]
    xy = np.where(present[kept, :, np.newaxis], found.xy[members[kept]], np.nan)
    return Grouped(xy, heights[kept], sums[kept] / (2 * joints - 1))


def redundant(limbs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Which limbs (L,) close a circle of those before them."""
    group_of: dict[int, int] = {}
    closes = []
    for start, end in limbs:
        one, other = group_of.setdefault(start, start), group_of.setdefault(end, end)
        closes.append(one == other)
        group_of = {kind: one if own == other else own for kind, own in group_of.items()}
    return np.array(closes, bool)


def admitted(found: Candidates, fields: np.ndarray, limbs: Sequence[tuple[int, int]], *,
             stride: float) -> Pairs:  # fmt: skip
    """The pairs of candidates with a field between them, limb by limb, of each the largest score first."""
    limb, start, end = possible(found.kinds, limbs)
    asked, shares = len(limb), (np.arange(STEPS) + 0.5) / STEPS
    for steps in (shares[FIRST], shares):
        a, b = found.xy[start], found.xy[end]
        field = along(fields, limb, a, b, steps, stride=stride)
        missed = (field <= MET).sum(axis=1)
        met = missed < (1 - SHARE) * STEPS
        limb, start, end, field, a, b = (values[met] for values in (limb, start, end, field, a, b))
    longest = 0.5 * fields.shape[0] * stride
    heights = np.sqrt(np.maximum(found.scores[start] * found.scores[end], 0))    # a weak candidate takes no strong one
    longer = np.minimum(longest / np.maximum(np.linalg.norm(b - a, axis=1), 1e-6) - 1, 0)
    scores = field.mean(axis=1) * heights + longer
    kept = np.flatnonzero(scores > LEAST)
    kept = kept[np.lexsort((-scores[kept], limb[kept]))]
    return Pairs(limb[kept], start[kept], end[kept], scores[kept], asked)


def possible(kinds: np.ndarray, limbs: Sequence[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """limb, start, end (R,): every candidate of a limb's first kind with every one of its second; kinds ascend."""
    first, second = np.array(limbs, np.int64).reshape(-1, 2).T
    begin = np.searchsorted(kinds, np.arange(int(max(first.max(), second.max())) + 2))
    counts = np.diff(begin)
    many = counts[first] * counts[second]
    limb = np.repeat(np.arange(len(first)), many)
    place = np.arange(len(limb)) - np.repeat(np.cumsum(many) - many, many)
    across = np.maximum(counts[second][limb], 1)
    return limb, begin[first][limb] + place // across, begin[second][limb] + place % across


def matched(pairs: Pairs, how: str) -> np.ndarray:
    """Rows of pairs such that in each kind of limb no candidate is in two."""
    return greedily(pairs) if how == GREEDY else by_sum(pairs)


def greedily(pairs: Pairs) -> np.ndarray:
    """The largest score first, then the largest that shares no end with it, and so on."""
    taken: set[tuple[int, int]] = set()
    kept = []
    for row, ends in enumerate(zip(pairs.limb.tolist(), pairs.start.tolist(), pairs.end.tolist(), strict=True)):
        one, other = (ends[0], ends[1]), (ends[0], ends[2])
        if one not in taken and other not in taken:
            taken |= {one, other}
            kept.append(row)
    return np.array(kept, np.int64)


def by_sum(pairs: Pairs) -> np.ndarray:
    """The largest sum of scores (Kuhn 1955), refused pairs left out."""
    from scipy.optimize import linear_sum_assignment  # slow to import

    kept: list[int] = []
    for limb in np.unique(pairs.limb):
        rows = np.flatnonzero(pairs.limb == limb)
        starts, row_of = np.unique(pairs.start[rows], return_inverse=True)
        ends, column_of = np.unique(pairs.end[rows], return_inverse=True)
        worth = np.zeros((len(starts), len(ends)))
        worth[row_of, column_of] = pairs.scores[rows]
        number = np.full(worth.shape, -1)
        number[row_of, column_of] = rows
        chosen = number[linear_sum_assignment(worth, maximize=True)]
        kept += chosen[chosen >= 0].tolist()
    return np.array(sorted(kept), np.int64)
