"""ImageDataGenerator: batches of pictures turned, moved, sheared, zoomed and mirrored anew in each epoch.

Shapes   x (N, H, W, C), numbers from 0 to 255 as a rule; y[p] = x[M p + t] about the middle, with M and t of rotation,
         shift, shear and zoom one after the other, each drawn for each picture
Source   Keras 3, `legacy/preprocessing/image.py`; where heights and widths differ, heights move rows and widths columns
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import ImageEnhance

from pellucid.data.directory import Chained, DirectoryBatches, flow_from_directory
from pellucid.data.keras_arrays import array_to_img, img_to_array, refuse_first
from pellucid.data.order import check_sizes, steps, steps_in
from pellucid.engines.picturing import taps_at
from pellucid.engines.reference.images import gathered
from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.keys import Key
from pellucid.spec.images import FILL
from pellucid.spec.legal import Illegal
from pellucid.training.seed import ROOT

Range = float | tuple[float, float] | list[float]
SUBSETS = (None, "training", "validation")


class ArrayBatches(Chained):
    """Batches of arrays, in an order drawn each epoch."""

    def __init__(self, arrays: tuple[Any, ...], batch_size: int, *, shuffle: bool, key: Key) -> None:
        self.arrays, self.batch_size, self.shuffled, self._key, self._epoch = arrays, batch_size, shuffle, key, 0
        self.samples = self.n = len(arrays[0])
        check_sizes("flow", samples=self.n, batch_size=batch_size)
        self.on_epoch_end()

    def __len__(self) -> int:
        return steps_in(self.n, self.batch_size)

    def __getitem__(self, index: int) -> Any:
        chosen = self.order[index]
        found = tuple(array[chosen] for array in self.arrays)
        return found if len(found) > 1 else found[0]

    def on_epoch_end(self) -> None:
        """Go on to the next epoch's order."""
        self.order = list(steps(self.n, batch_size=self.batch_size, key=self._key, shuffle=self.shuffled,
                                epoch=self._epoch))  # fmt: skip
        self._epoch += 1

    def unshuffled(self) -> ArrayBatches:
        """The same in the order of the arrays."""
        return ArrayBatches(self.arrays, self.batch_size, shuffle=False, key=self._key)


class Generated(Chained):
    """Batches whose pictures a generator changes; `next` and `for` go on without end, as in Keras, fit by epochs."""

    def __init__(self, batches: Any, generator: ImageDataGenerator, key: Key) -> None:
        self.batches, self.generator, self._key, self._epoch, self.place = batches, generator, key, 0, 0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "batches" not in vars(self):
            raise AttributeError(name)
        return self.batches.samples if name == "n" else getattr(self.batches, name)

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> Any:
        found = self.batches[index]
        several = isinstance(found, tuple)
        x = self.generator.changed(found[0] if several else found, self._key.fold(self._epoch, index))
        return (x, *found[1:]) if several else x

    def on_epoch_end(self) -> None:
        """Go on to the next epoch's order and numbers."""
        self.batches.on_epoch_end()
        self._epoch += 1

    def __iter__(self) -> Iterator[Any]:
        while True:
            yield next(self)

    def __next__(self) -> Any:
        if self.place == len(self):
            self.place = 0
            self.on_epoch_end()
        self.place += 1
        return self[self.place - 1]

    next = __next__

    def reset(self) -> None:
        """Begin an epoch's batches again."""
        self.place = 0

    def unshuffled(self) -> Generated:
        """The same in the order of the files or arrays."""
        return Generated(self.batches.unshuffled(), self.generator, self._key)


@dataclass
class ImageDataGenerator:
    """What is done to pictures, and how far: a number r stands for -r..r, `zoom_range` for 1 - r to 1 + r.

    Shifts below 1 are shares of the side, whole numbers and larger ones pixels; angles are in degrees.
    """

    featurewise_center: bool = False
    samplewise_center: bool = False
    featurewise_std_normalization: bool = False
    samplewise_std_normalization: bool = False
    zca_whitening: bool = False
    zca_epsilon: float = 1e-6
    rotation_range: float = 0
    width_shift_range: Any = 0.0
    height_shift_range: Any = 0.0
    brightness_range: Range | None = None
    shear_range: float = 0.0
    zoom_range: Range = 0.0
    channel_shift_range: float = 0.0
    fill_mode: str = "nearest"
    cval: float = 0.0
    horizontal_flip: bool = False
    vertical_flip: bool = False
    rescale: float | None = None
    preprocessing_function: Callable[[Any], Any] | None = None
    data_format: str | None = None
    validation_split: float = 0.0
    interpolation_order: int = 1
    dtype: Any = None
    mean: Any = field(default=None, init=False)
    std: Any = field(default=None, init=False)

    def __post_init__(self) -> None:
        where = "ImageDataGenerator"
        refuse_first(where, self.data_format)
        if self.zca_whitening:
            remedy = "Use featurewise_std_normalization=True, or pellucid train --preprocess."
            raise ArgumentError(describe(where, "zca_whitening", "False", "True", remedy))
        try:
            self.fill_mode = FILL.check(self.fill_mode)
        except Illegal:
            raise ArgumentError(describe(where, "fill_mode", FILL.wanted, repr(self.fill_mode))) from None
        if self.validation_split and not 0 < self.validation_split < 1:
            raise ArgumentError(describe(where, "validation_split", "between 0 and 1", repr(self.validation_split)))
        for name in ("rotation_range", "shear_range", "channel_shift_range"):
            value = getattr(self, name)
            if isinstance(value, (bool, str)) or not isinstance(value, (int, float)) or value < 0:
                raise ArgumentError(describe(where, name, "a number >= 0", repr(value)))
        self.zoom_range = two(where, "zoom_range", self.zoom_range, around=1.0)
        if self.brightness_range is not None:
            self.brightness_range = two(where, "brightness_range", self.brightness_range)
        self.samplewise_center |= self.samplewise_std_normalization
        self.featurewise_center |= self.featurewise_std_normalization

    def flow(
        self, x: Any, y: Any = None, batch_size: int = 32, shuffle: bool = True, sample_weight: Any = None,
        seed: int | None = None, save_to_dir: Any = None, save_prefix: str = "", save_format: str = "png",
        ignore_class_split: bool = False, subset: str | None = None,
    ) -> Generated:  # fmt: skip
        """Batches of pictures x (N, H, W, C), with y and sample_weight where they are given."""
        refuse_saving(save_to_dir)
        arrays = tuple(np.asarray(part) for part in (x, y, sample_weight) if part is not None)
        if arrays[0].ndim != 4:
            raise ShapeError(describe("flow", "x", "(N, H, W, C)", f"of shape {arrays[0].shape}"))
        if any(len(part) != len(arrays[0]) for part in arrays):
            raise ShapeError(describe("flow", "y", f"{len(arrays[0])} rows, as x", f"{len(arrays[1])}"))
        border = int(len(arrays[0]) * self.validation_split)
        kept = {None: slice(None), "training": slice(border, None), "validation": slice(border)}[known(subset)]
        key = key_of(seed)
        batches = ArrayBatches(tuple(part[kept] for part in arrays), batch_size, shuffle=shuffle, key=key)
        return Generated(batches, self, key)

    def flow_from_directory(
        self, directory: Any, target_size: tuple[int, int] = (256, 256), color_mode: str = "rgb", classes: Any = None,
        class_mode: str | None = "categorical", batch_size: int = 32, shuffle: bool = True, seed: int | None = None,
        save_to_dir: Any = None, save_prefix: str = "", save_format: str = "png", follow_links: bool = False,
        subset: str | None = None, interpolation: str = "nearest", keep_aspect_ratio: bool = False,
    ) -> Generated:  # fmt: skip
        """Batches of the pictures in `directory`/<class>/*; of each class the first are for validation."""
        refuse_saving(save_to_dir)
        if classes is not None or keep_aspect_ratio:
            told = "classes" if classes is not None else "keep_aspect_ratio"
            raise ArgumentError(describe("flow_from_directory", told, "left out", "given"))
        found = flow_from_directory(directory, target_size, color_mode, class_mode, batch_size, shuffle, seed)
        if known(subset) is not None:
            chosen = np.concatenate([
                members[: int(len(members) * self.validation_split)] if subset == "validation"
                else members[int(len(members) * self.validation_split) :]
                for members in (np.flatnonzero(found.classes == c) for c in range(len(found.class_indices)))
            ])  # fmt: skip
            if not len(chosen):
                remedy = "Pass ImageDataGenerator validation_split=0.2."
                wanted = "one with pictures"
                raise ArgumentError(describe("flow_from_directory", "subset", wanted, repr(subset), remedy))
            found = DirectoryBatches(found.part.subset(np.sort(chosen)), tuple(found.class_indices), shuffle=shuffle,
                                     batch_size=batch_size, class_mode=class_mode, key=found._key,
                                     rescale=None)  # fmt: skip
        return Generated(found, self, key_of(seed))

    def flow_from_dataframe(self, *args: Any, **named: Any) -> Any:
        """Not there: read the pictures, or lay them into folders."""
        remedy = "Lay the pictures into a folder a class, or read them and use flow."
        raise ArgumentError(f"ImageDataGenerator.flow_from_dataframe is not part of Pellucid. {remedy}")

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Read mean and deviation of each channel off pictures, for featurewise_center and its kin."""
        pictures = np.asarray(x, np.float32)
        if augment:
            pictures = np.concatenate([self.changed(pictures, key_of(seed).fold(r), standardize=False)
                                       for r in range(rounds)])  # fmt: skip
        self.mean = pictures.mean((0, 1, 2)) if self.featurewise_center else None
        self.std = pictures.std((0, 1, 2)) if self.featurewise_std_normalization else None

    def random_transform(self, x: Any, seed: int | None = None) -> np.ndarray:
        """One picture (H, W, C) changed."""
        picture = np.asarray(x, np.float32)
        return self.apply_transform(picture, self.get_random_transform(picture.shape, seed))

    def get_random_transform(self, img_shape: tuple[int, ...], seed: int | None = None) -> dict[str, Any]:
        """Numbers drawn for one picture of this shape."""
        return self._drawn(img_shape, key_of(seed).generator())

    def _drawn(self, shape: tuple[int, ...], draw: np.random.Generator) -> dict[str, Any]:
        zoom, bright = self.zoom_range, self.brightness_range
        assert isinstance(zoom, tuple) and not isinstance(bright, (int, float))
        plain = zoom == (1.0, 1.0)
        return {
            "theta": draw.uniform(-self.rotation_range, self.rotation_range),
            "tx": shift(self.width_shift_range, shape[1], draw), "ty": shift(self.height_shift_range, shape[0], draw),
            "shear": draw.uniform(-self.shear_range, self.shear_range),
            "zx": 1.0 if plain else draw.uniform(*zoom), "zy": 1.0 if plain else draw.uniform(*zoom),
            "flip_horizontal": bool(draw.random() < 0.5) and self.horizontal_flip,
            "flip_vertical": bool(draw.random() < 0.5) and self.vertical_flip,
            "channel_shift_intensity": draw.uniform(-self.channel_shift_range, self.channel_shift_range)
            if self.channel_shift_range else None,
            "brightness": None if bright is None else draw.uniform(*bright),
        }  # fmt: skip

    def apply_transform(self, x: Any, transform_parameters: dict[str, Any]) -> np.ndarray:
        """One picture (H, W, C), changed by these numbers."""
        told = {"theta": 0, "tx": 0, "ty": 0, "shear": 0, "zx": 1, "zy": 1, **transform_parameters}
        x = np.asarray(x, np.float32)
        matrix = matrix_of(told, x.shape[0], x.shape[1])
        if not np.array_equal(matrix, np.eye(3)[:2]):
            filled, exact = (self.fill_mode, self.cval), self.interpolation_order == 0
            x = gathered(x[None], taps_at(matrix[None], x.shape[:2], x.shape[:2], filled, exact=exact))[0]
        if told.get("channel_shift_intensity") is not None:
            x = np.clip(x + np.float32(told["channel_shift_intensity"]), x.min(), x.max())
        x = x[:, ::-1] if told.get("flip_horizontal") else x
        x = x[::-1] if told.get("flip_vertical") else x
        return x if told.get("brightness") is None else brightened(x, told["brightness"])

    def standardize(self, x: Any) -> np.ndarray:
        """preprocessing_function, then rescale, then what is centred and divided."""
        x = np.asarray(x if self.preprocessing_function is None else self.preprocessing_function(x), np.float32)
        x = x if self.rescale is None else x * np.float32(self.rescale)
        x = x - x.mean() if self.samplewise_center else x
        x = x / (x.std() + 1e-6) if self.samplewise_std_normalization else x
        for wanted, kept in ((self.featurewise_center, self.mean), (self.featurewise_std_normalization, self.std)):
            if wanted and kept is None:
                raise ArgumentError("ImageDataGenerator: featurewise_center needs numbers. Call its fit(x) first.")
        x = x - self.mean if self.featurewise_center else x
        return np.asarray(x / (self.std + np.float32(1e-6)) if self.featurewise_std_normalization else x)

    def changed(self, x: Any, key: Key, *, standardize: bool = True) -> np.ndarray:
        """A batch of pictures, each changed by numbers of its own."""
        found = []
        for place, picture in enumerate(x):
            numbers = self._drawn(picture.shape, key.fold(place).generator())
            one = self.apply_transform(picture, numbers)
            found.append(self.standardize(one) if standardize else one)
        return np.stack(found).astype(self.dtype or "float32")


def matrix_of(told: dict[str, Any], height: int, width: int) -> np.ndarray:
    """(2, 3): from a place (row, column) of the new picture to that in the old, about the middle.

    The numbers tell of x, to the right, before y, downwards.
    """
    turn, slant = np.deg2rad(told["theta"]), np.deg2rad(told["shear"])
    cos, sin = np.cos(turn), np.sin(turn)
    steps_of = [
        [[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], [[1, 0, told["tx"]], [0, 1, told["ty"]], [0, 0, 1]],
        [[1, -np.sin(slant), 0], [0, np.cos(slant), 0], [0, 0, 1]], [[told["zx"], 0, 0], [0, told["zy"], 0], [0, 0, 1]],
    ]  # fmt: skip
    away, back = np.eye(3), np.eye(3)
    away[:2, 2] = (width - 1) / 2, (height - 1) / 2
    back[:2, 2] = -away[:2, 2]
    whole = np.linalg.multi_dot([away, *map(np.array, steps_of), back])
    return np.asarray(whole[[1, 0]][:, [1, 0, 2]])


def shift(given: Any, side: int, draw: np.random.Generator) -> float:
    """Pixels to move: a share of the side, up to so many whole pixels, or one of several."""
    if isinstance(given, (list, tuple, np.ndarray)):
        found = float(draw.choice(np.asarray(given))) * float(draw.choice([-1, 1]))
        return found * side if np.max(given) < 1 else found
    if isinstance(given, (int, np.integer)) and not isinstance(given, bool):
        return float(draw.integers(0, given) if given else 0) * float(draw.choice([-1, 1]))
    return float(draw.uniform(-given, given)) * (side if given < 1 else 1)


def brightened(x: np.ndarray, factor: float) -> np.ndarray:
    """A picture times a factor, cut to 0..255, in whole numbers; another range is brought there and back."""
    low, high = float(x.min()), float(x.max())
    outside = low < 0 or high > 255
    found = img_to_array(ImageEnhance.Brightness(array_to_img(x, scale=outside)).enhance(factor))
    return found / 255 * (high - low) + low if outside else found


def two(where: str, name: str, given: Any, around: float | None = None) -> tuple[float, float]:
    """Two ends; of one number, that far to either side of `around`."""
    if around is not None and isinstance(given, (int, float)) and not isinstance(given, bool):
        return around - given, around + given
    if isinstance(given, (list, tuple)) and len(given) == 2 and all(isinstance(end, (int, float)) for end in given):
        return float(given[0]), float(given[1])
    wanted = "two numbers" if around is None else "a number, or two"
    raise ArgumentError(describe(where, name, wanted, repr(given)))


def known(subset: Any) -> Any:
    """A part's name; raises ArgumentError for another."""
    if subset not in SUBSETS:
        raise ArgumentError(describe("flow", "subset", "'training' or 'validation'", repr(subset)))
    return subset


def refuse_saving(folder: Any) -> None:
    """Raise ArgumentError where batches are to be written."""
    if folder is not None:
        remedy = "Write them with save_img: for x, y in batches."
        raise ArgumentError(describe("flow", "save_to_dir", "None", repr(folder), remedy))


def key_of(seed: int | None) -> Key:
    """The key of what is drawn."""
    return ROOT.next_key() if seed is None else Key.of(seed).fold("image generator")
