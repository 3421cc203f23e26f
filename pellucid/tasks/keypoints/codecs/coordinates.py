"""Coordinates: two numbers a point, the shares of the input's width and height.

Target   x / w, y / h (N,K,2); a network that knows nothing answers the middle, 0.5
Loss     squared, absolute or Huber's error, or wing's, of these shares
Score    1 where the point lies in the picture, else 0: coordinates do not say how sure they are
Source   CNN-book 12.13 (points in the box's own 0..1 coordinates)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.batches import Encoded
from pellucid.engines.protocol import Term
from pellucid.spec.losses import Huber, LossSpec, MeanAbsoluteError, MeanSquaredError
from pellucid.tasks.keypoints.codecs.encoded import parts_of

LOSSES: dict[str, LossSpec] = {"mse": MeanSquaredError(), "mae": MeanAbsoluteError(), "huber": Huber(0.05)}


@dataclass(frozen=True)
class Coordinates:
    """size (height, width) of the input in pixels; loss: a word of LOSSES."""

    size: tuple[int, int]
    points: int
    loss: str = "mse"

    numbers, least = 2, 0.0

    def terms(self) -> tuple[Term, ...]:
        return (Term("output", LOSSES[self.loss]),)

    def record(self) -> dict[str, Any]:
        return {"name": "coordinates", "size": list(self.size), "points": self.points, "loss": self.loss}

    def encode(self, xy: np.ndarray, inside: np.ndarray, weights: np.ndarray | None = None) -> Encoded:
        shares = np.where(inside[..., np.newaxis], xy / self._sides, 0).astype(np.float32)
        return parts_of(self.terms(), inside, weights, shares)

    def decode(self, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        within = ((outputs >= 0) & (outputs <= 1)).all(axis=-1)
        return outputs.astype(np.float64) * self._sides, np.asarray(within, np.float64)

    def sure(self, targets: np.ndarray) -> np.ndarray:
        return targets

    def mirrored(self, outputs: np.ndarray, order: np.ndarray) -> np.ndarray:
        return (outputs * (-1, 1) + (1, 0))[:, order].astype(outputs.dtype)

    @property
    def _sides(self) -> np.ndarray:
        return np.array(self.size[::-1], np.float64)
