"""What a data set is: named parts of images with labels, the names of classes and channels, a fingerprint.

Shapes  Part.images (N, H, W, C); annotations of N entries; ids (N,) int64, one number a sample of the whole set;
        groups (N,) of str, or None
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, overload

import numpy as np

from pellucid.data.annotations import Annotations, Classes
from pellucid.data.channels import CHANNELS
from pellucid.data.images import Array, Images, Viewed, choose
from pellucid.errors import DataError, ShapeError, UsageError, describe

PARTS = ("train", "train-dev", "validation", "test")
Column = TypeVar("Column", bound=Annotations)


@dataclass(frozen=True)
class NumberedNames(Sequence[str]):
    """Names made when asked for: `train-images-idx3-ubyte.gz#17`."""

    file: str
    numbers: Sequence[int]

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> NumberedNames: ...
    def __getitem__(self, index: int | slice) -> str | NumberedNames:
        if isinstance(index, slice):
            return NumberedNames(self.file, self.numbers[index])
        return f"{self.file}#{self.numbers[index]}"


def _choose_names(names: Sequence[str], indices: Array) -> Sequence[str]:
    if isinstance(names, NumberedNames):
        return NumberedNames(names.file, [int(names.numbers[i]) for i in indices])
    return tuple(names[i] for i in indices)


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a data set (train, train-dev, validation or test); all fields have one entry a sample."""

    images: Images
    annotations: Annotations
    names: Sequence[str]
    ids: Array
    groups: Array | None = None
    contents: Sequence[str] | None = None  # sha256 of each sample's file
    channel_names: tuple[str, ...] = ()  # where a picture would be taken for another without them

    def __post_init__(self) -> None:
        fields: dict[str, Any] = {"annotations": self.annotations, "names": self.names, "ids": self.ids}
        if self.groups is not None:
            fields["groups"] = self.groups
        if self.contents is not None:
            fields["contents"] = self.contents
        for name, values in fields.items():
            if len(values) != len(self.images):
                raise ShapeError(describe("data part", name, f"one entry for each of {len(self.images)} images",
                                          f"{len(values)} entries long"))

    def __len__(self) -> int:
        return len(self.images)

    @property
    def pictures(self) -> Viewed:
        """What the part is drawn from."""
        return Viewed(self.images, self.channel_names)

    @property
    def labels(self) -> Array:
        """The class numbers (N,), in 0..K-1. Raises DataError for a part whose samples have other annotations."""
        return self.annotated(Classes).numbers

    def annotated(self, wanted: type[Column]) -> Column:
        """The annotations, of the kind that is wanted. Raises DataError for a part whose samples have others."""
        if not isinstance(self.annotations, wanted):
            raise DataError(f"these images have {self.annotations.kind}, not {wanted.kind}.")
        return self.annotations

    def subset(self, indices: Array) -> Part:
        """The samples at `indices` (B,), in that order; images are not copied."""
        indices = np.asarray(indices, dtype=np.int64)
        return Part(
            images=choose(self.images, indices),
            annotations=self.annotations.take(indices),
            names=_choose_names(self.names, indices),
            ids=self.ids[indices],
            groups=None if self.groups is None else self.groups[indices],
            contents=None if self.contents is None else [self.contents[i] for i in indices],
            channel_names=self.channel_names,
        )


@dataclass(frozen=True, eq=False)
class Dataset:
    """Named parts that share size, channels, dtype and kind of annotation.

    `class_names` is empty without classes. `notes` says what was ignored, converted or counted.
    `undivided`: the data come without parts, and all of them stand as "train" until somebody divides them.
    `reading`: how pictures came to their size and depth before they were stored (fit, alpha), where a store tells it.
    """

    name: str
    parts: Mapping[str, Part]
    class_names: tuple[str, ...]
    channel_names: tuple[str, ...]
    fingerprint: str
    notes: tuple[str, ...] = ()
    undivided: bool = False
    reading: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "undivided", self.undivided and set(self.parts) == {"train"})
        shapes = {part.images.shape[1:] for part in self.parts.values()}
        if len(shapes) != 1:
            raise ShapeError(describe(self.name, "image size", "the same (H, W, C) in every part",
                                      " and ".join(map(str, sorted(shapes))) or "missing: there is no part",
                                      "Give one size with --resize HxW."))
        if self.channel_names not in (CHANNELS["gray"], CHANNELS["rgb"]):
            named = {name: replace(part, channel_names=self.channel_names) for name, part in self.parts.items()}
            object.__setattr__(self, "parts", named)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of every image."""
        return next(iter(self.parts.values())).images.shape[1:]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the pixels as read."""
        return next(iter(self.parts.values())).images.dtype

    @property
    def annotated(self) -> str:
        """What is known of the images, as it follows them in a sentence."""
        if self.class_names and next(iter(self.parts.values())).annotations.kind == "classes":
            return f"in {len(self.class_names)} classes"
        return f"with {next(iter(self.parts.values())).annotations.words}"

    @property
    def scored(self) -> str:
        """The part that is scored where none is named: test, else validation, else train."""
        return next(name for name in ("test", "validation", "train") if name in self.parts)

    def part(self, name: str) -> Part:
        """The part called `name`. Raises UsageError that lists the parts there are."""
        if name not in self.parts:
            raise UsageError(f"{self.name} has no part '{name}'. It has: {', '.join(self.parts)}.")
        return self.parts[name]


def numbered(sizes: Mapping[str, int]) -> dict[str, Array]:
    """Global sample numbers: the parts follow one another in the order given."""
    ids, start = {}, 0
    for name, size in sizes.items():
        ids[name] = np.arange(start, start + size, dtype=np.int64)
        start += size
    return ids
