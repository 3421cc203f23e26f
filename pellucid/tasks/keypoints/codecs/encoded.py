"""What every codec takes and gives: numbers a point, whatever they mean.

Axes    N samples, K points, D numbers a point
Shapes  xy (N,K,2) in pixels of the input, pixel centres at .5; inside (N,K): marked and in the frame
Mask    a point that is not marked, or outside, has a target of zeros that no loss reads
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from pellucid.data.batches import Encoded
from pellucid.engines.protocol import Term


class Codec(Protocol):
    """How points are written. `size` is (height, width) of the input, `points` K, `numbers` D."""

    @property
    def size(self) -> tuple[int, int]: ...

    @property
    def points(self) -> int: ...

    @property
    def numbers(self) -> int: ...

    def encode(self, xy: np.ndarray, inside: np.ndarray, weights: np.ndarray | None = None) -> Encoded:
        """Targets (N,K,D) with masks (N,K) and weights (N,K), which a sample's weights (N,) give, of each part."""

    def decode(self, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of outputs (N,K,D) the points (N,K,2) in pixels of the input, and how sure each is (N,K), 0 to 1."""

    def sure(self, targets: np.ndarray) -> np.ndarray:
        """What a network gives that has learnt the targets (N,K,D); `decode` reads the points from it."""

    def mirrored(self, outputs: np.ndarray, order: np.ndarray) -> np.ndarray:
        """Outputs for mirror images as those for the pictures; order (K,): which point takes whose place."""

    def terms(self) -> tuple[Term, ...]:
        """The parts of the loss."""

    @property
    def least(self) -> float:
        """The loss of perfect answers: of soft targets it is their entropy."""

    def record(self) -> dict[str, Any]:
        """As JSON."""


def entropy(target: np.ndarray) -> float:
    """That of a target (L,), made to sum to one, in nats."""
    share = target / target.sum()
    return -float(np.sum(share * np.log(np.where(share > 0, share, 1))))


def parts_of(terms: tuple[Term, ...], inside: np.ndarray, weights: np.ndarray | None, targets: np.ndarray) -> Encoded:
    """Targets (N,K,D) with the masks of each part of the loss, and a sample's weight for each of its points."""
    names = [term.counted for term in terms]
    spread = None if weights is None else np.broadcast_to(weights[:, np.newaxis], inside.shape).astype(np.float32)
    return Encoded(targets, {} if spread is None else dict.fromkeys(names, spread), dict.fromkeys(names, inside))
