"""From a network's outputs to boxes in the pixels of the pictures as given.

Shapes   outputs (N,P,K), affines (N,2,3) from the pictures as given to the input -> for each picture boxes (M,4),
         scores (M,), classes (M,), the surest first
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.data.boxes.column import inverted, mapped
from pellucid.tasks.detection.codecs.encoded import Candidates, Codec
from pellucid.tasks.detection.suppression import nms, soft_nms

LEAST = 0.005     # score below which a candidate is not looked at
CANDIDATES = 2000  # a picture, before suppression
HARD = "hard"     # the form of suppression that drops boxes
MOST = 100        # boxes a picture, as COCO counts them


@dataclass(frozen=True, eq=False)
class Detected:
    """The boxes of one picture, the surest first."""

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    def above(self, score: float) -> Detected:
        """Those of at least this score."""
        kept = self.scores >= score
        return Detected(self.boxes[kept], self.scores[kept], self.classes[kept])


def detected(codec: Codec, outputs: np.ndarray, affines: np.ndarray, sizes: np.ndarray, *, threshold: float,
             least: float = LEAST, form: str = HARD) -> list[Detected]:  # fmt: skip
    """The answers to N pictures of `sizes` (N,2) height, width; boxes are cut at a picture's edges.

    form: hard, linear or gaussian; suppressed in pixels of the picture.
    """
    back = inverted(affines)
    found: list[Detected] = []
    for number, row in enumerate(outputs):
        told = surest(codec.decode(row, least), CANDIDATES)
        boxes = mapped(told.boxes, np.broadcast_to(back[number], (len(told.boxes), 2, 3)))
        kept, scores = suppressed(Candidates(boxes, told.scores, told.classes), form, threshold, least)
        boxes = boxes[kept]
        height, width = sizes[number]
        boxes = np.clip(boxes, 0, np.array([width, height, width, height]))
        solid = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        found.append(Detected(boxes[solid], scores[solid], told.classes[kept][solid]))
    return found


def suppressed(told: Candidates, form: str, threshold: float, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Which candidates stay (K,), and their scores."""
    if form == HARD:
        kept = nms(told.boxes, told.scores, told.classes, threshold=threshold, most=MOST)
        return kept, told.scores[kept]
    return soft_nms(told.boxes, told.scores, told.classes, form=form, threshold=threshold, least=least, most=MOST)


def surest(told: Candidates, most: int) -> Candidates:
    """At most `most` candidates."""
    if len(told.scores) <= most:
        return told
    kept = np.argsort(-told.scores, kind="stable")[:most]
    return Candidates(told.boxes[kept], told.scores[kept], told.classes[kept])


def as_json(found: Detected, names: Sequence[str]) -> list[dict[str, object]]:
    """As `predict --json` tells them."""
    return [{"class": names[number], "score": round(float(score), 6), "box": [round(float(v), 3) for v in box]}
            for box, score, number in zip(found.boxes, found.scores, found.classes, strict=True)]  # fmt: skip
