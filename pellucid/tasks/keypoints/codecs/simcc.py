"""Rows and columns: for each point one distribution over the columns of the picture, and one over its rows.

Target   Gaussians of `spread` bins around the point that sum to one; `bins` of them a pixel of the input; the W bins of
         the columns come first, then the H of the rows
Loss     cross-entropy of each, of logits
Read     the largest bin and the top of the parabola through its logarithm and its neighbours'
Score    the less sure one of the two: the probability within two spreads of the answer
Source   Li et al. 2022, SimCC
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.batches import Encoded
from pellucid.engines.protocol import Term
from pellucid.spec.losses import CategoricalCrossentropy
from pellucid.tasks.keypoints.codecs.encoded import entropy, parts_of
from pellucid.tasks.keypoints.codecs.heatmaps import SURE, TINY, hills


@dataclass(frozen=True)
class SimCC:
    """size (height, width) of the input in pixels; bins a pixel; spread of a target in bins."""

    size: tuple[int, int]
    points: int
    bins: float = 2.0
    spread: float = 4.0

    @property
    def lengths(self) -> tuple[int, int]:
        """Bins of the columns and of the rows."""
        return round(self.size[1] * self.bins), round(self.size[0] * self.bins)

    @property
    def numbers(self) -> int:
        return sum(self.lengths)

    def terms(self) -> tuple[Term, ...]:
        loss, (across, down) = CategoricalCrossentropy(from_logits=True), self.lengths
        return (Term("output", loss, part="columns", columns=(0, across)),
                Term("output", loss, part="rows", columns=(across, across + down)))  # fmt: skip

    @property
    def least(self) -> float:
        return sum(entropy(hills(np.array(length // 2), length, self.spread)) for length in self.lengths)

    def record(self) -> dict[str, Any]:
        return {"name": "simcc", "size": list(self.size), "points": self.points, "bins": self.bins,
                "spread": self.spread}  # fmt: skip

    def encode(self, xy: np.ndarray, inside: np.ndarray, weights: np.ndarray | None = None) -> Encoded:
        at = np.where(inside[..., np.newaxis], xy, 0) / self._bin - 0.5
        lines = [hills(at[..., axis], self.lengths[axis], self.spread) for axis in (0, 1)]
        both = [line / np.maximum(line.sum(axis=-1, keepdims=True), TINY) * inside[..., np.newaxis] for line in lines]
        return parts_of(self.terms(), inside, weights, np.concatenate(both, axis=-1).astype(np.float32))

    def decode(self, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        places, scores = [], []
        for line in np.split(outputs.astype(np.float64), [self.lengths[0]], axis=-1):
            logs = line - line.max(axis=-1, keepdims=True)
            shares = np.exp(logs) / np.exp(logs).sum(axis=-1, keepdims=True)
            at = top(logs)
            near = np.abs(np.arange(line.shape[-1]) - at[..., np.newaxis]) <= SURE * self.spread
            places.append(at)
            scores.append((shares * near).sum(axis=-1))
        xy = (np.stack(places, axis=-1) + 0.5) * self._bin
        return np.asarray(xy), np.asarray(np.minimum(scores[0], scores[1]))

    def sure(self, targets: np.ndarray) -> np.ndarray:
        return np.asarray(np.log(np.maximum(targets, TINY)))

    def mirrored(self, outputs: np.ndarray, order: np.ndarray) -> np.ndarray:
        across = self.lengths[0]
        return np.concatenate([outputs[:, order, :across][..., ::-1], outputs[:, order, across:]], axis=-1)

    @property
    def _bin(self) -> np.ndarray:
        """Width and height of a bin, in pixels of the input."""
        return np.array(self.size[::-1]) / self.lengths


def top(logs: np.ndarray) -> np.ndarray:
    """(...,) the top of the parabola through the largest of (...,L) logarithms and its two neighbours."""
    best = logs.argmax(axis=-1)
    inner = (best > 0) & (best < logs.shape[-1] - 1)
    near = np.clip(best[..., np.newaxis] + (-1, 0, 1), 0, logs.shape[-1] - 1)
    left, middle, right = np.moveaxis(np.take_along_axis(logs, near, axis=-1), -1, 0)
    bend = left - 2 * middle + right
    able = inner & (bend < 0)
    return np.asarray(best + np.where(able, (left - right) / (2 * np.where(able, bend, -1.0)), 0))
