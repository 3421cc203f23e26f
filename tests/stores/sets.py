"""Data sets to be stored: any number of channels and dtype, groups, numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from pellucid.data.annotations import Annotations, Classes, Numbers
from pellucid.data.dataset import Dataset, NumberedNames, Part, numbered
from pellucid.data.images import ArrayImages

SIZES = {"train": 11, "validation": 3, "test": 5}


def arrays(shape: tuple[int, int, int], dtype: str, count: int, seed: int = 0) -> np.ndarray:
    """(count, *shape) random numbers of all sizes that the dtype has."""
    random = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return random.normal(size=(count, *shape)).astype(dtype)
    return random.integers(0, np.iinfo(dtype).max, (count, *shape), dtype, endpoint=True)


def dataset(shape: tuple[int, int, int] = (5, 4, 6), dtype: str = "u2", *, groups: bool = True, numbers: bool = False,
            scale: int = 1) -> Dataset:
    """A data set of three parts with named channels, its groups apart."""
    ids = numbered({part: count * scale for part, count in SIZES.items()})
    parts = {}
    for place, (name, rows) in enumerate(ids.items()):
        known: Annotations = Classes(np.arange(len(rows)) % 3)
        if numbers:
            known = Numbers(np.random.default_rng(place).normal(size=(len(rows), 2)), ("width", "mass"), ("mm", ""))
        parts[name] = Part(ArrayImages(arrays(shape, dtype, len(rows), place)), known,
                           NumberedNames(name, rows.tolist()), rows,
                           np.array([f"{name} well ä{row % 4}" for row in rows]) if groups else None)
    return Dataset("screen", parts, () if numbers else ("a", "bé", "c"), tuple(f"w{c}" for c in range(shape[2])),
                   "f" * 64)


def write_folder(folder: Path, count: int = 12, size: int = 9) -> Path:
    """train/ and test/ of two classes, PNG, one darker at the top than the other; a copy in train."""
    random = np.random.default_rng(3)
    for part, many in (("train", count), ("test", count // 2)):
        for number in range(2 * many):
            pixels = random.integers(0, 120, (size, size - 1, 3), dtype=np.uint8)
            pixels[: size // 2] += 120 * (number % 2)
            path = folder / part / ("day", "night")[number % 2] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    first = folder / "train" / "day" / "0.png"
    (folder / "train" / "day" / "copy.png").write_bytes(first.read_bytes())
    return folder
