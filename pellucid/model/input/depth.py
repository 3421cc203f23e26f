"""Pixels of one depth as pixels of another: 8 bits, 16 bits and floats, brought to what a network was trained on.

Whole numbers   0..255 and 0..65535 are one range from black to white: v of 8 bits is 257 v of 16, and back exactly
Floats          0..1 is that range too; above 1.5 they are taken for pixel values, where the range leaves no doubt
Refused         all else, for values 255 times too large or too small give a confident answer that means nothing

Shapes  x (..., C) of any depth -> the same shape in the network's dtype
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.images import Array, Images
from pellucid.errors import DataError

UNIT, SLIGHT = 1.5, 1e-3     # floats up to 1.5 are meant as 0..1; rounding and resizing leave it by a little
BITS = {"uint8": 255, "uint16": 65535}
PIXELS = 16                  # floats that reach beyond it were pixel values when the network was trained
ROOM = 0.5                   # of the trained range: how far beyond it floats may lie on either side


@dataclass(frozen=True)
class Depth:
    """What a network was trained on: the dtype, and of floats the smallest and largest value (None: not known)."""

    dtype: str
    low: float | None = None
    high: float | None = None

    @classmethod
    def of_record(cls, record: Mapping[str, Any] | None) -> Depth | None:
        """The depth that a model file's input record tells; None without one."""
        dtype = (record or {}).get("dtype")
        if record is None or dtype not in (*BITS, "float16", "float32", "float64"):
            return None
        low, high = record.get("range") or (None, None)
        return cls(dtype, low, high)

    @property
    def most(self) -> int | None:
        """The largest whole number, of 8 and 16 bits."""
        return BITS.get(self.dtype)

    @property
    def words(self) -> str:
        """As a message names it."""
        if self.most is not None:
            return f"{'8' if self.dtype == 'uint8' else '16'}-bit pictures (0 to {self.most})"
        return "float pictures" if self.low is None else f"float pictures from {self.low:.4g} to {self.high:.4g}"

    def holds(self, dtype: np.dtype[Any]) -> bool:
        """Whether pixels of a dtype may be taken as they are, whatever their values."""
        return str(dtype) == self.dtype and (self.most is not None or self.low is None)

    def as_floats(self, x: Array) -> Array:
        """Pixels of this depth as float32 of about 0..1."""
        low, high = (0.0, float(self.most)) if self.most is not None else (self.low or 0.0, self.high or 1.0)
        return np.asarray((x.astype(np.float32) - np.float32(low)) * np.float32(1 / max(high - low, 1e-30)))


@dataclass(frozen=True)
class Extent:
    """Smallest and largest value of some pixels, whether all are whole numbers, and whether all are finite."""

    low: float
    high: float
    whole: bool
    finite: bool = True

    @classmethod
    def of(cls, x: Array) -> Extent:
        """That of an array; an empty one is black."""
        if not x.size:
            return cls(0.0, 0.0, True)
        low, high = float(x.min()), float(x.max())
        finite = bool(np.isfinite(low) and np.isfinite(high))
        return cls(low, high, finite and bool((x == np.rint(x)).all()), finite)

    @classmethod
    def of_all(cls, parts: Iterable[Array]) -> Extent:
        """That of several arrays together; of none, black."""
        found: Extent | None = None
        for part in parts:
            one = cls.of(part)
            found = one if found is None else found.joined(one)
        return found or cls(0.0, 0.0, True)

    def joined(self, other: Extent) -> Extent:
        """That of both."""
        return Extent(min(self.low, other.low), max(self.high, other.high), self.whole and other.whole,
                      self.finite and other.finite)


@dataclass(frozen=True)
class Change:
    """What is done to pixels: multiplied by a number of which the inverse is `divided`, then kept in `dtype`."""

    dtype: np.dtype[Any]
    factor: int = 1
    divided: int = 1

    def apply(self, x: Array) -> Array:
        """A copy in the dtype; whole numbers are rounded."""
        if self.factor == self.divided == 1 and x.dtype == self.dtype:
            return x
        made = np.multiply(x, self.factor, dtype=np.float64)
        made /= self.divided
        if self.dtype.kind in "iu":
            np.rint(made, out=made)
            np.clip(made, 0, np.iinfo(self.dtype).max, out=made)
        return made.astype(self.dtype)


def change_to(depth: Depth, dtype: np.dtype[Any], extent: Extent, where: str) -> Change:
    """What brings pixels of `dtype` and `extent` to `depth`. Raises DataError where that would be a guess."""
    if not extent.finite:
        raise DataError(f"{where}: the pixels hold NaN or infinity, so there is nothing to answer. Correct them.")
    given = BITS.get(str(dtype))
    if dtype.kind in "iu" and given is None:
        given = _bits_of(extent, depth, where)
    target = np.dtype(depth.dtype)
    if depth.most is not None:
        if given is not None:
            return _between(given, depth.most, target)
        return _from_floats(depth, depth.most, extent, where)
    if given is None:
        return _float_to_float(depth, target, extent, where)
    if depth.low is None or depth.high is None:
        return Change(target)
    if depth.low > -ROOM and depth.high <= UNIT:
        return Change(target, 1, given)
    if depth.low >= 0 and PIXELS < depth.high <= BITS["uint8"]:
        return _between(given, BITS["uint8"], target)
    if depth.low >= 0 and BITS["uint8"] < depth.high <= given:
        return Change(target)
    raise _refused(where, f"whole numbers from {extent.low:g} to {extent.high:g}", depth)


def _between(given: int, wanted: int, dtype: np.dtype[Any]) -> Change:
    return Change(dtype, max(1, wanted // given), max(1, given // wanted))


def _bits_of(extent: Extent, depth: Depth, where: str) -> int:
    """Which range whole numbers of another dtype mean: 8 bits if they fit, else 16."""
    most = next((most for most in BITS.values() if extent.high <= most), None)
    if extent.low < 0 or most is None:
        raise _refused(where, f"whole numbers from {extent.low:g} to {extent.high:g}", depth)
    return most


def _from_floats(depth: Depth, most: int, extent: Extent, where: str) -> Change:
    """Floats for a network of whole numbers."""
    dtype = np.dtype(depth.dtype)
    if extent.low >= -SLIGHT and extent.high <= 1 + SLIGHT:
        return Change(dtype, most)
    clear = UNIT < extent.high <= most and (depth.dtype == "uint8" or extent.high > BITS["uint8"])
    if extent.low >= -SLIGHT * most and clear:
        return Change(dtype)
    raise _refused(where, f"floats from {extent.low:.4g} to {extent.high:.4g}", depth)


def _float_to_float(depth: Depth, dtype: np.dtype[Any], extent: Extent, where: str) -> Change:
    if depth.low is None or depth.high is None:
        return Change(dtype)
    room = ROOM * max(depth.high - depth.low, 1e-6)
    beyond = extent.low < depth.low - room or extent.high > depth.high + room
    small = depth.high > PIXELS and extent.high <= 1 + SLIGHT and not extent.whole
    if beyond or small:
        raise _refused(where, f"floats from {extent.low:.4g} to {extent.high:.4g}", depth)
    return Change(dtype)


def _refused(where: str, got: str, depth: Depth) -> DataError:
    remedy = ("Save the pixels with 8 or 16 bits, or as floats from 0 to 1." if depth.most is not None else
              "Scale them as the training pictures were scaled.")
    return DataError(f"{where}: the pixels are {got}, but the model was trained on {depth.words}. {remedy}")


@dataclass(frozen=True, eq=False)
class BroughtImages:
    """Images brought to another depth when they are taken."""

    source: Images
    change: Change

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return self.source.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.change.dtype

    def __len__(self) -> int:
        return len(self.source)

    def take(self, indices: Array) -> Array:
        """Copies of the images at `indices` (B,) in the other depth, as (B, H, W, C)."""
        return self.change.apply(self.source.take(indices))
