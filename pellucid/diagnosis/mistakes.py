"""Error analysis: where the mistakes are, and how much could be won by mending each kind.

Cap       a tag that holds m of the M mistakes among n samples caps the gain: with all of them mended, the error M/n
          falls by m/n at most. Tags may overlap, so caps do not add up
Source    Ng, "Machine Learning Yearning", chapters 13 to 19.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.intervals import wilson_interval
from pellucid.diagnosis.tags import Tags

MOST_PAIRS = 20


@dataclass(frozen=True)
class Pair:
    """`mistakes` samples of class `true` that were called `predicted`: their share of all mistakes."""

    true: str
    predicted: str
    mistakes: int
    share: float


@dataclass(frozen=True)
class TaggedMistakes:
    """Of n samples with a tag, `mistakes` are wrong: their share of all mistakes and the cap, in error points.

    `error` is the share of wrong samples among those with the tag, `elsewhere` among those without (None for none).
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
    return tuple(
        Pair(names[true], names[said], int(table[true, said]), int(table[true, said]) / total) for true, said in places
    )


def _tagged(tags: Tags, place: int, wrong: np.ndarray) -> TaggedMistakes | None:
    has = tags.marks[:, place]
    total, mistakes, n = int(wrong.sum()), int((wrong & has).sum()), int(has.sum())
    if not mistakes:
        return None
    return TaggedMistakes(
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
