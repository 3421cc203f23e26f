"""Images held against what a model was trained on, as its file tells: size, channels, depth, and how they look.

What can be brought to it without a guess is (another depth); the rest is refused with one sentence; images that fit but
look unlike the training set are told with their number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pellucid.data.dataset import Dataset, Part
from pellucid.data.images import Array, Images, chunks
from pellucid.errors import DataError, describe, shown
from pellucid.keys import Key
from pellucid.model import Model
from pellucid.model.input.depth import BroughtImages, Depth, Extent, change_to
from pellucid.model.input.typical import CHUNK, Typical
from pellucid.model.input.unlike import Watch

LOOKED_AT = 1_000      # images of a part that are compared with the training set, at most


@dataclass
class Holder:
    """What a model's file says of the images it takes; `warnings` are what was noticed on the way."""

    record: Mapping[str, Any]
    depth: Depth | None
    typical: Typical | None
    where: str
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, model: Model, where: str) -> Holder:
        """The holder of a model; `where` names it in messages. Raises FileError for a record that is damaged."""
        record = model.input_record or {}
        typical = None if record.get("statistics") is None else Typical.from_record(record, where)
        return cls(record, Depth.of_record(record), typical, where)

    def watch(self) -> Watch | None:
        """What compares images with the training set; None for a model that does not know it."""
        return None if self.typical is None or self.depth is None else Watch(self.typical, self.depth)

    def bring(self, pixels: Array, where: str) -> Array:
        """One picture (H, W, C) in the model's depth; raises DataError where that would be a guess."""
        if self.depth is None or (self.depth.holds(pixels.dtype) and pixels.dtype.kind != "f"):
            return pixels
        return change_to(self.depth, pixels.dtype, Extent.of(pixels), where).apply(pixels)

    def hold(self, dataset: Dataset, *, own: bool) -> Dataset:
        """The data set with its images as the model takes them; `own`: it is what the model was trained on.

        Raises DataError, which names what differs.
        """
        self.refuse_other_shape(dataset)
        depth = self.depth
        if depth is None or depth.holds(dataset.dtype) or (own and str(dataset.dtype) == depth.dtype):
            return dataset
        if depth.low is None and depth.most is None:
            self.warnings.append(f"{self.where} does not say what range its float pictures had; {dataset.name} is "
                                 f"taken as it is ({dataset.dtype})")
        extent = extent_of([part.images for part in dataset.parts.values()], dataset.dtype)
        change = change_to(depth, dataset.dtype, extent, dataset.name)
        parts = {name: replace(part, images=BroughtImages(part.images, change))
                 for name, part in dataset.parts.items()}  # fmt: skip
        return replace(dataset, parts=parts)

    def refuse_other_shape(self, dataset: Dataset) -> None:
        """Raise DataError for another size, number of channels, or channels of other names."""
        record = self.record
        if not record:
            return
        wanted = (record["height"], record["width"], record["channels"])
        if dataset.image_shape != wanted:
            told = " x ".join(map(str, wanted))
            got = " x ".join(map(str, dataset.image_shape))
            sizes = f"{told} (height x width x channels) for {self.where}"
            raise DataError(describe(dataset.name, "images", sizes, got, "Convert them first."))
        names = tuple(record.get("channel_names") or dataset.channel_names)
        if names != dataset.channel_names:
            got = shown(", ".join(dataset.channel_names))
            raise DataError(describe(dataset.name, "channels", f"{shown(', '.join(names))} for {self.where}", got,
                                     "Put them in that order, or give data with these channels."))

    def look(self, part: Part) -> None:
        """Compare images of a part, some of many, with the training set, and note what is unlike it."""
        watch = self.watch()
        if watch is None:
            return
        rows = np.arange(len(part))
        if len(rows) > LOOKED_AT:
            rows = np.sort(Key.of(0).fold("looked at").generator().permutation(len(rows))[:LOOKED_AT])
        for few in chunks(part.images, rows, CHUNK):
            watch.see(few)
        if watch.warning():
            self.warnings.append(watch.warning())


def extent_of(images: Sequence[Images], dtype: np.dtype[Any]) -> Extent:
    """Smallest and largest value of all images; of 8 and 16 bits nothing needs to be read."""
    if str(dtype) in ("uint8", "uint16"):
        return Extent(0, int(np.iinfo(dtype).max), True)
    return Extent.of_all(few for each in images for few in chunks(each, np.arange(len(each)), CHUNK))
