"""Data sets whose images lie in arrays (IDX, NPZ, digits): annotations checked, cut, and converted on the way out.

Shapes  images {part: (N, H, W, C)}, annotations {part: N entries}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.annotations import Annotations, Classes, Numbers
from pellucid.data.channels import arranged, default_names, names_of, refuse_unknown
from pellucid.data.dataset import PARTS, Dataset, NumberedNames, Part, numbered
from pellucid.data.fingerprint import fingerprint_arrays
from pellucid.data.fitting import fit_pixels
from pellucid.data.images import Array, ArrayImages, Images
from pellucid.data.learnable import learnable
from pellucid.data.options import Options
from pellucid.data.samples import cut, cut_notes
from pellucid.data.sizes import refuse_blown_up
from pellucid.errors import DataError
from pellucid.storage.limits import ENTRIES


@dataclass(frozen=True, eq=False)
class ConvertedImages:
    """Images brought to `size` (height, width) and to the channels that a word asks for when they are taken.

    `names` are those of the channels as they come.
    """

    source: Images
    size: tuple[int, int]
    channels: str | None
    fit: str = "stretch"
    names: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int, int]:
        channels = len(names_of(self.channels)) if self.channels else self.source.shape[3]
        return (len(self.source), *self.size, channels)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.source.dtype

    def __len__(self) -> int:
        return len(self.source)

    def take(self, indices: Array) -> Array:
        """Converted copies of the images at `indices` (B,), as (B, H, W, C)."""
        pixels = self.source.take(indices)
        if self.channels is not None:
            pixels = arranged(pixels, self.names or default_names(pixels.shape[3]), self.channels)
        if pixels.shape[1:3] == self.size:
            return np.ascontiguousarray(pixels)
        if not len(pixels):
            return np.empty((0, *self.shape[1:]), self.dtype)
        return np.stack([fit_pixels(image, self.size, self.fit) for image in pixels])


def dataset_of_arrays(name: str, where: str, images: Mapping[str, Array], annotations: Mapping[str, Annotations],
                      class_names: Sequence[str] | None, *, options: Options, notes: Sequence[str] = (),
                      files: Mapping[str, str] | None = None, channel_names: Sequence[str] = ()) -> Dataset:
    """The data set of these arrays; `files` are the names that samples are called by. Raises DataError."""
    parts = [part for part in PARTS if part in images and len(images[part])]
    if not parts:
        raise DataError(f"{where}: there is no image in it. Save the images with their labels.")
    ENTRIES.check(sum(len(annotations[part]) for part in parts), where)
    empty = [f"the {part} part is empty and left out" for part in PARTS if part in images and part not in parts]
    known, names, begun = learnable(where, {part: annotations[part] for part in parts}, class_names,
                                    learning=options.learning)
    shapes = {images[part].shape[1:] for part in parts}
    kinds = {images[part].dtype for part in parts}
    if len(shapes) > 1 or len(kinds) > 1:
        told = ", ".join(f"{part} is {images[part].shape[1:]} {images[part].dtype}" for part in parts)
        raise DataError(f"{where}: all parts must have images of one size and dtype, but {told}. Save them alike.")
    ids = numbered({part: len(known[part]) for part in parts})
    kept = {part: cut(where, known[part], options.limit) for part in parts}
    chosen = {part: images[part] if len(kept[part]) == len(images[part]) else images[part][kept[part]]
              for part in parts}
    plain = {part: ArrayImages(np.ascontiguousarray(chosen[part])) for part in parts}
    stored = tuple(channel_names) or default_names(plain[parts[0]].shape[3])
    made = {part: converted(where, plain[part], options, stored) for part in parts}
    taken = {part: known[part].take(kept[part]) for part in parts}
    hashed = {f"{part}/{kind}": array for part in parts
              for kind, array in (("images", chosen[part]), hashable(taken[part]))}
    return Dataset(
        name=name,
        parts={part: Part(made[part], taken[part],
                          NumberedNames((files or {}).get(part, part), kept[part].tolist()), ids[part][kept[part]])
               for part in parts},
        class_names=names,
        channel_names=names_of(options.channels) if options.channels else stored,
        fingerprint=fingerprint_arrays(hashed),
        notes=(*notes, *empty, *begun, *conversion_notes(plain[parts[0]], made[parts[0]]), *cut_notes(known, kept)),
    )


def hashable(annotations: Annotations) -> tuple[str, Array]:
    """What a fingerprint of arrays covers of annotations, by name."""
    if isinstance(annotations, Classes):
        return "labels", annotations.numbers
    assert isinstance(annotations, Numbers), "arrays hold classes or numbers"
    return "numbers", annotations.values


def converted(where: str, images: Images, options: Options, names: Sequence[str]) -> Images:
    """The images, whose channels have these names, as the options ask for them.

    Raises ArgumentError for far more pixels than there are and for channels that are not, DataError for colours that
    cannot be made of them.
    """
    size = options.resize or images.shape[1:3]
    refuse_blown_up(where, images.shape[1:3], options)
    same = options.channels is None or names_of(options.channels) == tuple(names)
    if options.channels is not None:
        refuse_unknown(names, options.channels)
    arranged(np.empty((0, len(names)), images.dtype), names, options.channels)
    return images if same and size == images.shape[1:3] else ConvertedImages(
        images, size, options.channels, options.fit, tuple(names))


def conversion_notes(before: Images, after: Images) -> list[str]:
    """What became of size and colours."""
    notes = []
    if before.shape[1:3] != after.shape[1:3]:
        notes.append(f"resized from {before.shape[1]}x{before.shape[2]} to {after.shape[1]}x{after.shape[2]}")
    if before.shape[3] != after.shape[3]:
        made = {(1, 3): "gray made rgb", (3, 1): "colour made gray"}
        notes.append(made.get((before.shape[3], after.shape[3]), f"{after.shape[3]} of {before.shape[3]} channels"))
    return notes
