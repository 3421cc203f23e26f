"""What every codec takes and gives: targets of the places of a network's maps, and candidates from its outputs.

Axes   B pictures, P places (or anchors) of all maps, K numbers a place, C classes
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from pellucid.data.batches import Encoded
from pellucid.data.boxes.column import Placed
from pellucid.engines.protocol import Term


@dataclass(frozen=True, eq=False)
class Candidates:
    """What one picture's outputs say before any is suppressed: boxes (N,4) in pixels of the input, scores, classes."""

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray


class Codec(Protocol):
    """How boxes are written at places. `numbers` is K, `places` P."""

    @property
    def size(self) -> tuple[int, int]: ...

    @property
    def classes(self) -> int: ...

    @property
    def numbers(self) -> int: ...

    @property
    def places(self) -> int: ...

    def at(self, size: tuple[int, int]) -> Codec:
        """The same for an input of another size, whose sides its places cover as evenly."""

    def encode(self, placed: Placed, count: int) -> Encoded:
        """Targets (B,P,K) of `count` pictures, with the weights and masks of each part of the loss."""

    def decode(self, outputs: np.ndarray, least: float) -> Candidates:
        """Of one picture's outputs (P,K), as the network gives them, all candidates of a score from `least` on."""

    def sure(self, targets: np.ndarray) -> np.ndarray:
        """What a network gives that is sure of the targets (...,P,K); `decode` reads the objects from it."""

    def lost(self, placed: Placed) -> tuple[np.ndarray, np.ndarray]:
        """Which objects (M,) are too small, or fit too badly, for any place, and which find theirs taken."""

    def terms(self) -> tuple[Term, ...]:
        """The parts of the loss."""

    def record(self) -> dict[str, Any]:
        """As JSON."""


def centres(height: int, width: int, stride: int) -> np.ndarray:
    """(P,2) x and y of the middles of a map's places, in pixels of the input."""
    across, down = (np.arange(width) + 0.5) * stride, (np.arange(height) + 0.5) * stride
    return np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)


def beside_name(output: str, part: str) -> str:
    """What a part of the loss of an output for training only is called."""
    return f"{output}_{part}"


def also(made: Encoded, outputs: Sequence[str]) -> Encoded:
    """The same for outputs for training only, which read the targets of the one that predicts."""
    weights, masks = ({**own, **{beside_name(output, part): each for output in outputs for part, each in own.items()}}
                      for own in (made.weights, made.masks))  # fmt: skip
    return Encoded(made.targets, weights, masks)


SURE = 20.0     # a logit


def logit(p: np.ndarray) -> np.ndarray:
    """The inverse of `sigmoid`, finite at 0 and 1."""
    p = np.clip(p.astype(np.float64), 1e-12, 1 - 1e-12)
    return np.asarray(np.log(p / (1 - p)))


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-z) without overflow."""
    return np.asarray(np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z)))))


def softmax(z: np.ndarray) -> np.ndarray:
    """Of the last axis, without overflow."""
    raised = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))
