"""Points from CSV files: the columns that people have, what is not marked, and bad rows by file and line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.opening import open_dataset
from pellucid.data.points.column import Points
from pellucid.errors import ArgumentError, DataError

SHARED = Path(os.environ.get("PELLUCID_SHARED", "../shared/data"))
NAMES = "a.png", "b.png", "c.png"


@pytest.fixture
def table(tmp_path: Path, save_png: Callable[..., np.ndarray]) -> Callable[..., Path]:
    """table(header, row, ...): points.csv beside three pictures of 40 rows and 60 columns."""
    for name in NAMES:
        save_png(tmp_path / name, (40, 60, 3))

    def write(*lines: str) -> Path:
        (tmp_path / "points.csv").write_text("\n".join(lines) + "\n")
        return tmp_path

    return write


def points_of(folder: Path, **options: object) -> Points:
    return open_dataset(str(folder), **options).part("train").annotations  # type: ignore[arg-type, return-value]


ROWS = (["12", "30", "0", "39"], ["5", "6.5", "7", "8"], ["1", "2", "3", "40"])


@pytest.mark.parametrize("header", ["image_name,0,1,2,3", "image,x0,y0,x1,y1", "file,nose_x,nose_y,ear_x,ear_y",
                                    "filename,x_0,y_0,x_1,y_1", "path,nose.x,nose.y,ear.x,ear.y"])  # fmt: skip
def test_columns_as_people_have_them_are_the_same_points(table: Callable[..., Path], header: str) -> None:
    points = points_of(table(header, *(",".join([name, *row]) for name, row in zip(NAMES, ROWS, strict=True))))
    wanted = np.array(ROWS, float).reshape(3, 2, 2) + 0.5                       # the middles of pixels counted from 0
    np.testing.assert_array_equal(points.xy, wanted)
    assert (points.visible == 2).all() and not points.from_box
    np.testing.assert_array_equal(points.boxes[0], [0.5, 30.5, 12.5, 39.5])


def test_empty_cells_and_visibility_0_are_points_that_are_not_marked_and_that_is_said(
        table: Callable[..., Path]) -> None:  # fmt: skip
    folder = table("image,n_x,n_y,n_v,e_x,e_y,e_v", "a.png,1,2,1,,,0", "b.png,3,4,2,5,,2", "c.png,,,,,,")
    dataset = open_dataset(str(folder))
    points = dataset.part("train").annotations
    assert isinstance(points, Points) and points.visible.tolist() == [[1, 0], [2, 0]]
    assert np.isnan(points.xy[:, 1]).all() and dataset.annotated == "with 2 points each"
    told = " ".join(dataset.notes)
    assert "objects without a marked point, left out: 1 (first" in told and "points.csv: line 4)" in told
    assert "not marked, which teach nothing: 2 of 2 objects" in told
    assert "only x or only y is given, taken as not marked, in objects: 1" in told and "line 3: 1 with x or y" in told


def test_where_a_file_has_no_2_its_1_is_seen(table: Callable[..., Path]) -> None:
    points = points_of(table("image,x0,y0,v0,x1,y1,v1", "a.png,1,2,1,3,4,0", "b.png,3,4,1,5,5,1"))
    assert points.visible.tolist() == [[2, 0], [2, 2]]


def test_parts_groups_boxes_and_sizes_have_columns(table: Callable[..., Path]) -> None:
    folder = table("image,x0,y0,x1,y1,split,person,box_x0,box_y0,box_x1,box_y1,width,height",
                   "a.png,1,2,3,4,train,Ann,0,0,20,10,60,40", "b.png,1,2,3,4,val,Bea,,,,,60,41",
                   "c.png,1,2,3,4,test,Ann,0,0,20,10,60,40")  # fmt: skip
    dataset = open_dataset(str(folder))
    assert list(dataset.parts) == ["train", "validation", "test"] and not dataset.undivided
    assert dataset.part("test").groups is not None and dataset.part("test").groups.tolist() == ["Ann"]
    points = dataset.part("train").annotations
    assert isinstance(points, Points) and points.from_box
    assert points.boxes.tolist() == [[0, 0, 20, 10]] and points.areas.tolist() == [200]
    assert any("line 3: it is for a picture of 60x41" in note for note in dataset.notes)


def test_groups_are_the_column_asked_for_or_what_stands_before_a_number(
        tmp_path: Path, save_png: Callable[..., np.ndarray]) -> None:  # fmt: skip
    names = [f"{who}_{k}.png" for who in ("Ann", "Bea", "Cid", "Dan", "Eva") for k in (3, 14)]
    for name in names:
        save_png(tmp_path / name, (20, 20, 3))
    (tmp_path / "p.csv").write_text("\n".join(["image,x0,y0,x1,y1,cage", *(f"{name},1,2,3,4,{k % 3}" for k, name in
                                                                          enumerate(names))]))  # fmt: skip
    groups = open_dataset(str(tmp_path)).part("train").groups
    assert groups is not None and len(set(groups)) == 5 and groups[0] == groups[1] != groups[2]
    asked = open_dataset(str(tmp_path), group="cage").part("train").groups
    assert asked is not None and asked.tolist() == [str(k % 3) for k in range(10)]


@pytest.mark.parametrize(("header", "row", "said"), [
    ("image,x0,y0,x1,y1", "a.png,0.2,0.4,0.1,0.9", "line 2: coordinates are pixels here, but all of this object lie"),
    ("image,x0,y0,x1,y1", "a.png,1,2,3,four", "line 2: y of 1 must be a number of pixels, or empty .*'four'"),
    ("image,x0,y0,v0,x1,y1,v1", "a.png,1,2,3,3,4,2", "line 2: the visibility of 0 must be 0 .* but it is 3"),
    ("image,x0,y0,x1,y1,box_x0,box_y0,box_x1,box_y1", "a.png,1,2,3,4,5,5,5,9", "line 2: the box has no area, from 5,5"),
    ("image,x0,y0,x1,y1,box_x0,box_y0,box_x1,box_y1", "a.png,1,2,3,4,5,5,9,", "line 2: a box must have four numbers"),
    ("image,x0,y0,x1,y1,box_x0,box_y0,box_x1,box_y1", "a.png,1,2,3,4,.1,0,.9,1", "line 2: boxes are pixels here, but"),
    ("image,x0,y0,x1,y1,box_x0,box_y0,box_x1,box_y1", "a.png,1,2,3,4,90,5,99,9", "box lies outside the picture of 60x"),
    ("image,x0,y0,x1,y1", "", "points.csv: the table has no rows below its header"),
    ("image,x0,y0,x1,y1,split", "a.png,1,2,3,4,tray", "line 2: the part must be train, validation or test"),
    ("image,x0,y0,x1,y1", "z.png,1,2,3,4", "line 2: there is no picture called z.png"),
    ("image,x0,y0,x1,y1", ",1,2,3,4", "line 2 names no picture"),
    ("image,x0,y0,x1,y1", "a.png,1,2,3,-1e300", r"line 2: a coordinate must .* one of them is 1e\+300"),
    ("image,x0,y0,x1,y1,group", "a.png,1,2,3,4,", "line 2 has no group"),
    ("image,x0,y0,x1,y1", "a.png,,,,", "no point in them is marked"),
])  # fmt: skip
def test_a_bad_row_is_one_sentence_with_file_and_line(table: Callable[..., Path], header: str, row: str,
                                                      said: str) -> None:  # fmt: skip
    with pytest.raises(DataError, match=said) as fault:
        open_dataset(str(table(header, row)))
    assert "points.csv" in str(fault.value) or "annotations of 1 objects" in str(fault.value)


def test_a_coordinate_in_two_columns_is_refused_and_an_x_without_y_is_told(table: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match=r"points\.csv: columns 2 and 6 both are n_x"):
        points_of(table("image,n_x,n_y,e_x,e_y,n_x", "a.png,1,2,3,4,5"))
    dataset = open_dataset(str(table("image,n_x,n_y,e_x,e_y,tail_x", "a.png,1,2,3,4,5")))
    assert "columns of x without y, or y without x, taken for no point: tail_x" in " ".join(dataset.notes)


def test_two_corners_are_a_box_beside_names_or_a_class_and_else_are_asked_about(table: Callable[..., Path]) -> None:
    """x1, y1, x2, y2: of a face with named points, of an object with a class, or two points that count from 1."""
    rows = "a.png,1,2,30,20,{},{}", "b.png,1,2,30,20,{},{}"
    named = points_of(table("image,x1,y1,x2,y2,nose_x,nose_y,tail_x,tail_y", *(row.format(4, "5,6,7") for row in rows)))
    assert named.skeleton.names == ("nose", "tail") and named.from_box
    assert named.boxes.tolist() == [[1, 2, 30, 20]] * 2
    both = points_of(table("image,xmin,ymin,xmax,ymax,more,x1,y1,x2,y2", *(row.format(0, "5,6,7,8") for row in rows)))
    assert both.skeleton.names == ("1", "2") and both.boxes.tolist() == named.boxes.tolist()
    boxes = open_dataset(str(table("filename,x1,y1,x2,y2,class,more", *(row.format("cat", 0) for row in rows))))
    assert boxes.part("train").annotations.kind == "boxes"
    folder = table("image,x1,y1,x2,y2,a,b", *(row.format(0, 0) for row in rows))
    with pytest.raises(DataError, match=r"points\.csv: x1, y1, x2, y2 may be two points or .* Type --task keypoints"):
        open_dataset(str(folder))
    assert points_of(folder, annotations="points").skeleton.names == ("1", "2")
    three = points_of(table("image,x1,y1,x2,y2,x3,y3", *(row.format(4, 5) for row in rows)))
    assert three.skeleton.names == ("1", "2", "3") and not three.from_box


def test_a_second_object_of_a_picture_needs_boxes(table: Callable[..., Path]) -> None:
    folder = table("image,x0,y0,x1,y1", "a.png,1,2,3,4", "b.png,1,2,3,4", "a.png,9,9,3,4")
    with pytest.raises(DataError, match=r"line 4: a\.png has a second object, and the first is at line 2, but "
                                        "pictures are taken whole"):  # fmt: skip
        open_dataset(str(folder))


def test_one_point_alone_has_the_size_of_its_picture_or_of_the_others(table: Callable[..., Path]) -> None:
    """Pictures are 60x40; a box of one pixel would make errors in pixels of errors in shares."""
    folder = table("image,n_x,n_y", "a.png,1,2", "b.png,7,9")
    lone = open_dataset(str(folder), annotations="points")
    assert points_of(folder, annotations="points").boxes.tolist() == [[0, 0, 60, 40]] * 2
    assert "one point alone and no box: errors are shares of sqrt(width height)" in " ".join(lone.notes)
    with pytest.raises(ArgumentError, match="each has one point alone and no box"):
        open_dataset(str(folder), annotations="points", crop="0.25")
    folder = table("image,n_x,n_y,e_x,e_y", "a.png,1,2,11,22", "b.png,30,20,,", "c.png,5,5,11,5")
    boxes = points_of(folder).boxes
    assert boxes[1].tolist() == [30.5 - 4, 20.5 - 5, 30.5 + 4, 20.5 + 5]        # 8 and 10: between 10x20 and 6x0
    assert "no box, taken to be as large as the others: 1 (first:" in " ".join(
        open_dataset(str(folder)).notes)
    boxed = table("image,n_x,n_y,box_x0,box_y0,box_x1,box_y1", "a.png,5,5,1,2,9,8")
    assert points_of(boxed, annotations="points").boxes.tolist() == [[1, 2, 9, 8]]


def test_landmarks_are_68_points_of_150_persons() -> None:
    folder = SHARED / "landmarks"
    if not folder.exists():
        pytest.skip(f"{folder} is not here")
    dataset = open_dataset(str(folder), resize=(8, 8))
    points = dataset.part("train").annotations
    assert isinstance(points, Points) and points.xy.shape == (255, 68, 2) and len(points.skeleton.pairs) == 29
    assert points.xy[0, 0].tolist() == [40.5, 43.5] and dataset.image_shape == (8, 8, 3)
    groups = dataset.part("train").groups
    assert groups is not None and len(set(groups)) == 150
