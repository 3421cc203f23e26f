"""Batches (x, y) from a folder of class folders, as Keras's flow_from_directory gives them.

Shapes  x (B, H, W, C) float32 in 0..255, or times `rescale`; y by class_mode: "categorical" (B, K) float32,
        "sparse" (B,) int64, "binary" (B,) float32, None leaves y out
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any, Self

import numpy as np

from pellucid.data.categories import to_categorical
from pellucid.data.dataset import Part
from pellucid.data.images import Array
from pellucid.data.keras_arrays import COLOR_MODES
from pellucid.data.opening import open_dataset
from pellucid.data.order import check_sizes, steps, steps_in
from pellucid.errors import ArgumentError, DataError, describe
from pellucid.keys import Key

CLASS_MODES = ("categorical", "sparse", "binary", None)


class Chained:
    """What programs written for tf.data call on batches; an order is drawn each epoch anyway, and nothing waits."""

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        for index in range(len(self)):
            yield self[index]
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        """What is done after an epoch."""

    def map(self, function: Any, num_parallel_calls: Any = None, **taken: Any) -> Changed:
        """The same batches, each as `function(x, y)` gives it."""
        return Changed(self, function, len(self))

    def take(self, count: int) -> Changed:
        """The first `count` batches."""
        return Changed(self, None, min(count, len(self)) if count >= 0 else len(self))

    def cache(self, filename: Any = None) -> Self:
        """The batches themselves."""
        return self

    def prefetch(self, buffer_size: Any = None) -> Self:
        """The batches themselves."""
        return self

    def shuffle(self, buffer_size: Any = None, seed: Any = None, reshuffle_each_iteration: Any = None) -> Self:
        """The batches themselves: whether they are shuffled was said where they were made."""
        return self


class Changed(Chained):
    """Batches of others, changed by a function, or the first of them."""

    def __init__(self, batches: Chained, function: Any, count: int) -> None:
        self.batches, self.function, self.count = batches, function, count

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "batches" not in vars(self):
            raise AttributeError(name)
        return getattr(self.batches, name)  # class_names and its kin

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Any:
        found = self.batches[index]
        if self.function is None:
            return found
        return self.function(*found) if isinstance(found, tuple) else self.function(found)

    def on_epoch_end(self) -> None:
        self.batches.on_epoch_end()

    def unshuffled(self) -> Changed:
        """The same, in the order of the files."""
        return Changed(self.batches.unshuffled(), self.function, self.count)  # type: ignore[attr-defined]


class DirectoryBatches(Chained):
    """A sequence of batches: `fit`, `evaluate` and `predict` take it as x. Each epoch has an order of its own."""

    def __init__(
        self, part: Part, class_names: tuple[str, ...], *, batch_size: int, class_mode: str | None, shuffle: bool,
        key: Key, rescale: float | None,
    ) -> None:  # fmt: skip
        check_sizes("flow_from_directory", samples=len(part), batch_size=batch_size)
        self.part, self.batch_size, self.class_mode, self.shuffled = part, batch_size, class_mode, shuffle
        self.class_indices = {name: number for number, name in enumerate(class_names)}
        self.classes: Array = part.labels
        self.filenames = list(part.names)
        self.samples = len(part)
        self.steps_per_epoch = steps_in(len(part), batch_size)
        self._key, self._rescale, self._epoch = key, rescale, 0
        self._order: list[Array] = []
        self._plan()

    def _plan(self) -> None:
        self._order = list(steps(self.samples, batch_size=self.batch_size, key=self._key, shuffle=self.shuffled,
                                 epoch=self._epoch))  # fmt: skip

    def __len__(self) -> int:
        return self.steps_per_epoch

    def __getitem__(self, index: int) -> Any:
        """Batch number `index` of this epoch: (x, y), or x alone without a class_mode."""
        chosen = self._order[index]
        x = self.part.images.take(chosen).astype(np.float32)                            # (B, H, W, C)
        if self._rescale is not None:
            x *= np.float32(self._rescale)
        labels = self.part.labels[chosen]
        if self.class_mode is None:
            return x
        if self.class_mode == "categorical":
            return x, to_categorical(labels, len(self.class_indices))
        return x, labels if self.class_mode == "sparse" else labels.astype(np.float32)

    @property
    def class_names(self) -> list[str]:
        """The classes, in the order of their numbers."""
        return list(self.class_indices)

    def unshuffled(self) -> DirectoryBatches:
        """The same pictures in the order of `classes` and `filenames`, as predict reads them."""
        ordered = copy(self)
        ordered.shuffled = False
        ordered._plan()
        return ordered

    def on_epoch_end(self) -> None:
        """Go on to the next epoch's order."""
        self._epoch += 1
        if self.shuffled:
            self._plan()


def flow_from_directory(
    directory: str | Path,
    target_size: tuple[int, int] = (256, 256),
    color_mode: str = "rgb",
    class_mode: str | None = "categorical",
    batch_size: int = 32,
    shuffle: bool = True,
    seed: int | None = None,
    *,
    rescale: float | None = None,
) -> DirectoryBatches:
    """Batches of the pictures in `directory`/<class>/*, brought to `target_size` (height, width) in pixels.

    Raises ArgumentError for an illegal argument, DataError or FileError for a folder that cannot be learnt from.
    """
    if class_mode not in CLASS_MODES:
        wanted = "one of " + ", ".join(map(repr, CLASS_MODES))
        raise ArgumentError(describe("flow_from_directory", "class_mode", wanted, repr(class_mode)))
    if color_mode not in COLOR_MODES:
        wanted = "one of " + ", ".join(map(repr, COLOR_MODES))
        raise ArgumentError(describe("flow_from_directory", "color_mode", wanted, repr(color_mode)))
    try:
        height, width = target_size
    except (TypeError, ValueError):
        wanted = "(height, width) in pixels"
        raise ArgumentError(describe("flow_from_directory", "target_size", wanted, repr(target_size))) from None
    dataset = open_dataset(str(directory), resize=(height, width), channels=COLOR_MODES[color_mode],
                           alpha="drop", annotations="classes")         # as Keras does
    if len(dataset.parts) > 1:
        parts = ", ".join(dataset.parts)
        raise DataError(f"{directory}: it holds the parts {parts}. Pass the folder of one of them.")
    if class_mode == "binary" and len(dataset.class_names) != 2:
        wanted = "used with 2 classes"
        raise ArgumentError(describe("flow_from_directory", "class_mode='binary'", wanted, len(dataset.class_names)))
    key = Key.of(0 if seed is None else seed).fold("flow_from_directory")
    return DirectoryBatches(next(iter(dataset.parts.values())), dataset.class_names, batch_size=batch_size,
                            class_mode=class_mode, shuffle=shuffle, key=key, rescale=rescale)  # fmt: skip


LABEL_MODES = {"int": "sparse", "categorical": "categorical", "binary": "binary", None: None}


def image_dataset_from_directory(
    directory: str | Path, labels: str | None = "inferred", label_mode: str | None = "int", class_names: Any = None,
    color_mode: str = "rgb", batch_size: int = 32, image_size: tuple[int, int] = (256, 256), shuffle: bool = True,
    seed: int | None = None, validation_split: float | None = None, subset: str | None = None,
    interpolation: str = "bilinear", **others: Any,
) -> DirectoryBatches | tuple[DirectoryBatches, DirectoryBatches]:  # fmt: skip
    """Batches (x, y) of the pictures in `directory`/<class>/*, as Keras's function of that name; `fit` takes them.

    With validation_split, subset is "training", "validation" or "both"; the same seed gives the same two parts.
    Raises ArgumentError for an illegal argument, DataError or FileError for a folder that cannot be learnt from.
    """
    where = "image_dataset_from_directory"
    if label_mode not in LABEL_MODES:
        wanted = "one of " + ", ".join(map(repr, LABEL_MODES))
        raise ArgumentError(describe(where, "label_mode", wanted, repr(label_mode)))
    if labels not in ("inferred", None) or class_names is not None:
        remedy = "Name the folders after the classes, or read the pictures and pass arrays to fit."
        raise ArgumentError(describe(where, "labels", "'inferred', from the folders' names", "given", remedy))
    strange = [word for word, value in others.items() if word not in TAKEN or value not in TAKEN[word]]
    if strange or interpolation != "bilinear":
        raise ArgumentError(describe(where, (strange or ["interpolation"])[0], "left out", "given"))
    mode = LABEL_MODES[label_mode if labels else None]
    found = flow_from_directory(directory, image_size, color_mode, mode, batch_size, shuffle, seed)
    if (validation_split is None) != (subset is None):
        raise ArgumentError(describe(where, "validation_split and subset", "given together", "one of them"))
    if validation_split is None:
        return found
    if subset not in ("training", "validation", "both"):
        raise ArgumentError(describe(where, "subset", "'training', 'validation' or 'both'", repr(subset)))
    if not 0 < validation_split < 1:
        raise ArgumentError(describe(where, "validation_split", "above 0 and below 1", repr(validation_split)))
    if shuffle and seed is None:
        remedy = "Pass seed=, the same for both parts."
        raise ArgumentError(describe(where, "seed", "given with validation_split", "None", remedy))
    return _split(found, validation_split, subset, shuffle)


TAKEN = {"follow_links": (False, True), "crop_to_aspect_ratio": (False,), "pad_to_aspect_ratio": (False,),
         "data_format": (None, "channels_last"), "verbose": (False, True), "format": (None, "tf")}  # fmt: skip


def _split(
    found: DirectoryBatches, share: float, subset: str, shuffle: bool
) -> DirectoryBatches | tuple[DirectoryBatches, DirectoryBatches]:
    """The parts of a folder for learning and for validation."""
    order = found._key.fold("split").generator().permutation(found.samples) if shuffle else np.arange(found.samples)
    border = found.samples - int(share * found.samples)
    parts = [
        DirectoryBatches(found.part.subset(np.sort(chosen)), tuple(found.class_indices), batch_size=found.batch_size,
                         class_mode=found.class_mode, shuffle=shuffle, key=found._key, rescale=None)
        for chosen in (order[:border], order[border:])
    ]  # fmt: skip
    return (parts[0], parts[1]) if subset == "both" else parts[subset == "validation"]
