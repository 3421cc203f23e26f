"""Heat maps: a map a point, a hill of Gaussian form around it.

Target   exp(-((i - u)^2 + (j - v)^2) / 2 s^2) at pixel (j, i) of the map, u = x/a - 1/2, v = y/b - 1/2 for map pixels
         of a x b input pixels: 1 where the point lies on a pixel's centre, its sum about 2 pi s^2
Loss     mse: the maps themselves. crossentropy: of softmax over the map's pixels, against the hill made to sum to one
Read     as peaks.py says
Score    mse: the largest value, at most 1. crossentropy: the probability within two s of the answer
Source   CNN-book 12.14; Newell, Yang & Deng 2016; Sun et al. 2018 (mean)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.batches import Encoded
from pellucid.engines.protocol import Term
from pellucid.spec.losses import CategoricalCrossentropy, MeanSquaredError
from pellucid.tasks.keypoints.codecs import peaks
from pellucid.tasks.keypoints.codecs.encoded import parts_of

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
        count = outputs.shape[0] * outputs.shape[1]
        maps = outputs.reshape(count, *self.maps).astype(np.float64)                  # (N*K,h,w)
        if self.loss == "mse":
            shares, logs = np.maximum(maps, 0), np.log(np.maximum(maps, TINY))
        else:
            logs = maps - maps.max(axis=(1, 2), keepdims=True)
            shares = np.exp(logs)
            shares /= shares.sum(axis=(1, 2), keepdims=True)
        at = self._read(shares, logs)
        score = np.minimum(1.0, shares.max(axis=(1, 2)) if self.loss == "mse" else self._near(shares, at))
        shape = outputs.shape[:2]
        return ((at + 0.5) * self.pixel).reshape(*shape, 2), score.reshape(shape)

    def _read(self, shares: np.ndarray, logs: np.ndarray) -> np.ndarray:
        """The answers (M,2) in pixels of the maps."""
        if self.way == "mean":
            return peaks.mean(shares)
        if self.way == "peak":
            return peaks.largest(logs)
        if self.way == "window":
            return peaks.window(shares, self.spread)
        return (peaks.quarter if self.way == "quarter" else peaks.taylor)(logs, self.spread)

    def _near(self, shares: np.ndarray, at: np.ndarray) -> np.ndarray:
        """The probability (M,) within SURE spreads of an answer, on each axis."""
        reach = SURE * self.spread
        rows, columns = (np.abs(np.arange(length) - at[:, axis, np.newaxis]) <= reach
                         for length, axis in zip(self.maps, (1, 0), strict=True))  # fmt: skip
        return np.asarray(np.einsum("mij,mi,mj->m", shares, rows, columns))

    def sure(self, targets: np.ndarray) -> np.ndarray:
        return targets if self.loss == "mse" else np.log(np.maximum(targets, TINY))

    def mirrored(self, outputs: np.ndarray, order: np.ndarray) -> np.ndarray:
        maps = outputs.reshape(*outputs.shape[:2], *self.maps)[:, order, :, ::-1]
        return maps.reshape(outputs.shape)


def hills(at: np.ndarray, length: int, spread: float) -> np.ndarray:
    """Gaussians (...,length) of peak 1 around places (...,), in pixels whose centres are whole numbers."""
    return np.asarray(np.exp(-((np.arange(length) - at[..., np.newaxis]) ** 2) / (2 * spread**2)))
