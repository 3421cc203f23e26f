"""Checks of points before training: each planted fault is found, and sound data are not called wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pellucid.checks.finding import Finding
from pellucid.data.augmentation import Augmentation
from pellucid.data.dataset import Dataset, Part
from pellucid.data.opening import open_dataset
from pellucid.data.points.column import Points
from pellucid.data.points.sides import marked_by_look, swapped_in
from pellucid.data.points.skeleton import Skeleton
from pellucid.keys import Key
from pellucid.tasks.keypoints.checks import CHECKS, check_round_trip
from pellucid.tasks.keypoints.codecs.coordinates import Coordinates
from pellucid.tasks.registry import task_named
from tests.tasks.keypoints.conftest import write_kites

PLANTED = 0.1


@pytest.fixture(scope="module")
def kites(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("data") / "kites"
    write_kites(folder, {"train": 120, "val": 12})
    return open_dataset(str(folder))


def found(name: str, dataset: Dataset, augment: str | None = None) -> Finding:
    augmentation = None if augment is None else Augmentation.parse(augment)
    subject: Any = SimpleNamespace(dataset=dataset, batches=SimpleNamespace(augmentation=augmentation),
                                   key_of=Key.of(0).fold, drawn_at_random=lambda check, most: np.arange(most)[
                                       : len(dataset.part("train"))])  # fmt: skip
    return CHECKS[name](subject)


def changed(dataset: Dataset, change: Callable[[Points], Points], part: str = "train") -> Dataset:
    before = dataset.part(part)
    after = replace(before, annotations=change(before.annotated(Points)))
    return replace(dataset, parts={**dataset.parts, part: after})


def swap(points: Points, seed: int) -> tuple[Points, np.ndarray]:
    """A tenth of the objects with left and right exchanged, and which ones."""
    chosen = np.zeros(len(points), bool)
    chosen[np.random.default_rng(seed).choice(len(points), int(PLANTED * len(points)), replace=False)] = True
    order = points.skeleton.mirrored()
    return replace(points, xy=np.where(chosen[:, None, None], points.xy[:, order], points.xy),
                   visible=np.where(chosen[:, None], points.visible[:, order], points.visible)), chosen  # fmt: skip


def test_sound_data_pass_every_check(kites: Dataset) -> None:
    for name in CHECKS:
        told = found(name, kites, "flip")
        assert told.status == "pass" and told.name == name, told


@pytest.mark.parametrize("seed", range(20))
def test_a_tenth_swapped_is_found_by_where_points_lie(kites: Dataset, seed: int) -> None:
    points, chosen = swap(kites.part("train").annotated(Points), seed)
    told = found("left-right", changed(kites, lambda _: points))
    assert told.status == "warning" and told.value == chosen.mean(), told
    assert "swapped in 12 of 120 objects: train/" in told.meaning


def from_both_sides(kites: Dataset) -> Part:
    """Half of the pictures mirrored, with the names of their points: no side is left or right but by its colour."""
    part = kites.part("train")
    half = np.arange(len(part)) % 2 == 1
    pixels = part.images.take(np.arange(len(part)))
    pixels = np.where(half[:, None, None, None], pixels[:, :, ::-1], pixels)
    points = part.annotated(Points)
    across = np.where(half[:, None], pixels.shape[2] - points.xy[..., 0], points.xy[..., 0])
    return replace(part, images=Held(pixels),
                   annotations=replace(points, xy=np.stack([across, points.xy[..., 1]], axis=2)))  # fmt: skip


def test_where_points_are_not_sure_colours_are_asked_and_without_them_it_says_so(kites: Dataset) -> None:
    part = from_both_sides(kites)
    points, chosen = swap(part.annotated(Points), 3)
    alone = swapped_in(points)
    assert alone is not None and not alone.told and not len(alone.suspects)
    seen = swapped_in(points, lambda: part.images.take(np.arange(len(part))))
    assert seen is not None and seen.told
    assert set(seen.suspects) == set(np.flatnonzero(chosen))
    grey = replace(kites, parts={**kites.parts, "train": replace(part, annotations=points, images=Held(
        np.full(part.images.shape, 7, np.uint8)))})  # fmt: skip
    told = found("left-right", grey)
    assert told.status == "pass" and "not sure" in told.meaning


class Held:
    """Pictures in memory."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels, self.shape, self.dtype = pixels, pixels.shape, pixels.dtype

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, indices: np.ndarray) -> np.ndarray:
        return self.pixels[indices]


def faces(points: Points) -> Points:
    """Seven points of faces that are turned a little, where kites were."""
    random = np.random.default_rng(5)
    face = np.array([(-1, -1), (1, -1), (-1.8, 0), (1.8, 0), (0, 0.2), (-0.6, 1), (0.6, 1)])
    turn = random.uniform(-0.4, 0.4, len(points))
    spin = np.stack([np.cos(turn), -np.sin(turn), np.sin(turn), np.cos(turn)], axis=1).reshape(-1, 2, 2)
    xy = (20, 20) + 6 * (face + random.normal(0, 0.1, (len(points), 7, 2))) @ spin.swapaxes(1, 2)
    names = ("left_eye", "right_eye", "left_ear", "right_ear", "nose", "left_lip", "right_lip")
    return replace(points, xy=xy, visible=np.full(xy.shape[:2], 2, np.int8),
                   skeleton=Skeleton(names, pairs=((0, 1), (2, 3), (5, 6))))  # fmt: skip


def with_pairs(*pairs: tuple[int, int]) -> Callable[[Points], Points]:
    return lambda points: replace(faces(points), skeleton=replace(faces(points).skeleton, pairs=pairs))


@pytest.mark.parametrize(("pairs", "augment", "status", "said"), [
    (((0, 1), (2, 3), (5, 6)), "flip", "pass", "3 pairs of points change places in a mirror, and lie"),
    ((), "flip", "warning", "has no mirror pair, though its mirror image falls on"),
    ((), None, "pass", "pictures are not flipped"),
    (((0, 3), (2, 1), (5, 6)), "flip", "failure", "left_ear is paired with right_eye, though"),
    (((0, 3), (2, 1), (5, 6)), None, "warning", "pictures are not flipped, but"),
    (((0, 1), (2, 3)), "flip", "failure", "left_lip has no mirror pair, though its mirror image falls on right_lip"),
])  # fmt: skip
def test_mirror_pairs_that_are_missing_or_wrong(kites: Dataset, pairs: tuple[tuple[int, int], ...], augment: str | None,
                                                status: str, said: str) -> None:  # fmt: skip
    told = found("mirror-pairs", changed(kites, with_pairs(*pairs)), augment)
    assert told.status == status and said in told.meaning, told


def test_flips_of_objects_that_look_alike_on_both_sides_pass(kites: Dataset) -> None:
    told = found("marked-sides", changed(kites, with_pairs((0, 1), (2, 3), (5, 6))), "flip")
    assert told.status == "pass" and "120 objects" in told.meaning, told


def test_light_from_one_side_marks_no_sides() -> None:
    rng = np.random.default_rng(0)
    pairs, sides = np.array([[0, 1], [2, 3]]), np.where(rng.random((200, 1)) < 0.5, 1, -1)
    xy = np.stack([np.stack([20.5 + sides[:, 0] * way * far, np.full(200, down)], 1) for way, far, down in
                   ((1, 12, 12.5), (-1, 12, 12.5), (1, 6, 30.5), (-1, 6, 30.5))], 1)  # fmt: skip
    shade = rng.normal(1, 0.8, (200, 1, 1, 1)) * 20 * np.linspace(-1, 1, 41)[None, None, :, None]
    images = 100 + shade * np.ones((1, 41, 1, 1)) + rng.normal(0, 5, (200, 41, 41, 1))
    assert not marked_by_look(xy, pairs, images)
    painted = images + 90 * (sides[:, :, None, None] * (np.arange(41) - 20)[None, None, :, None] > 0)
    assert marked_by_look(xy, pairs, painted)
    front = sides[:, 0] > 0
    assert not marked_by_look(xy[front], pairs, painted[front])  # where points lie tells their sides, mirrored or not


def without(point: int, left: int) -> Callable[[Points], Points]:
    def change(points: Points) -> Points:
        xy, visible = points.xy.copy(), points.visible.copy()
        xy[left:, point], visible[left:, point] = np.nan, 0
        return replace(points, xy=xy, visible=visible)

    return change


@pytest.mark.parametrize(("left", "status", "said"), [(0, "failure", "tail (0)"), (3, "warning", "tail (3)")])
def test_a_point_that_is_never_or_hardly_marked(kites: Dataset, left: int, status: str, said: str) -> None:
    told = found("never-marked", changed(kites, without(3, left)))
    assert told.status == status and said in told.meaning, told


def test_a_crop_that_cuts_points_off(kites: Dataset) -> None:
    away = np.array([[[1.0, 0, 20.0], [0, 1.0, 0]]])
    moved = changed(kites, lambda points: points.moved(np.repeat(away, len(points), axis=0), (40, 48)))
    told = found("cut-off", moved)
    assert told.status == "failure" and 0.2 < (told.value or 0) < 1 and "lie outside what is seen" in told.meaning


def test_points_outside_their_picture_are_told_with_file_and_line(tmp_path: Path) -> None:
    write_kites(tmp_path / "kites", {"train": 12})
    table = tmp_path / "kites" / "points.csv"
    lines = table.read_text().splitlines()
    cells = lines[4].split(",")
    cells[1] = "70"
    table.write_text("\n".join([*lines[:4], ",".join(cells), *lines[5:]]))
    told = found("points", open_dataset(str(tmp_path / "kites")))
    assert told.status == "warning" and "points.csv: line 5: nose of a picture of 48x40" in told.meaning


def test_one_person_by_file_names_in_two_parts(kites: Dataset) -> None:
    def renamed(names: list[str]) -> Dataset:
        train = kites.part("train")
        parts = {"train": replace(train.subset(np.arange(12)), names=tuple(names)), "test": replace(
            train.subset(np.arange(12, 18)), names=tuple(f"{who}_9.png" for who in "abcdef"))}  # fmt: skip
        return replace(kites, parts=parts)

    told = found("persons", renamed([f"{who}_{k}.png" for who in "abcghi" for k in (1, 2)]))
    assert told.status == "warning" and told.value == 3 and "3 of 9 persons are in two parts (a, b, c)" in told.meaning
    told = found("persons", renamed([f"{who}_{k}.png" for who in "ghijkl" for k in (1, 2)]))
    assert told.status == "pass" and "12 persons are in one part each" in told.meaning


class Crossed(Coordinates):
    """Down for across."""

    def decode(self, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        xy, sure = super().decode(outputs)
        return xy[..., ::-1], sure


@pytest.mark.parametrize(("codec", "status"), [(Coordinates, "pass"), (Crossed, "failure")])
def test_a_codec_that_reads_otherwise_than_it_writes(kites: Dataset, codec: type[Coordinates], status: str) -> None:
    subject: Any = SimpleNamespace(dataset=kites)
    assert check_round_trip(subject, codec((40, 48), 4)).status == status


def test_the_task_has_them_all(kites: Dataset) -> None:
    task = task_named("keypoints")
    assert dict(task.checks) == dict(CHECKS) and set(task.problem(kites).checks()) == {"round-trip"}


def test_the_table_of_the_page_is_that_of_the_result() -> None:
    from benchmarks.swapped import PAGE, RESULT, table

    told = json.loads(RESULT.read_text(encoding="utf-8"))
    assert table(told) in PAGE.read_text(encoding="utf-8"), "run python -m benchmarks.swapped"
    assert all(one["warned"] == one["seeds"] == 20 and one["false"] <= 0.05 for name, one in told["sets"].items()
               if name != "lspe")  # fmt: skip
