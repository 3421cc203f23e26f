"""Several channels in one picture: each has a colour of its own, and what they add up to is seen.

Shapes   pixels (..., C), C colours (3,) of 0..255 -> (..., 3)
Formula  sum over channels of min(x / brightest, 1) * colour, cut at 255
Source   rxrx1-utils, rxrx/io.py (Recursion): the colours and ranges of the six stains of RxRx1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.data.images import Array

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Stain:
    """The colour that stands for a channel, in a word too, and the value (of 255) at which it shines full."""

    colour: Colour
    word: str
    brightest: float


STAINS = {
    "nuclei": Stain((19, 0, 249), "blue", 51), "er": Stain((42, 255, 31), "green", 107),
    "actin": Stain((255, 0, 25), "red", 64), "nucleoli": Stain((45, 255, 252), "cyan", 191),
    "mitochondria": Stain((250, 0, 253), "magenta", 89), "golgi": Stain((254, 255, 40), "yellow", 191),
}  # fmt: skip
PALETTE: dict[str, Colour] = {
    "blue": (60, 90, 255), "green": (40, 220, 40), "red": (255, 60, 50), "cyan": (0, 220, 220),
    "magenta": (255, 0, 255), "yellow": (255, 230, 0), "orange": (255, 140, 0), "grey": (190, 190, 190),
}  # fmt: skip


def coloured(names: Sequence[str]) -> list[tuple[str, Colour]]:
    """A colour for each channel, with its word: those of known stains, else the next of the palette that none has."""
    taken = {STAINS[name].word for name in names if name in STAINS}
    free = [word for word in PALETTE if word not in taken]
    unknown = [name for name in names if name not in STAINS]
    return [(STAINS[name].word, STAINS[name].colour) if name in STAINS else
            (word := free[unknown.index(name) % len(free)], PALETTE[word]) for name in names]


def legend(names: Sequence[str]) -> str:
    """`nuclei blue, er green`: which colour stands for which channel."""
    return ", ".join(f"{name} {word}" for name, (word, _) in zip(names, coloured(names), strict=True))


def blended(shares: Array, colours: Sequence[Colour]) -> Array:
    """Channels from 0 to 1 (..., C) in these colours, added up and cut at 1 (..., 3)."""
    mixed: Array = np.minimum(shares @ (np.array(colours) / 255), 1)
    return mixed


def composite(pixels: Array, colours: Sequence[Colour], brightest: Sequence[float]) -> Array:
    """The channels of pixels (..., C) in these colours, added up, of the dtype uint8 or, if they were 16 bits, that.

    `brightest` are the values, of 255, at which each shines full.
    """
    most = 1.0 if pixels.dtype.kind == "f" else float(np.iinfo(pixels.dtype).max)
    total = np.zeros((*pixels.shape[:-1], 3))
    for channel, (colour, full) in enumerate(zip(colours, brightest, strict=True)):
        share = np.minimum(pixels[..., channel] * (255 / (most * full)), 1)
        total += np.floor(share[..., np.newaxis] * colour)
    blended = np.minimum(total, 255)
    if pixels.dtype == np.uint8:
        return blended.astype(np.uint8)
    return (blended / 255 * most).astype(pixels.dtype)
