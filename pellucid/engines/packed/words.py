"""Bits in words: +1 is 1, -1 is 0; bit c of a row is bit c % 64 of its word c // 64, what fills the last word is 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

WORD = 64


@dataclass(frozen=True, eq=False)
class Bits:
    """Rows or maps of signs: words (N,W) or (N,H,W,W') uint64 of so many channels."""

    words: np.ndarray
    channels: int


def word_count(channels: int) -> int:
    """Words that hold so many bits."""
    return -(-channels // WORD)


def packed(positive: np.ndarray) -> np.ndarray:
    """(..., C) bools as words (..., W) uint64."""
    short = -positive.shape[-1] % WORD
    if short:
        positive = np.pad(positive, [(0, 0)] * (positive.ndim - 1) + [(0, short)])
    rows = np.packbits(positive, axis=-1, bitorder="little")
    return np.ascontiguousarray(rows).view("<u8").astype(np.uint64, copy=False)


def unpacked(words: np.ndarray, channels: int) -> np.ndarray:
    """Words (..., W) as bools (..., C)."""
    rows = np.ascontiguousarray(words).astype("<u8", copy=False).view(np.uint8)
    return np.unpackbits(rows, axis=-1, count=channels, bitorder="little").astype(bool)
