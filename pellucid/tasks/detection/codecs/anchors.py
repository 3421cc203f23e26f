"""Cells with anchors (YOLO): the cell of an object's centre says how its box differs from an anchor.

Output    (P, 5 + C), P = cells x anchors: tx, ty, tw, th, a logit of an object, a logit a class
Box       x = (column + sigmoid(tx)) stride, y alike; w = anchor w e^tw, h alike
Learnt    sigmoid(tx), sigmoid(ty) against the share of the cell by cross-entropy (exact also on a border), tw, th by
          smooth L1; an object at the matched anchors; one of C classes by cross-entropy of yes and no,
          or of all of them where they are exclusive (v2)
Left out  ignored anchors take part in nothing, negatives in the object's part alone: their gradients are exactly zero
Source    Redmon & Farhadi 2017, 2018; CNN-book 12.2, 12.4, 12.5
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.data.batches import Encoded
from pellucid.data.boxes.column import Placed
from pellucid.engines.protocol import Term
from pellucid.spec.box_losses import BinaryFocalCrossentropy
from pellucid.spec.losses import BinaryCrossentropy, CategoricalCrossentropy, Huber
from pellucid.tasks.detection.codecs.encoded import SURE, Candidates, logit, sigmoid, softmax
from pellucid.tasks.detection.codecs.laid import Laid
from pellucid.tasks.detection.matching import Matched, match
from pellucid.tasks.detection.overlap import shape_iou

HIGHEST = 20.0  # of a logarithm that is believed
OBJECT, CLASS, MIDDLE, SIDES = "object", "class", "middle", "sides"


@dataclass(frozen=True)
class AnchorCodec(Laid):
    """rule: which anchors an object takes (matching.py); alpha: the weight of what is there in the focal loss."""

    rule: str = "best"
    alpha: float = 0.25
    exclusive: bool = False     # classes by softmax, not each by yes and no

    @property
    def numbers(self) -> int:
        return 5 + self.classes

    def at(self, size: tuple[int, int]) -> AnchorCodec:
        return replace(self, size=size)

    def terms(self) -> tuple[Term, ...]:
        last = self.numbers
        focal = BinaryFocalCrossentropy(True, self.alpha, from_logits=True)
        kind = (CategoricalCrossentropy if self.exclusive else BinaryCrossentropy)(from_logits=True)
        return (Term("output", focal, part=OBJECT, columns=(4, 5)),
                Term("output", kind, part=CLASS, columns=(5, last)),
                Term("output", BinaryCrossentropy(from_logits=True), 2.0, part=MIDDLE, columns=(0, 2)),
                Term("output", Huber(), 2.0, part=SIDES, columns=(2, 4)))

    def record(self) -> dict[str, Any]:
        return {"name": "anchors", "size": list(self.size), "classes": self.classes, "strides": list(self.strides),
                "anchors": [[list(one) for one in own] for own in self.anchors],
                **({"exclusive": True} if self.exclusive else {})}

    @property
    def rows(self) -> np.ndarray:
        """(P,5) of each place: x and y of its cell over the stride, the stride, width and height of its anchor."""
        found = []
        for (height, width), stride, own in zip(self.maps, self.strides, self.anchors, strict=True):
            across, down = np.meshgrid(np.arange(width), np.arange(height))
            cells = np.stack([across, down], -1).reshape(-1, 1, 2)
            spread = np.broadcast_to(np.array(own)[np.newaxis], (len(cells), len(own), 2))
            ones = np.full((len(cells), len(own), 1), stride)
            found.append(np.concatenate([np.broadcast_to(cells, spread.shape), ones, spread], -1).reshape(-1, 5))
        return np.concatenate(found)

    def level_of(self, sizes: np.ndarray) -> np.ndarray:
        """(M,) the map whose anchor is the nearest in shape to each size (M,2)."""
        best = [shape_iou(sizes, np.array(own)).max(axis=1) for own in self.anchors]
        return np.asarray(np.argmax(best, axis=0))

    def matched(self, placed: Placed, level: int, rows: np.ndarray) -> tuple[Matched, np.ndarray]:
        """The objects `rows` of one map matched to its anchors, and their cells, counted over all pictures."""
        (height, width), stride = self.maps[level], self.strides[level]
        corners = placed.corners[rows]
        middle = (corners[:, :2] + corners[:, 2:]) / 2 / stride
        column = np.minimum(middle[:, 0].astype(np.int64), width - 1)
        line = np.minimum(middle[:, 1].astype(np.int64), height - 1)
        cells = (placed.picture[rows] * height + line) * width + column
        return match(corners[:, 2:] - corners[:, :2], np.array(self.anchors[level]), cells, self.rule), cells

    def lost(self, placed: Placed) -> tuple[np.ndarray, np.ndarray]:
        unfit, taken = np.zeros(len(placed.corners), bool), np.zeros(len(placed.corners), bool)
        levels = self.level_of(placed.corners[:, 2:] - placed.corners[:, :2])
        for level in range(len(self.strides)):
            rows = np.flatnonzero(levels == level)
            found, _ = self.matched(placed, level, rows)
            unfit[rows], taken[rows] = found.unfit, found.taken
        return unfit, taken

    def sure(self, targets: np.ndarray) -> np.ndarray:
        there = np.where(targets[..., 4:] == 1, SURE, -SURE)
        return np.concatenate([logit(targets[..., :2]), targets[..., 2:4].astype(np.float64), there], axis=-1)

    def encode(self, placed: Placed, count: int) -> Encoded:
        targets = np.zeros((count, self.places, self.numbers), np.float32)
        counted, positive = np.ones((count, self.places), bool), np.zeros((count, self.places), bool)
        levels, start = self.level_of(placed.corners[:, 2:] - placed.corners[:, :2]), 0
        for level, ((height, width), stride, own) in enumerate(zip(self.maps, self.strides, self.anchors, strict=True)):
            rows, many = np.flatnonzero(levels == level), len(own)
            found, cells = self.matched(placed, level, rows)
            for at, row in enumerate(rows.tolist()):
                picture, cell = int(placed.picture[row]), int(cells[at] % (height * width))
                first = start + cell * many
                counted[picture, first : first + many] &= ~found.ignored[at]
                if placed.ignored[row]:
                    counted[picture, first : first + many] = False
                elif found.anchor[at] >= 0:
                    place = first + int(found.anchor[at])
                    positive[picture, place] = True
                    targets[picture, place] = self._written(placed, row, cell, width, stride, own[found.anchor[at]])
            start += height * width * many
        counted |= positive
        return self._weighed(targets, counted, positive)

    def _written(self, placed: Placed, row: int, cell: int, width: int, stride: int,
                 anchor: tuple[float, float]) -> np.ndarray:  # fmt: skip
        """The target (5 + C) of one object at its anchor."""
        x1, y1, x2, y2 = placed.corners[row].tolist()
        line, column = divmod(cell, width)
        told = np.zeros(self.numbers, np.float32)
        told[:2] = (x1 + x2) / 2 / stride - column, (y1 + y2) / 2 / stride - line
        told[2:4] = np.log((x2 - x1) / anchor[0]), np.log((y2 - y1) / anchor[1])
        told[4], told[5 + placed.classes[row]] = 1, 1
        return told

    def _weighed(self, targets: np.ndarray, counted: np.ndarray, positive: np.ndarray) -> Encoded:
        """The targets with each part divided by the number of matched anchors (Lin et al. 2017)."""
        objects, count = max(1, int(positive.sum())), len(targets)
        each = np.full(count, counted.sum() / objects, np.float32)
        return Encoded(targets, {OBJECT: each}, {OBJECT: counted, CLASS: positive, MIDDLE: positive, SIDES: positive})

    def decode(self, outputs: np.ndarray, least: float) -> Candidates:
        values = outputs.astype(np.float64)
        scores = sigmoid(values[:, 4:5]) * (softmax if self.exclusive else sigmoid)(values[:, 5:])
        places, classes = np.nonzero(scores >= least)
        cells = self.rows[places]
        middle = (cells[:, :2] + sigmoid(values[places, :2])) * cells[:, 2:3]
        sides = cells[:, 3:] * np.exp(np.clip(values[places, 2:4], -HIGHEST, HIGHEST))
        return Candidates(np.concatenate([middle - sides / 2, middle + sides / 2], axis=1), scores[places, classes],
                          classes)
