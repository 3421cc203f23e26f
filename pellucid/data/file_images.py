"""Pictures that stay in their files (or in a tar) and are decoded when they are taken.

Shapes  take(indices (B,)) -> (B, H, W, C) of one dtype
Memory  decoded pictures are kept when all of them together are under KEEP_BYTES, else decoded again each time
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.data.channels import names_of
from pellucid.data.images import Array
from pellucid.data.options import Options
from pellucid.data.picture_files import Unreadable, Unsupported
from pellucid.data.planes import read_source
from pellucid.data.sources import Source

KEEP_BYTES = 1 << 30


class FileImages:
    """N pictures decoded on demand as `options` say, which name a size and channels; all of one dtype."""

    def __init__(self, sources: Sequence[Source], options: Options, dtype: np.dtype[Any]) -> None:
        self.sources, self.options, self._dtype = tuple(sources), options, dtype
        height, width = options.resize or (0, 0)
        depth = len(names_of(options.channels or ""))
        self.shape: tuple[int, int, int, int] = (len(self.sources), height, width, depth)
        kept = int(np.prod(self.shape)) * dtype.itemsize < KEEP_BYTES
        self._decoded: Array | None = np.empty(self.shape, dtype) if kept else None
        self._have = np.zeros(len(self.sources), bool)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._dtype

    def __len__(self) -> int:
        return len(self.sources)

    def take(self, indices: Array) -> Array:
        """Copies of the pictures at `indices` (B,), (B, H, W, C). Raises FileError naming a picture that is broken."""
        indices = np.asarray(indices)
        if self._decoded is None:
            chosen = np.empty((len(indices), *self.shape[1:]), self._dtype)
            for row, index in enumerate(indices):
                chosen[row] = self._decode(int(index))
            return chosen
        for index in np.unique(indices[~self._have[indices]]):
            self._decoded[index] = self._decode(int(index))
            self._have[index] = True
        return self._decoded.take(indices, axis=0)

    def broken(self) -> dict[int, Unreadable | Unsupported]:
        """What is wrong with each picture that cannot be decoded; all are tried."""
        found: dict[int, Unreadable | Unsupported] = {}
        for index in range(len(self)):
            try:
                self.take(np.array([index]))
            except (Unreadable, Unsupported) as fault:
                found[index] = fault
        return found

    def _decode(self, index: int) -> Array:
        source = self.sources[index]
        pixels = read_source(source, self.options)
        if pixels.dtype != self._dtype:
            raise Unreadable(source.where, f"the picture was {self._dtype} when the data set was opened and is now "
                             f"{pixels.dtype}", "Open the data set again.")
        return pixels
