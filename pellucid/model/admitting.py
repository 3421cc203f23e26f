"""Arrays held against what a model was trained on: pictures go through its preprocessing, floats must be prepared.

Shapes  pictures (N, H, W, C), or (N, H, W) of one channel, in whole numbers -> what the network reads, float32
        floats of the network's input shape -> the same arrays
Rule    only a model whose file tells both its images and its preprocessing holds anything; others take arrays as
        they are, as in Keras
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.channels import CHANNELS, convert_channels, default_names, word_of
from pellucid.data.fitting import fit_pixels
from pellucid.errors import ArgumentError, DataError, describe
from pellucid.model.input.depth import BITS, ROOM, Change, Depth, Extent, change_to
from pellucid.model.input.typical import Typical
from pellucid.model.input.unlike import Watch
from pellucid.model.network import Network

if TYPE_CHECKING:
    from pellucid.data.preprocessing import Pipeline

LOG = logging.getLogger("pellucid")
SLACK = 0.005           # of the range of whole numbers: what rounding and resizing add
AT_ONCE = 1 << 24       # values compared together
PICTURES = "pictures (N, H, W, C)"


class Admission:
    """What one call does to its inputs; `where` is the call's name in messages."""

    def __init__(self, model: Network, where: str) -> None:
        self.model, self.where = model, where
        self.record: Mapping[str, Any] = model.input_record or {}
        self.pipeline: Pipeline | None = model.preprocessing
        self.depth = Depth.of_record(self.record)

    @property
    def holds(self) -> bool:
        """Whether the model tells what its images were and what was done to them."""
        return self.pipeline is not None and self.depth is not None and "channels" in self.record

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of a picture."""
        return tuple(int(self.record[name]) for name in ("height", "width", "channels"))  # type: ignore[return-value]

    def settle(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The inputs by name, checked; pictures in the model's depth. Raises ArgumentError that names `prepare`."""
        if not self.holds or len(arrays) != 1:
            return dict(arrays)
        ((name, x),) = arrays.items()
        if x.dtype.kind == "f":
            self.refuse_beyond(x)
            return {name: x}
        pictures = self.brought(self.as_pictures(x))
        if self.where == "predict":
            self.look(pictures)
        assert self.pipeline is not None, "holds says so"
        return {name: pictures if pictures.dtype.kind != "f" else self.pipeline.apply(pictures)}

    def apply(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Settled inputs, or some rows of them, as the network reads them: what is no float yet is preprocessed."""
        if not self.holds or len(arrays) != 1:
            return dict(arrays)
        ((name, x),) = arrays.items()
        assert self.pipeline is not None, "holds says so"
        return {name: x if x.dtype.kind == "f" else self.pipeline.apply(x)}

    def as_pictures(self, x: np.ndarray) -> np.ndarray:
        """Whole numbers as (N, H, W, C); raises ArgumentError for another size or other channels."""
        pictures = x[..., np.newaxis] if x.ndim == 3 and self.shape[2] == 1 else x
        if pictures.shape[1:] != self.shape:
            height, width, channels = self.shape
            wanted = f"pictures of {height} x {width} in {channels} channel{'s' * (channels > 1)}"
            remedy = "model.prepare(x) brings pictures to that size and to these channels."
            raise ArgumentError(describe(self.where, "x", wanted, f"of shape {x.shape}", remedy))
        return pictures

    def brought(self, pictures: np.ndarray) -> np.ndarray:
        """Pictures in the model's depth; raises ArgumentError where that would be a guess."""
        assert self.depth is not None, "holds says so"
        exact = str(pictures.dtype) in BITS
        extent = Extent(0, BITS[str(pictures.dtype)], True) if exact else Extent.of(pictures)
        try:
            return change_to(self.depth, pictures.dtype, extent, f"{self.where}: x").apply(pictures)
        except DataError as fault:
            raise ArgumentError(str(fault)) from None

    @cached_property
    def bounds(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The smallest and largest value of each input that preparing can give; None where that is not known."""
        assert self.pipeline is not None and self.depth is not None, "holds says so"
        low, high = (0.0, float(self.depth.most)) if self.depth.most else (self.depth.low, self.depth.high)
        prepared = self.record.get("prepared")
        if prepared is not None:
            room = ROOM * (prepared[1] - prepared[0])
            return np.array(prepared[0] - room), np.array(prepared[1] + room)
        if low is None or high is None or not self.pipeline.one_by_one:
            return None
        room = (SLACK if self.depth.most else ROOM) * (high - low)
        ends = [self.pipeline.apply(np.full((1, *self.shape), end, np.float32)) for end in (low - room, high + room)]
        return np.minimum(*ends)[0], np.maximum(*ends)[0]

    def refuse_beyond(self, x: np.ndarray) -> None:
        """Raise ArgumentError for floats outside what training saw; another shape is the network's to refuse."""
        if self.bounds is not None and x.ndim == 3 and self.bounds[0].shape == (*x.shape[1:], 1):
            x = x[..., np.newaxis]
        if self.bounds is None or (self.bounds[0].ndim and x.shape[1:] != self.bounds[0].shape):
            return
        low, high = self.bounds
        rows = max(1, AT_ONCE // max(1, x[:1].size))
        for start in range(0, len(x), rows):
            part = x[start : start + rows]
            if not (np.all(part >= low) and np.all(part <= high)):
                got = f"floats from {x.min():.4g} to {x.max():.4g}"
                wanted = f"floats as training saw them, from {low.min():.4g} to {high.max():.4g}"
                remedy = "Pass model.prepare(x) with the pictures as they were read."
                raise ArgumentError(describe(self.where, "x", wanted, got, remedy))

    def look(self, pictures: np.ndarray) -> None:
        """Warn of pictures, in the model's depth, that are unlike those of the training."""
        if self.record.get("statistics") is None or self.depth is None or not len(pictures):
            return
        watch = Watch(Typical.from_record(self.record, self.model.name), self.depth)
        watch.see(pictures[:: max(1, len(pictures) // 1000)])
        if watch.warning():
            LOG.warning("%s: %s", self.where, watch.warning())


def prepared(model: Network, x: Any) -> np.ndarray:
    """What `Portable.prepare` gives; see there."""
    admission = Admission(model, "prepare")
    if not admission.holds:
        raise ArgumentError(f"prepare: {model.name} has no record of its images and their preprocessing, so it takes "
                            "arrays as they are. Scale x as its training data were scaled.")
    assert admission.pipeline is not None, "holds says so"
    listed = [np.asarray(one) for one in x] if isinstance(x, (list, tuple)) else None
    whole = None if listed is not None else np.asarray(x)
    pictures = [with_channels(one, admission) for one in (listed if listed is not None else rows_of(whole, admission))]
    if not pictures:
        return np.empty((0, *admission.pipeline.output_shape(admission.shape)), np.float32)
    dtype = np.result_type(*pictures)
    if dtype.kind not in "fiu":
        raise ArgumentError(describe("prepare", "x", PICTURES, f"an array of {dtype}"))
    extent = Extent.of_all(pictures)
    exact = Extent(0, BITS[str(dtype)], True) if str(dtype) in BITS else extent
    try:
        assert admission.depth is not None, "holds says so"
        change = change_to(admission.depth, dtype, exact, "prepare: x")
        return admission.pipeline.apply(np.stack([fitted(one.astype(dtype), change, admission) for one in pictures]))
    except DataError as fault:
        raise ArgumentError(str(fault)) from None


def rows_of(x: np.ndarray | None, admission: Admission) -> Sequence[np.ndarray]:
    """The pictures of one array (N, H, W, C) or (N, H, W); raises ArgumentError for one picture alone."""
    assert x is not None, "the caller has an array or a list"
    alone = x.ndim == 3 and (x.shape[1:] != admission.shape[:2] or admission.shape[2] != 1)
    if alone or x.ndim not in (3, 4):
        remedy = "Pass one picture as x[None]." if alone or x.ndim == 2 else ""
        raise ArgumentError(describe("prepare", "x", f"{PICTURES} or a list of them", f"of shape {x.shape}", remedy))
    return list(x)


def with_channels(picture: np.ndarray, admission: Admission) -> np.ndarray:
    """A picture (H, W) or (H, W, C) in the model's channels, colour made gray or gray rgb."""
    if picture.dtype.kind == "b":
        picture = picture.astype(np.uint8) * np.uint8(255)
    if picture.ndim == 2:
        picture = picture[..., np.newaxis]
    channels = admission.shape[2]
    if picture.ndim != 3 or 0 in picture.shape:
        raise ArgumentError(describe("prepare", "x", "pictures (H, W) or (H, W, C)", f"of shape {picture.shape}"))
    names = tuple(admission.record.get("channel_names") or default_names(channels))
    kind = word_of(names) if word_of(names) in CHANNELS else None
    if picture.shape[2] != channels and (kind is None or picture.shape[2] not in (1, 3)):
        wanted = f"pictures of {channels} channels"
        raise ArgumentError(describe("prepare", "x", wanted, f"of {picture.shape[2]}"))
    return picture if kind is None else convert_channels(picture, kind)


def fitted(picture: np.ndarray, change: Change, admission: Admission) -> np.ndarray:
    """A picture (H, W, C) in the model's depth and size."""
    return change.apply(fit_pixels(picture, admission.shape[:2], admission.record.get("fit", "stretch")))
