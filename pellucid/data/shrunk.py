"""Pictures as they look after they were small: brought to a shorter side of so many pixels, and back.

Shapes  (B, H, W, C) -> (B, H, W, C)
Source  Singh & Davis 2018 (SNIP), section 3; CNN-book 12.11
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.fitting import fit_pixels
from pellucid.data.images import Array, Images


@dataclass(frozen=True)
class ShrunkImages:
    """Images shrunk to a shorter side of `side` pixels when they are taken, and enlarged again."""

    source: Images
    side: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return self.source.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.source.dtype

    def __len__(self) -> int:
        return len(self.source)

    @property
    def small(self) -> tuple[int, int]:
        """(height, width) in between."""
        _, height, width, _ = self.shape
        height, width = (max(1, round(self.side * own / min(self.shape[1:3]))) for own in (height, width))
        return height, width

    def take(self, indices: Array) -> Array:
        """Copies of the images at `indices` (B,)."""
        whole = self.shape[1:3]
        return np.stack([fit_pixels(fit_pixels(one, self.small), whole) for one in self.source.take(indices)])
