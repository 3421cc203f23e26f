"""Windows of a picture at several scales: those of a grid, all of them, or some drawn at random.

Shapes  a picture (H, W, C) -> windows (N, h, w, C) and their boxes (N, 4) x1, y1, x2, y2 in pixels of the picture
Scales  the picture itself, and shrunk to 3/4 of each side again and again, while a window fits into it
Source  CNN-book 11.13; Viola & Jones 2001, section 5 (there the window grows)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pellucid.data.fitting import fit_pixels
from pellucid.data.images import Array

SHRINK = 0.75
AT_ONCE = 4096  # windows


@dataclass(frozen=True)
class Look:
    """How pictures are looked at: the window (height, width), pixels between two of them, at most how many scales."""

    window: tuple[int, int]
    step: int
    scales: int

    def fits(self, picture: Array) -> bool:
        """Whether a window fits into a picture."""
        return all(side >= own for side, own in zip(picture.shape[:2], self.window, strict=True))

    def scaled(self, picture: Array) -> list[Array]:
        """The picture at each scale, the largest first."""
        found = [picture]
        for number in range(1, self.scales):
            height, width = (round(side * SHRINK**number) for side in picture.shape[:2])
            if height < self.window[0] or width < self.window[1]:
                break
            found.append(fit_pixels(picture, (height, width)))
        return found

    def all(self, picture: Array) -> Iterator[tuple[Array, Array]]:
        """The windows of the grid and their boxes, some thousand at a time; the last of a line touches the edge."""
        for one in self.scaled(picture):
            down, across = (np.unique(np.append(np.arange(0, side - own + 1, self.step), side - own))
                            for side, own in zip(one.shape[:2], self.window, strict=True))  # fmt: skip
            corners = np.stack(np.meshgrid(down, across, indexing="ij"), axis=-1).reshape(-1, 2)
            for start in range(0, len(corners), AT_ONCE):
                some = corners[start : start + AT_ONCE]
                yield self.cut(one, some), self.boxes(some, one, picture)

    def some(self, picture: Array, count: int, generator: np.random.Generator) -> Array:
        """(count, h, w, C) windows anywhere, those of a scale in proportion to its places."""
        every = self.scaled(picture)
        room = np.array([[side - own + 1 for side, own in zip(one.shape[:2], self.window, strict=True)]
                         for one in every])  # fmt: skip
        places = room.prod(axis=1)
        share = generator.multinomial(count, places / places.sum())
        return np.concatenate([self.cut(one, generator.integers(0, free, (many, 2)))
                               for one, free, many in zip(every, room, share.tolist(), strict=True)])  # fmt: skip

    def cut(self, picture: Array, corners: Array) -> Array:
        """(N, h, w, C) the windows whose first row and column are `corners` (N, 2)."""
        views = sliding_window_view(picture, self.window, axis=(0, 1))
        return np.ascontiguousarray(np.moveaxis(views[corners[:, 0], corners[:, 1]], 1, -1))

    def boxes(self, corners: Array, scaled: Array, picture: Array) -> Array:
        """(N, 4) the same windows in pixels of the picture."""
        ends = np.concatenate([corners[:, ::-1], corners[:, ::-1] + np.array(self.window)[::-1]], axis=1)
        back = np.array(picture.shape[1::-1]) / np.array(scaled.shape[1::-1])
        return np.asarray(ends * np.tile(back, 2))
