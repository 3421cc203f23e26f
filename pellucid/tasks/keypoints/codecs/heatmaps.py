"""Heat maps: a map a point, a hill of Gaussian form around it.

Target   exp(-((i - u)^2 + (j - v)^2) / 2 s^2) at pixel (j, i) of the map, u = x/a - 1/2, v = y/b - 1/2 for map pixels
         of a x b input pixels: 1 where the point lies on a pixel's centre, its sum about 2 pi s^2
Loss     mse: the maps themselves. crossentropy: of softmax over the map's pixels, against the hill made to sum to one
Read     as peaks.py says
Score    mse: the largest value, at most 1. crossentropy: the probability within two s of the answer
Source   CNN-book 12.14; Newell, Yang & Deng 2016; Sun et al. 2018 (mean)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.batches import Encoded
from pellucid.engines.protocol import Term
from pellucid.spec.losses import CategoricalCrossentropy, MeanSquaredError
from pellucid.tasks.keypoints.codecs import peaks
from pellucid.tasks.keypoints.codecs.encoded import entropy, parts_of

LOSSES = ("mse", "crossentropy")
TINY = 1e-12       # of a map, before its logarithm is taken
SURE = 2.0         # spreads around an answer, in which its probability is counted


@dataclass(frozen=True)
class HeatMaps:
    """size (height, width) of the input, maps (h, w) of each point's map, in pixels; spread: s, in pixels of the map.

    loss: a word of LOSSES; way: how a map is read, a word of peaks.WAYS.
    """

    size: tuple[int, int]
    points: int
    maps: tuple[int, int]
    spread: float = 1.0
    loss: str = "crossentropy"
    way: str = "window"

    @property
    def numbers(self) -> int:
        return self.maps[0] * self.maps[1]

    @property
    def pixel(self) -> np.ndarray:
        """Width and height of a map pixel, in pixels of the input."""
        return np.array([self.size[1] / self.maps[1], self.size[0] / self.maps[0]])

    def terms(self) -> tuple[Term, ...]:
        if self.loss == "mse":
            return (Term("output", MeanSquaredError()),)
        return (Term("output", CategoricalCrossentropy(from_logits=True)),)

    @property
    def least(self) -> float:
        if self.loss == "mse":
            return 0.0
        return sum(entropy(hills(np.array(length // 2), length, self.spread)) for length in self.maps)

    def record(self) -> dict[str, Any]:
        return {"name": "heatmaps", "size": list(self.size), "points": self.points, "maps": list(self.maps),
                "spread": self.spread, "loss": self.loss, "way": self.way}  # fmt: skip

    def encode(self, xy: np.ndarray, inside: np.ndarray, weights: np.ndarray | None = None) -> Encoded:
        at = np.where(inside[..., np.newaxis], xy, 0) / self.pixel - 0.5
        across, down = (hills(at[..., axis], self.maps[1 - axis], self.spread) for axis in (0, 1))
        if self.loss != "mse":
            across, down = (line / np.maximum(line.sum(axis=-1, keepdims=True), TINY) for line in (across, down))
        across = across * inside[..., np.newaxis]
        maps = np.einsum("nkj,nki->nkji", down.astype(np.float32), across.astype(np.float32))
        return parts_of(self.terms(), inside, weights, maps.reshape(*inside.shape, self.numbers))

    def decode(self, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        maps = outputs.reshape(-1, *self.maps)                                        # (N*K,h,w)
        logs = np.log(np.maximum(maps, TINY)) if self.loss == "mse" else maps
        at = self._read(maps, logs)
        score = np.clip(maps.max(axis=(1, 2)), 0, 1) if self.loss == "mse" else self._near(logs, at)
        shape = outputs.shape[:2]
        return ((at + 0.5) * self.pixel).reshape(*shape, 2), score.astype(np.float64).reshape(shape)

    def _read(self, maps: np.ndarray, logs: np.ndarray) -> np.ndarray:
        """The answers (M,2) in pixels of the maps."""
        if self.way == "mean":
            whole = np.maximum(maps, 0) if self.loss == "mse" else np.exp(maps - maps.max(axis=(1, 2), keepdims=True))
            return peaks.mean(whole.astype(np.float64))
        if self.way == "peak":
            return peaks.largest(logs)
        return {"window": peaks.window, "quarter": peaks.quarter, "taylor": peaks.taylor}[self.way](logs, self.spread)

    def _near(self, logs: np.ndarray, at: np.ndarray) -> np.ndarray:
        """The probability (M,) within SURE spreads of an answer, on each axis."""
        top = logs.max(axis=(1, 2))[:, np.newaxis, np.newaxis]
        shares = logs - top
        total = np.exp(shares, out=shares).sum(axis=(1, 2))
        middle, reach = np.rint(at).astype(np.int64), math.ceil(SURE * self.spread) + 1
        steps = (middle - at)[..., np.newaxis] + np.arange(-reach, reach + 1)
        columns, rows = (np.abs(steps) <= SURE * self.spread).swapaxes(0, 1)
        near = np.exp(peaks.about(logs, middle, reach) - top)
        inside = np.where(rows[:, :, np.newaxis] & columns[:, np.newaxis], near, 0).sum(axis=(1, 2))
        return np.asarray(np.minimum(1.0, inside / total))

    def sure(self, targets: np.ndarray) -> np.ndarray:
        return targets if self.loss == "mse" else np.log(np.maximum(targets, TINY))

    def mirrored(self, outputs: np.ndarray, order: np.ndarray) -> np.ndarray:
        maps = outputs.reshape(*outputs.shape[:2], *self.maps)[:, order, :, ::-1]
        return maps.reshape(outputs.shape)


def hills(at: np.ndarray, length: int, spread: float) -> np.ndarray:
    """Gaussians (...,length) of peak 1 around places (...,), in pixels whose centres are whole numbers."""
    return np.asarray(np.exp(-((np.arange(length) - at[..., np.newaxis]) ** 2) / (2 * spread**2)))
