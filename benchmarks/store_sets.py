"""Sets of random pictures, as large as asked for and never in memory, that benchmarks and tests of stores write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.annotations import Classes
from pellucid.data.dataset import Dataset, Part, numbered
from pellucid.data.store.writing import write_hdf5

CLASSES = 4


class Drawn:
    """N pictures (N, H, W, C) of bytes, each drawn from its number when it is taken; a class has a brightness."""

    dtype = np.dtype(np.uint8)

    def __init__(self, count: int, size: tuple[int, int, int]) -> None:
        self.shape = (count, *size)

    def __len__(self) -> int:
        return self.shape[0]

    def take(self, indices: Any) -> np.ndarray:
        """Copies of the pictures at `indices` (B,)."""
        taken = np.empty((len(indices), *self.shape[1:]), np.uint8)
        for place, index in enumerate(indices):
            random = np.random.default_rng(int(index))
            taken[place] = (np.frombuffer(random.bytes(taken[place].size), np.uint8).reshape(self.shape[1:]) >> 1)
            taken[place] += np.uint8(30 * (index % CLASSES))
        return taken


def drawn(count: int, size: tuple[int, int, int]) -> Dataset:
    """`count` pictures of four classes, undivided."""
    ids = numbered({"train": count})["train"]
    part = Part(Drawn(count, size), Classes(np.arange(count) % CLASSES), [f"{row}.png" for row in ids], ids)
    return Dataset("drawn", {"train": part}, tuple(f"class {number}" for number in range(CLASSES)),
                   tuple(f"w{number + 1}" for number in range(size[2])), "0" * 64, undivided=True)


def stored(path: Path, count: int, size: tuple[int, int, int]) -> Path:
    """The store of such a set, written unless it is there."""
    if not path.exists():
        write_hdf5(drawn(count, size), path)
    return path
