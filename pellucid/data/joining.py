"""Two parts of a data set as one: what is chosen already needs no validation part, and has more to learn from.

Shapes  images (N, H, W, C) and (M, H, W, C) -> (N + M, H, W, C), the second part's after the first's
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pellucid.data.dataset import Dataset, Part
from pellucid.data.images import Array, Images
from pellucid.errors import UsageError


@dataclass(frozen=True, eq=False)
class JoinedImages:
    """The images of two sources of one size and dtype; nothing is copied until it is taken."""

    first: Images
    second: Images

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (len(self), *self.first.shape[1:])

    @property
    def dtype(self) -> np.dtype[np.generic]:
        return self.first.dtype

    def __len__(self) -> int:
        return len(self.first) + len(self.second)

    def take(self, indices: Array) -> Array:
        """Copies of the images at `indices` (B,), as (B, H, W, C)."""
        indices = np.asarray(indices, np.int64) % len(self)
        later = indices >= len(self.first)
        taken = np.empty((len(indices), *self.shape[1:]), self.dtype)
        taken[~later] = self.first.take(indices[~later])
        taken[later] = self.second.take(indices[later] - len(self.first))
        return taken


def joined(first: Part, second: Part) -> Part:
    """One part with the samples of both."""
    groups = contents = None
    if first.groups is not None and second.groups is not None:
        groups = np.concatenate([first.groups, second.groups])
    if first.contents is not None and second.contents is not None:
        contents = [*first.contents, *second.contents]
    return Part(JoinedImages(first.images, second.images), first.annotations.joined(second.annotations),
                (*first.names, *second.names), np.concatenate([first.ids, second.ids]), groups, contents)  # fmt: skip


def with_validation_joined(dataset: Dataset) -> Dataset:
    """The data set whose training part has the samples of its validation part too, and which has no such part.

    Raises UsageError for data that bring none.
    """
    if "validation" not in dataset.parts:
        raise UsageError(f"train: --join-validation is for data that bring a validation part, and {dataset.name} does "
                         "not. To hold nothing back, type --val-fraction 0.")
    parts = {name: part for name, part in dataset.parts.items() if name != "validation"}
    return replace(dataset, parts=parts | {"train": joined(dataset.part("train"), dataset.part("validation"))})
