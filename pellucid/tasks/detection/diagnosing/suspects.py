"""Annotations that may be wrong, and which objects are found worst.

Suspects   boxes of validation and test that the model, which never learnt from them, is sure are wrong: missing (a sure
           answer on nothing), loose (a sure answer that covers 0.3 to 0.5 of it), wrong class (sure of another).
           A model whose sure answers are right less than half of the time, or few, is no judge of annotations
Slices     recall at the operating point of small, middle and large objects, and of crowded pictures
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from pellucid.tasks.detection.evaluation import Evaluation
from pellucid.tasks.detection.judging import BACKGROUND, CLASS, LOOSE, RIGHT
from pellucid.tasks.detection.overlap import iou

SURE, SUSPECTS = 0.7, 20        # share of the surest answers' score, and how many are listed
SIZES = ((0.0, 32.0**2, "small"), (32.0**2, 96.0**2, "medium"), (96.0**2, math.inf, "large"))
FEWEST = 20                     # objects of a slice
JUDGE, ANSWERS = 0.5, 10        # share of the sure answers that are right in a part, of at least so many


def slices_of(dev: Evaluation) -> Iterator[dict[str, Any]]:
    """Recall of objects by size, and of pictures with many objects."""
    judged, truth = dev.judged, dev.truth
    found = (judged.found >= 0) & np.append(judged.score >= dev.threshold, False)[judged.found]
    counts = np.diff(truth.offsets)[truth.picture]
    crowded = counts > np.median(counts) if len(counts) else counts > 0
    rows = {name: (truth.areas >= low) & (truth.areas < high) for low, high, name in SIZES}
    rows |= {"in crowded pictures": crowded, "in other pictures": ~crowded}
    for name, chosen in rows.items():
        chosen = chosen & judged.counted
        if chosen.sum() >= FEWEST:
            yield {"slice": name, "boxes": int(chosen.sum()), "recall": float(found[chosen].mean())}


def suspects_of(evaluations: list[Evaluation]) -> list[dict[str, Any]]:
    """Annotations that may be wrong, the surest first."""
    found = [row for one in evaluations for row in suspects_in(one)]
    return sorted(found, key=lambda row: -row["score"])[:SUSPECTS]


def suspects_in(one: Evaluation) -> Iterator[dict[str, Any]]:
    """Those of one part: sure answers that its annotations call wrong, of a model that is sure for good reason."""
    judged, truth = one.judged, one.truth
    if not len(judged.score):
        return
    border = max(one.threshold, SURE * float(judged.score[0]))
    sure = judged.score >= border
    if sure.sum() < ANSWERS or (judged.kind[sure] == RIGHT).mean() < JUDGE:
        return
    words = {BACKGROUND: "missing", LOOSE: "loose", CLASS: "wrong class"}
    for row in np.flatnonzero(sure & np.isin(judged.kind, list(words))).tolist():
        picture, kind = int(judged.picture[row]), int(judged.kind[row])
        span = slice(int(truth.offsets[picture]), int(truth.offsets[picture + 1]))
        shared = iou(judged.boxes[row : row + 1], truth.corners[span])[0]
        if kind == LOOSE and not 0.3 <= float(shared.max(initial=0)) < 0.5:
            continue
        given = truth.names[truth.classes[span][int(shared.argmax())]] if kind == CLASS else ""
        yield {"part": one.split, "picture": str(one.origins[picture]), "what": words[kind], "given": given,
               "class": truth.names[judged.number[row]], "score": round(float(judged.score[row]), 4),
               "box": [round(float(value), 1) for value in judged.boxes[row]]}  # fmt: skip
