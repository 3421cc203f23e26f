"""The galleries of a classification: mistakes, right answers, a sample of a part, a card each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.reports.drawing import percent, shorten
from pellucid.reports.gallery import Card, Kind, drawn, in_turn
from pellucid.reports.pixels import Images
from pellucid.tasks.classification.evaluation import Evaluation
from pellucid.tasks.classification.mistakes import SAID, Told

MOST_RIGHT, MOST_SAMPLE = 18, 24


def mistake_cards(
    evaluation: Evaluation, images: Images, most: int, *, chosen: np.ndarray | None = None, told: Told = SAID
) -> list[Card]:
    """The most confident mistakes, or the samples `chosen` (M,): what was said, what is, the three likeliest classes.

    images(indices) gives raw pixels (n,H,W,C) of the evaluated part.
    """
    indices = (evaluation.worst_mistakes(most) if chosen is None else chosen)[:most]
    cards = []
    for source, coarse, index in drawn(images, indices):
        true, said = int(evaluation.labels[index]), int(evaluation.predicted[index])
        names, shares = evaluation.class_names, evaluation.scores[index]
        best = np.argsort(-shares, kind="stable")[:3]
        bars: list[tuple[str, str, Kind]] = [
            (names[k], percent(float(shares[k])), "wrong" if k == said else "right" if k == true else "")
            for k in best
        ]
        lines: list[tuple[str, Kind]] = [(f"{told[0]} {names[said]}", "wrong"), (f"{told[1]} {names[true]}", "right")]
        origin = shorten(str(evaluation.names[index]), 48, keep="end")
        cards.append(Card(source, coarse, lines, bars, origin, sample_of(evaluation, index)))
    return cards


def right_cards(evaluation: Evaluation, images: Images) -> list[Card]:
    """Some pictures that are right, drawn by chance, the classes in turn; each with its confidence."""
    right = np.flatnonzero(evaluation.predicted == evaluation.labels)
    indices = in_turn(right, evaluation.labels, MOST_RIGHT)
    return [
        Card(source, coarse, [(evaluation.class_names[int(evaluation.labels[index])], "right"),
                              (percent(float(evaluation.confidence[index])), "")],
             sample=sample_of(evaluation, index))
        for source, coarse, index in drawn(images, indices)
    ]  # fmt: skip


def sample_of(evaluation: Evaluation, index: int) -> int | None:
    """The number of a sample in its data set."""
    return None if evaluation.ids is None else int(evaluation.ids[index])


def sample_cards(labels: np.ndarray, class_names: Sequence[str], images: Images) -> list[Card]:
    """Some pictures of a part, drawn by chance, the classes in turn; each with its class."""
    indices = in_turn(np.arange(len(labels)), labels, MOST_SAMPLE)
    return [Card(source, coarse, [(class_names[int(labels[index])], "")])
            for source, coarse, index in drawn(images, indices)]  # fmt: skip
