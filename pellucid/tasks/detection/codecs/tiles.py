"""Anchors tiled over maps (RetinaNet): every place learns the object that its anchor covers, if it covers one.

Output    (P, 4 + C), P = cells x anchors: tx, ty, tw, th, a logit a class
Box       x = anchor's middle + tx w, y alike; width = w e^tw, height = h e^th, with the anchor's w, h
Matched   an anchor of IoU >= 0.5 learns the object that it covers most, one of less than 0.4 that there is none, one
          between learns nothing; the anchor that covers an object most always learns it
Left out  anchors of IoU > 0.3 to a crowd, or to an object that is not valid at this size
Source    Lin et al. 2017 (focal loss), section 4; Ren et al. 2015 for boxes and for the anchor that always learns;
          Singh & Davis 2018, section 5.1, for what is left out
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.data.batches import Encoded
from pellucid.data.boxes.column import Placed
from pellucid.engines.protocol import Term
from pellucid.spec.box_losses import BinaryFocalCrossentropy
from pellucid.spec.losses import Huber
from pellucid.tasks.detection.codecs.anchors import HIGHEST
from pellucid.tasks.detection.codecs.encoded import SURE, Candidates, centres, sigmoid
from pellucid.tasks.detection.codecs.laid import Laid
from pellucid.tasks.detection.overlap import iou

ENOUGH, LITTLE, NEAR = 0.5, 0.4, 0.3
NOTHING, LEFT_OUT = -1, -2      # of an anchor: no object, takes part in nothing
CLASS, BOX = "class", "box"
FOUR = 4.0                      # the box's part is a sum of four, not their mean


@dataclass(frozen=True)
class TileCodec(Laid):
    """alpha: the weight of what is there in the focal loss."""

    alpha: float = 0.25

    @property
    def numbers(self) -> int:
        return 4 + self.classes

    def at(self, size: tuple[int, int]) -> TileCodec:
        return replace(self, size=size)

    def terms(self) -> tuple[Term, ...]:
        focal = BinaryFocalCrossentropy(True, self.alpha, from_logits=True)
        return (Term("output", focal, part=CLASS, columns=(4, self.numbers)),
                Term("output", Huber(), FOUR, part=BOX, columns=(0, 4)))

    def record(self) -> dict[str, Any]:
        return {"name": "tiles", "size": list(self.size), "classes": self.classes, "strides": list(self.strides),
                "anchors": [[list(one) for one in own] for own in self.anchors]}

    @property
    def rows(self) -> np.ndarray:
        """(P,4) the middle, width and height of each anchor, in pixels of the input."""
        found = []
        for (height, width), stride, own in zip(self.maps, self.strides, self.anchors, strict=True):
            middle = np.repeat(centres(height, width, stride), len(own), axis=0)
            found.append(np.concatenate([middle, np.tile(np.array(own), (height * width, 1))], axis=1))
        return np.concatenate(found)

    def learnt(self, corners: np.ndarray, ignored: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(P,) the object of one picture (M,4) that each anchor learns, NOTHING or LEFT_OUT."""
        tiles = np.concatenate([rows[:, :2] - rows[:, 2:] / 2, rows[:, :2] + rows[:, 2:] / 2], axis=1)
        shared = iou(tiles, corners)
        solid = np.flatnonzero(~ignored)
        most = shared[:, solid].max(axis=1, initial=0)
        own = np.where(most >= LITTLE, LEFT_OUT, NOTHING)
        own[shared[:, ignored].max(axis=1, initial=0) > NEAR] = LEFT_OUT
        enough = most >= ENOUGH
        own[enough] = solid[shared[enough][:, solid].argmax(axis=1)] if len(solid) else NOTHING
        sizes = (corners[:, 2:] - corners[:, :2]).prod(axis=1)
        for one in solid[np.argsort(-sizes[solid], kind="stable")]:     # small ones last, on top
            own[shared[:, one].argmax()] = one
        return own

    def lost(self, placed: Placed) -> tuple[np.ndarray, np.ndarray]:
        rows, taken = self.rows, np.zeros(len(placed.corners), bool)
        for picture in np.unique(placed.picture):
            here = np.flatnonzero(placed.picture == picture)
            own = self.learnt(placed.corners[here], placed.ignored[here], rows)
            taken[here] = ~np.isin(np.arange(len(here)), own) & ~placed.ignored[here]
        return np.zeros(len(taken), bool), taken

    def sure(self, targets: np.ndarray) -> np.ndarray:
        return np.concatenate([targets[..., :4].astype(np.float64), np.where(targets[..., 4:] == 1, SURE, -SURE)], -1)

    def encode(self, placed: Placed, count: int) -> Encoded:
        targets, rows = np.zeros((count, self.places, self.numbers), np.float32), self.rows
        counted, positive = np.ones((count, self.places), bool), np.zeros((count, self.places), bool)
        for picture in np.unique(placed.picture):
            here = np.flatnonzero(placed.picture == picture)
            own = self.learnt(placed.corners[here], placed.ignored[here], rows)
            counted[picture], positive[picture] = own != LEFT_OUT, own >= 0
            at = np.flatnonzero(own >= 0)
            corners, tiles = placed.corners[here[own[at]]], rows[at]
            sides = corners[:, 2:] - corners[:, :2]
            targets[picture, at, :2] = ((corners[:, :2] + corners[:, 2:]) / 2 - tiles[:, :2]) / tiles[:, 2:]
            targets[picture, at, 2:4] = np.log(sides / tiles[:, 2:])
            targets[picture, at, 4 + placed.classes[here[own[at]]]] = 1
        each = self.classes * counted.sum() / max(1, int(positive.sum()))
        return Encoded(targets, {CLASS: np.full(count, each, np.float32)}, {CLASS: counted, BOX: positive})

    def decode(self, outputs: np.ndarray, least: float) -> Candidates:
        scores = sigmoid(outputs[:, 4:].astype(np.float64))
        places, classes = np.nonzero(scores >= least)
        tiles, told = self.rows[places], outputs[places, :4].astype(np.float64)
        middle = tiles[:, :2] + told[:, :2] * tiles[:, 2:]
        sides = tiles[:, 2:] * np.exp(np.clip(told[:, 2:], -HIGHEST, HIGHEST))
        return Candidates(np.concatenate([middle - sides / 2, middle + sides / 2], axis=1), scores[places, classes],
                          classes)


def tiled(base: float) -> tuple[tuple[float, float], ...]:
    """Nine anchors (width, height) of a map: base times 1, 2^(1/3), 2^(2/3) in three shapes."""
    return tuple(one for third in range(3) for one in shaped(base * 2 ** (third / 3)))


def shaped(side: float) -> tuple[tuple[float, float], ...]:
    """Three anchors of the area side x side, height over width 0.5, 1, 2."""
    return tuple((side / ratio**0.5, side * ratio**0.5) for ratio in (0.5, 1.0, 2.0))
