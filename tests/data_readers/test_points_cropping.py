"""Objects cut out by their boxes: points lie where their pixels lie, boxes of two in a picture, noise, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.boxes.column import inverted
from pellucid.data.opening import open_dataset
from pellucid.data.options import options_of_record
from pellucid.data.points.column import Points, carried
from pellucid.data.points.cropping import noisy, windows_of
from pellucid.errors import ArgumentError, DataError
from tests.data_readers.conftest import png_bytes

SIZE = (60, 80)


@pytest.fixture
def spots(tmp_path: Path) -> Path:
    """Pictures black but for white pixels, which are the points; the second object of b.png has one beyond an edge."""
    rows = [("a.png", [(20, 30), (40, 12), (33, 41)]), ("b.png", [(5, 6), (18, 30), (9, 20)]),
            ("b.png", [(60, 40), (79, 59), (70, 44)])]  # fmt: skip
    pictures = {name: np.zeros((*SIZE, 3), np.uint8) for name, _ in rows}
    for name, points in rows:
        for x, y in points:
            pictures[name][y, x] = 255
    for name, pixels in pictures.items():
        (tmp_path / name).write_bytes(png_bytes(pixels))
    lines = ["image,x0,y0,x1,y1,x2,y2,box_x0,box_y0,box_x1,box_y1"]
    for name, points in rows:
        xy = np.array(points)
        box = [*xy.min(0), *(xy.max(0) + 1)]
        lines.append(",".join([name, *map(str, xy.ravel()), *map(str, box)]))
    (tmp_path / "points.csv").write_text("\n".join(lines))
    return tmp_path


@pytest.mark.parametrize("options", [{}, {"crop": "0.5"}, {"crop": "0", "resize": (96, 48)}, {"resize": (128, 128)}])
def test_white_pixels_lie_where_the_points_of_the_crop_lie(spots: Path, options: dict[str, object]) -> None:
    part = open_dataset(str(spots), **options).part("train")  # type: ignore[arg-type]
    points = part.annotations
    assert isinstance(points, Points) and points.from_box and len(part) == 3
    images = part.images.take(np.arange(3)).astype(float)
    placed = points.placed()
    assert placed.inside.all()
    for row in range(3):
        for x, y in placed.xy[row]:
            near = images[row, max(0, int(y) - 3) : int(y) + 4, max(0, int(x) - 3) : int(x) + 4, 0]
            grid = np.mgrid[max(0, int(y) - 3) : int(y) + 4, max(0, int(x) - 3) : int(x) + 4][:, : near.shape[0]] + 0.5
            near = np.where(near == 128, 0, near)                                     # grey, beyond the picture
            found = [(axis[:, : near.shape[1]] * near).sum() / near.sum() for axis in grid]
            assert abs(found[0] - y) < 0.75 and abs(found[1] - x) < 0.75, (row, found, (x, y))


def test_the_inverse_leads_back_to_pixels_of_the_picture_to_a_millionth(spots: Path) -> None:
    points = open_dataset(str(spots), resize=(64, 64)).part("train").annotations
    assert isinstance(points, Points)
    back = carried(points.placed().xy, inverted(points.affines))
    assert np.abs(back - points.xy).max() < 1e-6


def test_two_objects_of_a_picture_are_in_one_part_and_without_a_crop_refused(spots: Path) -> None:
    dataset = open_dataset(str(spots))
    assert dataset.part("train").names == ("a.png", "b.png", "b.png") and dataset.reading["crop"] == "0.25"
    assert any("by the boxes of the data, with 0.25" in note for note in dataset.notes)
    with pytest.raises(DataError, match=r"line 4: b\.png has a second object.*--crop 0.25"):
        open_dataset(str(spots), crop="none")
    oracle = (spots / "points.csv").read_text().splitlines()
    (spots / "points.csv").write_text("\n".join(",".join(line.split(",")[:7]) for line in oracle))
    with pytest.raises(DataError, match="has a second object"):
        open_dataset(str(spots))
    assert any("oracle boxes" in note for note in open_dataset(str(spots), crop="0.25").notes)


def test_a_window_has_its_margin_and_proportions_and_an_end() -> None:
    boxes = np.array([[10.0, 10, 30, 20], [-1e9, -1e9, 1e9, 1e9], [4, 4, 4.2, 4.2]])
    sizes = np.array([[60, 80]] * 3)
    (left, top, right, bottom), huge, tiny = windows_of(boxes, sizes, 0.25)
    assert (right - left, bottom - top) == (30, 30) and (left + right, top + bottom) == (40, 30)
    assert huge[2] - huge[0] == 240 and tiny[2] - tiny[0] == 2
    left, top, right, bottom = windows_of(boxes, sizes, 0.0, (100, 50))[0]
    assert (right - left, bottom - top) == (20, 40)


def test_noise_shifts_and_scales_by_no_more_than_it_says_and_always_alike() -> None:
    boxes = np.tile([10.0, 20.0, 50.0, 40.0], (500, 1))
    off = noisy(boxes, 0.1)
    np.testing.assert_array_equal(off, noisy(boxes, 0.1))
    side = (off[:, 2:] - off[:, :2]) / (40, 20)
    shift = ((off[:, 2:] + off[:, :2]) / 2 - (30, 30)) / (40, 20)
    assert side.min() > 0.9 and side.max() < 1.1 and np.abs(shift).max() < 0.1 and side.std() > 0.04
    np.testing.assert_array_equal(noisy(boxes, 0.0), boxes)


@pytest.mark.parametrize(("options", "said"), [
    ({"crop": "yes"}, "--crop must be auto, none or a share"), ({"crop": "-1"}, "--crop must be"),
    ({"crop": "9"}, "--crop must be"), ({"box_noise": 1.0}, "--box-noise must be from 0 to below 1"),
])  # fmt: skip
def test_words_that_mean_nothing_are_refused(spots: Path, options: dict[str, object], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        open_dataset(str(spots), **options)  # type: ignore[arg-type]


def test_noise_of_boxes_is_refused_where_whole_pictures_are_taken(spots: Path) -> None:
    lines = (spots / "points.csv").read_text().splitlines()[:3]                        # one object a picture
    (spots / "points.csv").write_text("\n".join(lines))
    noisy_boxes = open_dataset(str(spots), box_noise=0.1)
    assert any("at random by up to 0.1" in note for note in noisy_boxes.notes)
    assert noisy_boxes.part("train").annotated(Points).box_noise == 0.1
    with pytest.raises(ArgumentError, match="--box-noise is about the boxes that objects are cut out by, but whole"):
        open_dataset(str(spots), crop="none", box_noise=0.1)
    (spots / "points.csv").write_text("\n".join(",".join(line.split(",")[:7]) for line in lines))
    with pytest.raises(ArgumentError, match=r"leave it out, or type --crop 0\.25"):
        open_dataset(str(spots), box_noise=0.1)


def test_classes_have_no_boxes_to_be_cut_out_by(class_folder: Callable[..., Path], tmp_path: Path) -> None:
    folder = class_folder(tmp_path / "classes", "train/a", "train/b")
    with pytest.raises(ArgumentError, match="--crop is about objects with points, but these pictures have classes"):
        open_dataset(str(folder), crop="0.25")
    assert options_of_record({"height": 4, "width": 4, "channels": 3})["crop"] == "none"
