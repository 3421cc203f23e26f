"""Error analysis: where the mistakes are, and how much could be won by mending each kind.

Cap       a tag that holds m of the M mistakes among n samples caps the gain: with all of them mended, the error M/n
          falls by m/n at most. Tags may overlap, so caps do not add up
Pattern   a kind that holds at least 3 mistakes, and more than chance gives one of so many kinds in one analysis of 20:
          pairs, were the mistakes dealt out evenly among all pairs; tags, among all samples (`slices.chances`). Of two
          classes both pairs are one, and so is every tag that a person gave
Source    Ng, "Machine Learning Yearning", chapters 13 to 19.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.intervals import wilson_interval
from pellucid.diagnosis.slices import chances
from pellucid.diagnosis.tags import Tags

MOST_PAIRS = 20
A_PATTERN = 3  # mistakes of one kind; one or two are chance
BY_CHANCE = 0.05


@dataclass(frozen=True)
class Pair:
    """`mistakes` samples of class `true` that were called `predicted`: their share of all, and if it is a pattern."""

    true: str
    predicted: str
    mistakes: int
    share: float
    pattern: bool


@dataclass(frozen=True)
class TaggedMistakes:
    """Of n samples with a tag, `mistakes` are wrong: their share of all mistakes and the cap, in error points.

    `error` is the share of wrong samples among those with the tag, `elsewhere` among those without (None for none);
    `pattern`: whether there are more of them than chance explains.
    """

    tag: str
    kind: str
    n: int
    mistakes: int
    share: float
    share_interval: tuple[float, float]
    cap: float
    error: float
    elsewhere: float | None
    pattern: bool


@dataclass(frozen=True)
class ErrorAnalysis:
    """The mistakes among n samples by pair of classes and by tag, the most frequent first."""

    n: int
    mistakes: int
    pairs: tuple[Pair, ...]
    tags: tuple[TaggedMistakes, ...]
    untagged: int  # mistakes without any tag

    def to_json(self) -> dict[str, Any]:
        """As diagnosis.json holds it."""
        return asdict(self)


def analyse_mistakes(answers: Answers, tags: Tags) -> ErrorAnalysis:
    """Group the mistakes; groups of a data set enter as `column_tags("group", groups)`."""
    wrong = ~answers.right
    total = int(wrong.sum())
    found = [_tagged(tags, place, wrong) for place in range(len(tags.names))]
    ordered = sorted((one for one in found if one is not None), key=lambda one: (-one.mistakes, one.n, one.tag))
    untagged = int((wrong & ~tags.marks.any(axis=1)).sum())
    return ErrorAnalysis(answers.n, total, confused_pairs(answers), tuple(ordered), untagged)


def confused_pairs(answers: Answers, most: int = MOST_PAIRS) -> tuple[Pair, ...]:
    """At most `most` pairs of different classes, the most frequent first."""
    table = answers.confusion.copy()
    np.fill_diagonal(table, 0)
    total, names = int(table.sum()), answers.class_names
    order = np.argsort(-table, axis=None, kind="stable")[:most]
    places = [divmod(int(cell), len(names)) for cell in order if table.flat[cell]]
    kinds = len(names) * (len(names) - 1)
    counts = [int(table[place]) for place in places]
    return tuple(
        Pair(names[true], names[said], count, count / total, beyond_chance(count, total, kinds))
        for (true, said), count in zip(places, counts, strict=True)
    )


def beyond_chance(count: int, total: int, kinds: int) -> bool:
    """Whether one of `kinds` holds more of `total` mistakes than the fullest of them would by chance."""
    if count < A_PATTERN or kinds <= 2:
        return count >= A_PATTERN
    share = 1 / kinds
    tail = sum(math.exp(math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1) + k * math.log(share)
                        + (total - k) * math.log1p(-share)) for k in range(count, total + 1))  # fmt: skip
    return tail * kinds <= BY_CHANCE


def patterns(kinds: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of pairs or tags, as diagnosis.json holds them, those that are more than chance."""
    return [kind for kind in kinds if kind["pattern"]]


def _tagged(tags: Tags, place: int, wrong: np.ndarray) -> TaggedMistakes | None:
    has = tags.marks[:, place]
    total, mistakes, n = int(wrong.sum()), int((wrong & has).sum()), int(has.sum())
    if not mistakes:
        return None
    given = tags.kinds[place] == "given"
    chance = 0.0 if given else float(chances(np.array([mistakes]), np.array([n]), total, len(wrong))[0])
    return TaggedMistakes(
        pattern=mistakes >= A_PATTERN and chance * len(tags.names) <= BY_CHANCE,
        tag=tags.names[place],
        kind=tags.kinds[place],
        n=n,
        mistakes=mistakes,
        share=mistakes / total,
        share_interval=wilson_interval(mistakes, total),
        cap=mistakes / len(wrong),
        error=mistakes / n,
        elsewhere=(total - mistakes) / (len(wrong) - n) if n < len(wrong) else None,
    )
