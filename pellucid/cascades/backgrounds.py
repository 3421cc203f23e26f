"""Pictures without an object: read in their own size, in the channels of the objects, and divided into three parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.cascades.windows import Look
from pellucid.data.endings import is_picture
from pellucid.data.fingerprint import fingerprint_arrays, fingerprint_files
from pellucid.data.images import Array
from pellucid.data.listing import scan_folder
from pellucid.data.single import read_image
from pellucid.errors import DataError, UsageError, describe, shown
from pellucid.keys import Key
from pellucid.words import user_path

SHARES = {"test": 0.2, "validation": 0.2}  # of the pictures; the others are learnt from
FEWEST = 5


@dataclass(frozen=True)
class Backgrounds:
    """The files of one part; `reading` are the keywords of `read_image`."""

    files: Sequence[Path]
    reading: Mapping[str, Any]
    look: Look
    dtype: np.dtype[Any]

    def __len__(self) -> int:
        return len(self.files)

    def picture(self, number: int) -> Array:
        """(H, W, C). Raises DataError for one that no window fits into, or of another depth than the objects."""
        name = str(self.files[number])
        pixels = read_image(name, **self.reading)
        if not self.look.fits(pixels):
            wanted, got = (f"{height}x{width}" for height, width in (self.look.window, pixels.shape[:2]))
            raise DataError(describe(name, "a picture of --background", f"at least {wanted} pixels, the window's", got,
                                     "Remove it, or choose a smaller window with --resize."))
        if pixels.dtype != self.dtype:
            raise DataError(describe(name, "a picture of --background", f"{self.dtype} as the objects", pixels.dtype))
        return pixels

    def pictures(self) -> Iterator[Array]:
        """One after the other."""
        yield from map(self.picture, range(len(self)))

    def fingerprint(self) -> str:
        """sha256 (hex) of all of them; it reads each once, so that one that does not fit is told before any round."""
        return fingerprint_files({str(number): fingerprint_arrays({"picture": pixels})
                                  for number, pixels in enumerate(self.pictures())})  # fmt: skip


def divided(folder: str, key: Key, reading: Mapping[str, Any], look: Look, dtype: np.dtype[Any],
            ) -> dict[str, Backgrounds]:  # fmt: skip
    """The pictures below a folder as three parts, drawn from the key. Raises UsageError for too few."""
    place = user_path(folder)
    if not place.is_dir():
        raise UsageError(describe("cascade", "--background", "a folder of pictures without an object", shown(folder)))
    files = [source.file for source in scan_folder(place).sources if is_picture(source.path)]
    if len(files) < FEWEST:
        raise UsageError(describe("cascade", "--background", f"a folder of at least {FEWEST} pictures, some of which "
                                  "are kept for validation and test", f"one of {len(files)}"))
    order = key.fold("background").generator().permutation(len(files))
    ends = np.cumsum([0, *(max(1, round(share * len(files))) for share in SHARES.values())]).tolist()
    parts = dict(zip(SHARES, (order[start:end] for start, end in pairwise(ends)), strict=True))
    return {name: Backgrounds([Path(files[number]) for number in np.sort(own)], reading, look, dtype)
            for name, own in {"train": order[ends[-1] :], **parts}.items()}  # fmt: skip
