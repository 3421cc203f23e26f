"""Annotations of people that may be wrong, and which people are found worst.

Suspects   of validation and test, from which the model never learnt: somebody of whom it is sure and who is marked
           nowhere; people who are found with left and right exchanged. A model whose sure answers are right less than
           half of the time, or few, is no judge of annotations
Slices     people found by their size and by how many are in the picture; joints found by whether they are hidden
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from pellucid.data.points.column import around
from pellucid.diagnosis import oks
from pellucid.tasks.pose.evaluation import NEAR, NOWHERE, Evaluation

SURE, SUSPECTS = 0.7, 20        # share of the surest answers' score, and how many are listed
JUDGE, ANSWERS = 0.5, 10        # share of the sure answers that are right in a part, of at least so many
EXCHANGED, BETTER = 0.75, 0.5   # OKS of a person with left and right exchanged; what it lacks, of what it lacks so
SIZES = ((0.0, 32.0**2, "small people"), (32.0**2, 96.0**2, "medium people"), (96.0**2, math.inf, "large people"))
FEWEST = 20                     # of a slice


def slices_of(dev: Evaluation) -> list[dict[str, Any]]:
    """The share that is found of people by size and company, and of joints that are seen and hidden."""
    counted, (answer, _) = dev.truth.counted, dev.own
    areas, at = dev.truth.objects.areas[counted], dev.truth.picture[counted]
    beside = np.bincount(at, minlength=dev.n)[at]
    crowded = beside > np.median(beside) if len(beside) else beside > 0
    rows = {name: ((areas >= low) & (areas < high), answer >= 0) for low, high, name in SIZES}
    if crowded.any():
        rows |= {"people in fuller pictures": (crowded, answer >= 0), "people in others": (~crowded, answer >= 0)}
    visible, near = dev.truth.objects.visible[counted], dev.away <= NEAR * dev.sizes[:, np.newaxis]
    rows |= {"joints that are seen": (visible == 2, near), "joints that are hidden": (visible == 1, near)}
    return [{"slice": name, "n": int(chosen.sum()), "found": float(right[chosen].mean())}
            for name, (chosen, right) in rows.items() if chosen.sum() >= FEWEST]  # fmt: skip


def suspects_of(evaluations: list[Evaluation]) -> list[dict[str, Any]]:
    """Annotations that may be wrong, the surest first."""
    found = [row for one in evaluations for row in (*unmarked_in(one), *exchanged_in(one))]
    return sorted(found, key=lambda row: -row["score"])[:SUSPECTS]


def unmarked_in(one: Evaluation) -> Iterator[dict[str, Any]]:
    """Sure answers on nobody."""
    sure = one.outputs >= SURE * one.outputs.max(initial=0)
    if sure.sum() < ANSWERS or np.isin(np.flatnonzero(sure), one.own[0]).mean() < JUDGE:
        return
    for row in np.flatnonzero(sure & one.alone).tolist():
        found = np.where(one.xy[row] > NOWHERE / 2, one.xy[row], np.nan)[np.newaxis]
        yield entry(one, int(one.picture[row]), "a person who is marked nowhere", float(one.outputs[row]), found)


def exchanged_in(one: Evaluation) -> Iterator[dict[str, Any]]:
    """People whom an answer fits far better once its left and right change names."""
    skeleton, objects = one.truth.skeleton, one.truth.objects
    if not skeleton.pairs:
        return
    other = one.xy[:, skeleton.mirrored()]
    for place in np.flatnonzero(one.truth.counted).tolist():
        picture, rows = int(one.truth.picture[place]), slice(place, place + 1)
        told = np.flatnonzero(one.picture == picture)
        mine = (objects.xy[rows], objects.visible[rows], objects.areas[rows], objects.boxes[rows])
        given, turned = (oks.oks(xy[told], *mine, np.array(one.sigmas))[:, 0] for xy in (one.xy, other))
        best = turned.max(initial=0)
        if best >= EXCHANGED and 1 - best < BETTER * (1 - given.max(initial=0)):
            yield entry(one, picture, "left and right exchanged", float(one.outputs[told[turned.argmax()]]),
                        objects.xy[rows])  # fmt: skip


def entry(one: Evaluation, picture: int, what: str, score: float, xy: np.ndarray) -> dict[str, Any]:
    """A suspicion, and the box around the points (1,K,2) that it is about."""
    return {"part": one.split, "picture": str(one.origins[picture]), "row": picture, "what": what,
            "score": round(score, 4), "box": [round(float(value), 1) for value in around(xy)[0]]}  # fmt: skip
