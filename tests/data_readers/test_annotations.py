"""Annotations are columns beside the images: chosen with them, moved with their pixels, spread evenly over parts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from pellucid.data.annotations import Annotations, Classes, Numbers
from pellucid.data.augmentation import Augmentation
from pellucid.data.batches import Batches
from pellucid.data.dataset import Dataset, Part
from pellucid.data.images import ArrayImages
from pellucid.data.splits import split_validation
from pellucid.errors import DataError, ShapeError
from pellucid.keys import Key

SIZE, SPOT = (41, 57), (33.2, 13.7)  # (height, width); x, y


@dataclass(frozen=True, eq=False)
class Spot:
    """One point (x, y) a picture, (N, 2)."""

    places: np.ndarray
    kind, moves, words = "spot", True, "a spot each"

    @property
    def strata(self) -> np.ndarray:
        return np.zeros(len(self.places), np.int64)

    def __len__(self) -> int:
        return len(self.places)

    def take(self, indices: np.ndarray) -> Spot:
        return Spot(self.places[indices])

    def joined(self, other: Spot) -> Spot:
        return Spot(np.concatenate([self.places, other.places]))

    def moved(self, affines: np.ndarray, size: tuple[int, int]) -> Spot:
        assert size == SIZE
        return Spot(np.einsum("bij,bj->bi", affines[:, :, :2], self.places) + affines[:, :, 2])


def places_of(annotations: Annotations) -> np.ndarray:
    assert isinstance(annotations, Spot)
    return annotations.places


def centres(x: np.ndarray) -> np.ndarray:
    """Where the light of each picture (B, H, W) lies."""
    rows, columns = np.mgrid[: x.shape[1], : x.shape[2]] + 0.5
    light = x.sum((1, 2))
    return np.stack([(x * columns).sum((1, 2)) / light, (x * rows).sum((1, 2)) / light], -1)


@pytest.mark.parametrize("text", ["flip", "shift=4", "flip,flip_vertical,shift=5", "rotate=40", "zoom=0.3", "shear=20",
                                  "crop=0.3", "flip,rotate=10,zoom=0.2,shear=10,shift=3,crop=0.2"])  # fmt: skip
def test_points_move_with_their_pixels(text: str) -> None:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    light = np.exp(-((columns - SPOT[0]) ** 2 + (rows - SPOT[1]) ** 2) / 8).astype(np.float32)
    pixels = np.broadcast_to(light[None, :, :, None], (40, *SIZE, 1)).copy()
    part = Part(ArrayImages(pixels), Spot(np.tile(SPOT, (40, 1))), tuple(map(str, range(40))), np.arange(40))
    batches = Batches(part, batch_size=16, key=Key.of(3), augmentation=Augmentation.parse(text), encode=places_of)
    moved = 0
    for batch in batches.epoch(2):
        told, seen = batch.targets["output"], centres(batch.inputs["input"][..., 0])
        inside = ((told > 8) & (told < np.array(SIZE[::-1]) - 8)).all(1)
        assert np.abs(told - seen)[inside].max() < 0.03
        moved += int((np.abs(seen - SPOT) > 0.3).any(1).sum())
    assert moved > 8


def test_numbers_are_spread_evenly_over_the_parts() -> None:
    values = np.random.default_rng(0).exponential(size=(400, 1))
    part = Part(ArrayImages(np.zeros((400, 1, 1, 1))), Numbers(values, ("age",), ("years",)),
                tuple(map(str, range(400))), np.arange(400))  # fmt: skip
    held = split_validation(Dataset("made", {"train": part}, (), ("gray",), "0" * 64), fraction=0.1, seed=1)
    column = held.part("validation").annotations
    assert isinstance(column, Numbers) and column.names == ("age",)
    share = np.searchsorted(np.quantile(values, np.linspace(0, 1, 11)[1:-1]), column.values[:, 0], side="right")
    assert np.bincount(share).tolist() == [4] * 10


def test_groups_with_a_number_each_can_be_divided() -> None:
    groups = np.repeat(np.arange(12), 10)
    ages = Numbers(groups[:, np.newaxis] + 0.5, ("age",), ("years",))
    part = Part(ArrayImages(np.zeros((120, 1, 1, 1))), ages, [str(i) for i in range(120)], np.arange(120),
                groups.astype(str))
    parted = split_validation(Dataset("ages", {"train": part}, (), ("gray",), ""), fraction=0.25, seed=0)
    held = parted.part("validation").groups
    assert held is not None and len(held) == 30 and not set(held) & set(groups[parted.part("train").ids].astype(str))
    one = replace(part, groups=np.zeros(120).astype(str))
    with pytest.raises(DataError, match="1 groups cannot be divided so that both parts get a whole group"):
        split_validation(Dataset("ages", {"train": one}, (), ("gray",), ""), fraction=0.25, seed=0)


def test_a_part_of_other_annotations_has_no_labels() -> None:
    column = Numbers(np.zeros((3, 2)), ("x", "y"), ("", ""))
    part = Part(ArrayImages(np.zeros((3, 1, 1, 1))), column, ("a", "b", "c"), np.arange(3))
    with pytest.raises(DataError, match="numbers, not classes"):
        _ = part.labels
    with pytest.raises(ShapeError, match="annotations"):
        Part(part.images, Classes(np.zeros(2, np.int64)), part.names, part.ids)
    with pytest.raises(ShapeError, match="a column a name"):
        Numbers(np.zeros(3), ("x",), ("",))
    assert part.subset(np.array([2, 0])).annotations.take(np.array([1])).names == ("x", "y")  # type: ignore[attr-defined]
