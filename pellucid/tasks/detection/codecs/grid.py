"""Cells without anchors: the cell of an object's centre holds its class, its place in the cell and its size.

Output    (P, 5 + C): tx, ty, tw, th, a logit of an object, a logit a class; S = 1 is the localiser
Box       x = (column + sigmoid(tx)) stride, y alike; w = W sigmoid(tw), h = H sigmoid(th), shares of the input
Source    CNN-book 12.1, 12.2; Redmon et al. 2016
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.data.batches import Encoded
from pellucid.data.boxes.column import Placed
from pellucid.engines.protocol import Term
from pellucid.spec.box_losses import BinaryFocalCrossentropy
from pellucid.spec.losses import BinaryCrossentropy
from pellucid.tasks.detection.codecs.encoded import SURE, Candidates, logit, sigmoid

OBJECT, CLASS, BOX = "object", "class", "box"


@dataclass(frozen=True)
class GridCodec:
    """size (height, width) of the input, which `rows` x `columns` cells cover."""

    size: tuple[int, int]
    classes: int
    cells: tuple[int, int]
    alpha: float = 0.25

    @property
    def numbers(self) -> int:
        return 5 + self.classes

    @property
    def places(self) -> int:
        return self.cells[0] * self.cells[1]

    @property
    def side(self) -> np.ndarray:
        """Width and height of a cell."""
        return np.array([self.size[1] / self.cells[1], self.size[0] / self.cells[0]])

    def at(self, size: tuple[int, int]) -> GridCodec:
        rows, columns = (new * cells // old for new, cells, old in zip(size, self.cells, self.size, strict=True))
        return replace(self, size=size, cells=(rows, columns))

    def terms(self) -> tuple[Term, ...]:
        focal = BinaryFocalCrossentropy(True, self.alpha, from_logits=True)
        return (Term("output", focal, part=OBJECT, columns=(4, 5)),
                Term("output", BinaryCrossentropy(from_logits=True), part=CLASS, columns=(5, self.numbers)),
                Term("output", BinaryCrossentropy(from_logits=True), 5.0, part=BOX, columns=(0, 4)))

    def record(self) -> dict[str, Any]:
        return {"name": "grid", "size": list(self.size), "classes": self.classes, "strides": list(self.cells)}

    def cell_of(self, placed: Placed) -> np.ndarray:
        """(M,) the cell of each object's centre, a border's to the right and below, the far edge's the last."""
        middle = (placed.corners[:, :2] + placed.corners[:, 2:]) / 2 / self.side
        column = np.minimum(middle[:, 0].astype(np.int64), self.cells[1] - 1)
        return np.asarray(np.minimum(middle[:, 1].astype(np.int64), self.cells[0] - 1) * self.cells[1] + column)

    def lost(self, placed: Placed) -> tuple[np.ndarray, np.ndarray]:
        cells = placed.picture * self.places + self.cell_of(placed)
        order = np.argsort(-np.prod(placed.corners[:, 2:] - placed.corners[:, :2], axis=1), kind="stable")
        first = np.zeros(len(cells), bool)
        first[order[np.unique(cells[order], return_index=True)[1]]] = True
        return np.zeros(len(cells), bool), ~first

    def sure(self, targets: np.ndarray) -> np.ndarray:
        return np.concatenate([logit(targets[..., :4]), np.where(targets[..., 4:] == 1, SURE, -SURE)], axis=-1)

    def encode(self, placed: Placed, count: int) -> Encoded:
        targets = np.zeros((count, self.places, self.numbers), np.float32)
        counted, positive = np.ones((count, self.places), bool), np.zeros((count, self.places), bool)
        cells, sides = self.cell_of(placed), placed.corners[:, 2:] - placed.corners[:, :2]
        for row in np.argsort(sides.prod(axis=1), kind="stable").tolist():   # of two in a cell the larger one is learnt
            place = int(placed.picture[row]), int(cells[row])
            if placed.ignored[row]:
                counted[place] = False
                continue
            line, column = divmod(int(cells[row]), self.cells[1])
            middle = (placed.corners[row, :2] + placed.corners[row, 2:]) / 2 / self.side - (column, line)
            targets[place] = 0
            targets[place][:5] = (*middle, sides[row, 0] / self.size[1], sides[row, 1] / self.size[0], 1)
            targets[place][5 + placed.classes[row]] = 1
            positive[place] = True
        counted |= positive
        objects = max(1, int(positive.sum()))
        return Encoded(targets, {OBJECT: np.full(count, counted.sum() / objects, np.float32)},
                       {OBJECT: counted, CLASS: positive, BOX: positive})

    def decode(self, outputs: np.ndarray, least: float) -> Candidates:
        values = sigmoid(outputs.astype(np.float64))
        scores = values[:, 4:5] * values[:, 5:]
        places, classes = np.nonzero(scores >= least)
        corner = np.stack(np.divmod(places, self.cells[1]), -1)[:, ::-1]
        middle = (corner + values[places, :2]) * self.side
        sides = values[places, 2:4] * (self.size[1], self.size[0])
        return Candidates(np.concatenate([middle - sides / 2, middle + sides / 2], axis=1), scores[places, classes],
                          classes)
