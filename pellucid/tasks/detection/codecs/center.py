"""Centres with distances: each place says how much it is an object's centre, and how far its four edges are.

Output    (P, C + 4): a logit a class; logarithms of the distances left, up, right, down over the stride of the map
Class     target 1 at the object's own place, exp(-dx^2 / 2sx^2 - dy^2 / 2sy^2) around it, sx = SPREAD w / 6 (TTFNet),
          largest where objects meet; crowds and difficult objects have no target inside them
Edges     learnt at the places of that hill, weighted by it, each object with a weight of 1 in all
Scales    an object belongs to the map whose range its longer side lies in
Source    Zhou, Wang & Kraehenbuehl 2019 (heat map, loss); Liu et al. 2020, TTFNet (hill, weights); Tian et al. 2019
          (distances)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.data.batches import Encoded
from pellucid.data.boxes.column import Placed
from pellucid.engines.protocol import Term
from pellucid.spec.box_losses import EdgeIoU, HeatmapFocalCrossentropy
from pellucid.tasks.detection.codecs.encoded import SURE, Candidates, centres, sigmoid

SPREAD = 0.54       # of an object's side, three standard deviations to each end of its hill
NARROW = 1 / 3      # of a stride, the least standard deviation
EDGE = 0.05         # of the hill, from which on edges are learnt
FOOT = 1e-3         # of the hill, below which it is 0
FARTHEST = 20.0     # logarithm of a distance that is believed
WEIGHT = 2.0        # of the edges' part
LOGARITHMS = 0.1    # of the logarithms of distances beside their boxes: so much that no edge is lost


@dataclass(frozen=True)
class CenterCodec:
    """size (height, width) of the input; strides of the maps, finest first; ends: longest side of each but the last."""

    size: tuple[int, int]
    classes: int
    strides: tuple[int, ...] = (8,)
    ends: tuple[float, ...] = ()

    @property
    def numbers(self) -> int:
        return self.classes + 4

    @property
    def maps(self) -> list[tuple[int, int]]:
        """(height, width) of each map."""
        return [(-(-self.size[0] // stride), -(-self.size[1] // stride)) for stride in self.strides]

    @property
    def places(self) -> int:
        return sum(height * width for height, width in self.maps)

    def at(self, size: tuple[int, int]) -> CenterCodec:
        return replace(self, size=size)

    def terms(self) -> tuple[Term, ...]:
        classes = self.classes
        return (Term("output", HeatmapFocalCrossentropy(), part="class", columns=(0, classes)),
                Term("output", EdgeIoU(logarithms=LOGARITHMS), WEIGHT, part="box", columns=(classes, classes + 4)))

    def record(self) -> dict[str, Any]:
        return {"name": "center", "size": list(self.size), "classes": self.classes, "strides": list(self.strides),
                "ends": list(self.ends)}

    def encode(self, placed: Placed, count: int) -> Encoded:
        targets = np.zeros((count, self.places, self.numbers), np.float32)
        hill = np.zeros((count, self.places), np.float32)
        counted = np.ones((count, self.places), bool)
        sides = placed.corners[:, 2:] - placed.corners[:, :2]
        levels = np.searchsorted(self.ends, sides.max(axis=1), side="left") if len(sides) else np.zeros(0, np.int64)
        for index in np.argsort(-sides.prod(axis=1), kind="stable").tolist():        # small ones last, on top
            picture, level = int(placed.picture[index]), int(levels[index])
            start = sum(height * width for height, width in self.maps[:level])
            at = slice(start, start + self.maps[level][0] * self.maps[level][1])
            if placed.ignored[index]:
                counted[picture] &= ~self._inside(placed.corners[index])
                continue
            self._write(placed.corners[index], int(placed.classes[index]), level, targets[picture, at],
                        hill[picture, at])
        counted |= targets[..., : self.classes].max(axis=-1) == 1
        objects = max(1, int((~placed.ignored).sum()))
        edges = hill > 0
        return Encoded(
            targets, {"class": np.full(count, self.classes * counted.sum() / objects, np.float32),
                      "box": hill * np.float32(edges.sum() / objects)},
            {"class": counted, "box": edges},
        )  # fmt: skip

    def sure(self, targets: np.ndarray) -> np.ndarray:
        heat, edges = targets[..., : self.classes], targets[..., self.classes :].astype(np.float64)
        return np.concatenate([np.where(heat == 1, SURE, -SURE), np.log(np.maximum(edges, 1e-9))], axis=-1)

    def lost(self, placed: Placed) -> tuple[np.ndarray, np.ndarray]:
        sides = placed.corners[:, 2:] - placed.corners[:, :2]
        levels = np.searchsorted(self.ends, sides.max(axis=1), side="left")
        strides = np.array(self.strides)[levels][:, np.newaxis]
        middle = (placed.corners[:, :2] + placed.corners[:, 2:]) / 2
        spots = (np.floor(middle / strides) + 0.5) * strides
        small = ((spots < placed.corners[:, :2]) | (spots > placed.corners[:, 2:])).any(axis=1)
        keys = np.column_stack([placed.picture, placed.classes, levels, (spots / strides).astype(np.int64)])
        _, place, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
        first = np.zeros(len(keys), bool)
        first[np.unique(place.ravel(), return_index=True)[1]] = True
        return small, (counts[place.ravel()] > 1) & ~first

    def _inside(self, box: np.ndarray) -> np.ndarray:
        """Which places (P,) lie in a box."""
        spots = np.concatenate([centres(*size, stride) for size, stride in zip(self.maps, self.strides, strict=True)])
        return np.asarray(((spots >= box[:2]) & (spots <= box[2:])).all(axis=1))

    def _write(self, box: np.ndarray, number: int, level: int, targets: np.ndarray, hill: np.ndarray) -> None:
        """Put one object into the targets (p,K) and weights (p,) of its map."""
        stride, (height, width) = self.strides[level], self.maps[level]
        x1, y1, x2, y2 = box.tolist()
        column = min(int((x1 + x2) / 2 / stride), width - 1)
        row = min(int((y1 + y2) / 2 / stride), height - 1)
        spread_x, spread_y = (max(SPREAD * side / 6, NARROW * stride) for side in (x2 - x1, y2 - y1))
        reach_x, reach_y = (int(3.8 * spread / stride) + 1 for spread in (spread_x, spread_y))
        left, right = max(0, column - reach_x), min(width, column + reach_x + 1)
        top, bottom = max(0, row - reach_y), min(height, row + reach_y + 1)
        across, down = (np.arange(left, right) - column) * stride, (np.arange(top, bottom) - row) * stride
        around = np.exp(-(across**2) / (2 * spread_x**2))[None] * np.exp(-(down**2) / (2 * spread_y**2))[:, None]
        around[around < FOOT] = 0
        at = (np.arange(top, bottom)[:, None] * width + np.arange(left, right)).ravel()
        heat = targets[:, number]
        heat[at] = np.maximum(heat[at], around.ravel())
        x, y = (np.arange(left, right) + 0.5) * stride, (np.arange(top, bottom) + 0.5) * stride
        inside = ((x > x1) & (x < x2))[None] & ((y > y1) & (y < y2))[:, None] & (around > EDGE)
        inside[row - top, column - left] = True
        rows, columns = np.nonzero(inside)
        weights, spots = around[inside], at.reshape(inside.shape)[inside]
        edges = np.stack([x[columns] - x1, y[rows] - y1, x2 - x[columns], y2 - y[rows]], axis=1)
        targets[spots, self.classes :] = np.maximum(edges, 0.01 * stride) / stride
        hill[spots] = weights / weights.sum()

    def decode(self, outputs: np.ndarray, least: float) -> Candidates:
        scores = sigmoid(outputs[:, : self.classes].astype(np.float64))
        places, classes = np.nonzero(scores >= least)
        spots = np.concatenate([centres(*size, stride) for size, stride in zip(self.maps, self.strides, strict=True)])
        strides = np.repeat(self.strides, [height * width for height, width in self.maps])
        edges = np.exp(np.clip(outputs[places, self.classes :].astype(np.float64), -FARTHEST, FARTHEST))
        edges *= strides[places, np.newaxis]
        middle = spots[places]
        boxes = np.concatenate([middle - edges[:, :2], middle + edges[:, 2:]], axis=1)
        return Candidates(boxes, scores[places, classes], classes)
