"""Points in every form: the same column whichever it is, and back again; bad ones by file, entry and line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.data.dataset import Dataset
from pellucid.data.opening import open_dataset
from pellucid.data.points.column import Points
from pellucid.data.points.skeleton import Skeleton
from pellucid.data.points.writing import convert
from pellucid.errors import DataError, FileError, PellucidError
from tests.cli.terminal import Terminal

SIZE = (40, 60)  # rows, columns
NAMES = ("nose", "left ear", "right_ear")
POINTS = {"a": [((3.25, 5, 2), (23, 35.5, 1), (7, 8, 2))], "b": [((10, 10, 2), (0, 0, 0), (20, 30, 2)),
                                                              ((40, 30, 2), (50, 25, 2), (45, 31, 1))]}  # fmt: skip
BOXES = {"a": [(1.5, 2, 30, 39)], "b": [(5, 5, 25, 35), (35, 20, 60, 40)]}


def coco() -> dict[str, Any]:
    objects = [(name, points, box) for name, every in POINTS.items()
               for points, box in zip(every, BOXES[name], strict=True)]  # fmt: skip
    return {
        "images": [{"id": k, "file_name": f"{name}.png", "height": 40, "width": 60} for k, name in enumerate(POINTS)],
        "categories": [{"id": 1, "name": "head", "keypoints": list(NAMES), "skeleton": [[1, 2], [1, 3]]}],
        "annotations": [{"id": 7 + k, "image_id": list(POINTS).index(name), "category_id": 1, "iscrowd": 0,
                         "keypoints": [value for point in points for value in point], "area": 300.5,
                         "bbox": [x1, y1, x2 - x1, y2 - y1]} for k, (name, points, (x1, y1, x2, y2)) in
                        enumerate(objects)],
    }  # fmt: skip


def yolo_lines(name: str) -> str:
    high = np.array(SIZE[::-1])
    lines = []
    for points, box in zip(POINTS[name], BOXES[name], strict=True):
        low, far = np.array(box[:2]), np.array(box[2:])
        told = [*((low + far) / 2 / high), *((far - low) / high)]
        for x, y, flag in points:
            told += [*((np.array([x, y]) + 0.5) / high), flag] if flag else [0, 0, 0]
        lines.append("0 " + " ".join(f"{value:.12g}" for value in told))
    return "\n".join(lines)


def write_coco(folder: Path) -> None:
    (folder / "heads.json").write_text(json.dumps(coco()))


def write_yolo(folder: Path) -> None:
    (folder / "data.yaml").write_text("names: [head]\nkpt_shape: [3, 3]\nflip_idx: [0, 2, 1]\n"
                                      f"kpt_names: {json.dumps(NAMES)}\nskeleton: [[0, 1], [0, 2]]\n")
    for name in POINTS:
        (folder / f"{name}.txt").write_text(yolo_lines(name))


def write_csv(folder: Path) -> None:
    head = ["image", *(f"{name}_{what}" for name in NAMES for what in "xyv"), "xmin", "ymin", "xmax", "ymax"]
    rows = [[f"{name}.png", *((value if point[2] else "") for point in points for value in point), *box]
            for name, every in POINTS.items() for points, box in zip(every, BOXES[name], strict=True)]  # fmt: skip
    (folder / "heads.csv").write_text("\n".join(",".join(map(str, row)) for row in [head, *rows]))
    (folder / "skeleton.json").write_text(json.dumps({"edges": [["nose", "left ear"], [0, 2]]}))


FORMS = {"COCO": write_coco, "YOLO pose": write_yolo, "CSV": write_csv}


@pytest.fixture
def pictures(tmp_path: Path, save_png: Callable[..., np.ndarray]) -> Path:
    for name in POINTS:
        save_png(tmp_path / "in" / f"{name}.png", (*SIZE, 3))
    return tmp_path / "in"


def column(dataset: Dataset, part: str = "train") -> Points:
    return dataset.part(part).annotated(Points)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_column(pictures: Path, form: str) -> None:
    FORMS[form](pictures)
    dataset = open_dataset(str(pictures))
    points = column(dataset)
    wanted = np.array([one for every in POINTS.values() for one in every], float)
    np.testing.assert_allclose(np.nan_to_num(points.xy), (wanted[..., :2] + 0.5) * (wanted[..., 2:] > 0), atol=1e-9)
    np.testing.assert_array_equal(points.visible, wanted[..., 2])
    np.testing.assert_allclose(points.boxes, [box for every in BOXES.values() for box in every], atol=1e-9)
    assert points.skeleton == Skeleton(NAMES, ((0, 1), (0, 2)), ((1, 2),)) and points.form == form
    assert dataset.part("train").names == ("a.png", "b.png", "b.png") and dataset.undivided


def made(kind: str, pictures: Path) -> Dataset:
    """Points with odd coordinates, parts, groups and a skeleton of their own."""
    write_coco(pictures)
    dataset = open_dataset(str(pictures))
    part = dataset.part("train")
    points = part.annotated(Points)
    random = np.random.default_rng(3)
    skeleton = Skeleton(("p q", "left_1", "right_1"), ((0, 2),), ((1, 2),), (0.1, 0.25, 0.7))
    points = replace(points, skeleton=skeleton, xy=points.xy + random.random(points.xy.shape) / 3)
    if kind == "boxless":
        points = replace(points, from_box=False)
    part = replace(part, annotations=points, groups=np.array(["Ann", "Bea", "Bea"]))
    parts = {"train": part.subset(np.array([0])), "test": part.subset(np.array([1, 2]))}
    return replace(dataset, parts=parts, undivided=False)


@pytest.mark.parametrize(("form", "lost"), [
    ("coco", ""), ("csv", "areas of outlines lost: 3"), ("yolo", "areas of outlines lost: 3, groups lost: 3")])
def test_what_is_written_is_read_back_as_it_was(pictures: Path, form: str, lost: str) -> None:
    dataset = made("boxes", pictures)
    written = convert(dataset, form, str(pictures.parent / "out"))
    assert (written.said, written.pictures, written.boxes) == (lost, 2, 3)
    again = open_dataset(str(pictures.parent / "out"))
    assert set(again.parts) == set(dataset.parts)
    for name in dataset.parts:
        before, after = column(dataset, name), column(again, name)
        np.testing.assert_allclose(after.xy, before.xy, rtol=0, atol=0 if form != "yolo" else 1e-13)
        np.testing.assert_array_equal(after.visible, before.visible)
        np.testing.assert_allclose(after.boxes, before.boxes, rtol=0, atol=1e-13)
        assert after.skeleton == before.skeleton and after.from_box
        if form != "yolo":
            assert again.part(name).groups is not None
            np.testing.assert_array_equal(again.part(name).groups, dataset.part(name).groups)
        if form == "coco":
            np.testing.assert_allclose(after.areas, before.areas)


def test_pts_hold_one_object_a_picture_counted_from_1(pictures: Path) -> None:
    dataset = made("boxless", pictures)
    with pytest.raises(DataError, match=r"\.pts holds one object a picture, but b\.png has 2"):
        convert(dataset, "pts", str(pictures.parent / "out"))
    one = replace(dataset, parts={name: part.subset(np.array([0])) for name, part in dataset.parts.items()})
    written = convert(one, "pts", str(pictures.parent / "out"))
    assert "hidden points made seen: 1" in written.said and "groups lost: 2" in written.said
    again = open_dataset(str(pictures.parent / "out"))
    np.testing.assert_allclose(column(again).xy, column(one).xy, rtol=0, atol=1e-14)
    assert column(again).skeleton == column(one).skeleton and not column(again).from_box
    np.testing.assert_array_equal(column(again, "test").visible > 0, column(one, "test").visible > 0)
    line = (pictures.parent / "out" / "images" / "train" / "a.pts").read_text().splitlines()[3]
    np.testing.assert_allclose([float(word) for word in line.split()], column(one).xy[0, 0] + 0.5)


def test_boxes_drawn_for_a_form_that_wants_some_are_told_and_strict_refuses(pictures: Path) -> None:
    dataset = made("boxless", pictures)
    with pytest.raises(DataError, match=r"yolo cannot hold everything \(boxes drawn around .*: 3.*--strict"):
        convert(dataset, "yolo", str(pictures.parent / "out"), strict=True)
    assert not (pictures.parent / "out").exists()


def test_objects_of_two_classes_are_one_kind_which_is_said(pictures: Path) -> None:
    write_yolo(pictures)
    text = pictures / "b.txt"
    text.write_text(text.read_text().replace("\n0 ", "\n1 "))
    assert "objects of 2 classes, which are learnt as one kind" in open_dataset(str(pictures)).notes


def test_a_form_without_visibility_marks_points_that_are_not_at_the_corner(pictures: Path) -> None:
    (pictures / "data.yaml").write_text("names: [head]\nkpt_shape: [2, 2]\nflip_idx: [1, 0]\n")
    (pictures / "a.txt").write_text("0 0.5 0.5 1 1 0.25 0.5 0 0\n")
    points = column(open_dataset(str(pictures)))
    assert points.visible.tolist() == [[2, 0]] and points.xy[0, 0].tolist() == [15, 20]
    assert points.skeleton.names == ("0", "1") and points.skeleton.pairs == ((0, 1),)


def test_crowds_are_left_out_and_told(pictures: Path) -> None:
    told = coco()
    told["annotations"][2]["iscrowd"] = 1
    (pictures / "heads.json").write_text(json.dumps(told))
    dataset = open_dataset(str(pictures))
    assert len(dataset.part("train")) == 2 and any("crowds" in note and note.endswith("1") for note in dataset.notes)


def with_annotation(**changes: Any) -> str:
    told = coco()
    told["annotations"][1] |= changes
    return json.dumps(told)


def with_category(**changes: Any) -> str:
    told = coco()
    told["categories"][0] |= changes
    return json.dumps(told)


@pytest.mark.parametrize(("content", "said"), [
    (with_annotation(keypoints=[1, 2, 3] * 3), r"annotations\[1\] \(id 8\): the visibility of nose must be .* it is 3"),
    (with_annotation(keypoints=[1, 2]), r"annotations\[1\] .*3 points, 9 numbers, but there are 2"),
    (with_annotation(bbox=[1, 2, 0, 5]), r"annotations\[1\] .*the box has no area, from 1,2 to 1,7"),
    (with_annotation(bbox=[1, 2]), r"annotations\[1\] .*bbox must be"),
    (with_annotation(area=-3), r"annotations\[1\] \(id 8\): area must be a number of pixels, 0 or more, but it is -3"),
    (with_annotation(area=1e300), r"annotations\[1\] .*area must be a number of pixels"),
    (with_annotation(image_id=99), r"annotations\[1\] .*there is no image 99"),
    (with_annotation(category_id=4), r"annotations\[1\] \(id 8\): there is no category 4 in the file"),
    (with_annotation(keypoints=[0.2, 0.4, 2] * 3), r"annotations\[1\] .*all of this object lie between 0 and 1"),
    (with_category(skeleton=[[1, 4]]), r"categories\[0\]: .*edge \(0, 3\) names point 3, but the 3 points .* from 1"),
    (with_category(flip_pairs=[[2, 2]]), r"mirror pair \(1, 1\) must join two points"),
    (with_category(sigmas=[0.1]), "sigmas must be 3 numbers above 0"),
    (with_category(sigmas=[0.1, 0, 0.1]), "sigmas must be 3 numbers above 0, one a point, but they are .0.1, 0"),
    (with_category(sigmas=[0.1, 0.1, -0.1]), "sigmas must be 3 numbers above 0"),
    (with_category(keypoints=["a", "a", "b"]), "the point 'a' is named twice"),
    (json.dumps(coco())[:-9], "this is no whole JSON"),
    (with_annotation(keypoints="many"), "at annotations.*keypoints"),
])  # fmt: skip
def test_a_bad_json_is_one_sentence_with_the_file_and_the_entry(pictures: Path, content: str, said: str) -> None:
    (pictures / "heads.json").write_text(content)
    with pytest.raises((DataError, FileError), match=said) as fault:
        open_dataset(str(pictures))
    assert "heads.json" in str(fault.value)


def test_an_area_of_0_says_nothing_and_that_of_the_box_is_taken(pictures: Path) -> None:
    (pictures / "heads.json").write_text(with_annotation(area=0, bbox=[1, 2, 6, 5]))
    assert column(open_dataset(str(pictures))).areas[1] == 30


@pytest.mark.parametrize(("yaml", "line", "said"), [
    ("kpt_shape: [3, 3]", "0 0.5 0.5 1 1 0.1 0.2 3 0 0 0 0 0 0", r"a\.txt: line 1: the visibility of 0 must be"),
    ("kpt_shape: [3, 3]", "0 0.5 0.5 1 1 0.1", r"a\.txt: line 1: .*14 in all, but the line has 6"),
    ("kpt_shape: [3, 3]", "0 0.5 0.5 0 1 0.1 0.2 2 0.1 0.2 2 0.1 0.2 2", r"a\.txt: line 1: the box has no area"),
    ("kpt_shape: [3, 3]", "0 0.5 0.5 1 1 30 20 2 10 10 2 9 9 2", r"a\.txt: line 1: coordinates are fractions .* is 30"),
    ("kpt_shape: 3", "", r"data\.yaml: kpt_shape must be .how many points, 2 or 3."),
    ("kpt_shape: [3, 3]\nflip_idx: [0, 2]", "", r"data\.yaml: flip_idx must hold the numbers 0 to 2 once each"),
    ("kpt_shape: [3, 3]\nflip_idx: [1, 2, 0]", "", "exchange points two by two"),
    ("kpt_shape: [3, 3]\nkpt_names: [a]", "", r"data\.yaml: kpt_names must be 3 names"),
    ("kpt_shape: [3, 3]\nskeleton: [[0, 9]]", "", r"data\.yaml: skeleton: the edge \(0, 9\) names point 9"),
    ("kpt_shape: [1000000000, 3]", "", r"data\.yaml: kpt_shape must be .* at most 10,000 points"),
    ("kpt_shape: [3, 3]\nflip_idx: ['0', '2', '1']", "", r"data\.yaml: flip_idx must hold the numbers 0 to 2"),
    ("kpt_shape: [3, 3]", "0 0.5 0.5 1e300 1 0.1 0.2 2 0.1 0.2 2 0.1 0.2 2", r"a\.txt: line 1: a box must lie within"),
    ("kpt_shape: [3, 3]\nskeleton: [[0]]", "", r"data\.yaml: skeleton must be a list of"),
])  # fmt: skip
def test_a_bad_text_is_one_sentence_with_file_and_line(pictures: Path, yaml: str, line: str, said: str) -> None:
    (pictures / "data.yaml").write_text(f"names: [head]\n{yaml}\n")
    (pictures / "a.txt").write_text(line)
    with pytest.raises(DataError, match=said):
        open_dataset(str(pictures))


@pytest.mark.parametrize(("text", "said"), [
    ("version: 1\nn_points: 2\n{\n1 2\nthree 4\n}", "line 5: a point must be two numbers"),
    ("version: 1\nn_points: 3\n{\n1 2\n3 4\n}", "there are 2 points between . and . and n_points says 3"),
    ("version: 1\nn_points: few\n{\n1 2\n}", "line 2: n_points must be a whole number"),
    ("version: 1\n", "there are 0 points"),
])  # fmt: skip
def test_a_bad_pts_is_one_sentence_with_file_and_line(pictures: Path, text: str, said: str) -> None:
    (pictures / "a.pts").write_text(text)
    with pytest.raises(DataError, match=said) as fault:
        open_dataset(str(pictures))
    assert "a.pts" in str(fault.value)


def test_pts_of_two_lengths_or_without_a_picture_are_refused(pictures: Path) -> None:
    (pictures / "a.pts").write_text("version: 1\nn_points: 2\n{\n1 2\n3 4\n}")
    (pictures / "b.pts").write_text("version: 1\nn_points: 1\n{\n1 2\n}")
    with pytest.raises(DataError, match=r"b\.pts: it has 1 points, and .*a\.pts has 2"):
        open_dataset(str(pictures))
    (pictures / "b.pts").rename(pictures / "z.pts")
    with pytest.raises(DataError, match=r"z\.pts: there is no picture beside it"):
        open_dataset(str(pictures))


@pytest.mark.parametrize(("told", "said"), [
    ({"edges": [["nose", "tail"]]}, r"edges\[0\] names the point tail, which is not there"),
    ({"edges": [[0, 5]]}, r"edges\[0\] names the point 5"),
    ({"pairs": [[1, 2], ["nose", "nose"]]}, "mirror pair .0, 0. must join two points"),
    ({"pairs": [["nose"]]}, r"pairs\[0\] must be two points"),
    ({"names": ["a", "a", "b"]}, "skeleton: the point 'a' is named twice"),
    ({"sigmas": [1, 2, -0.1]}, "sigmas must be 3 numbers above 0"),
    ({"sigmas": [1, 2]}, "sigmas must be 3 numbers"), ({"names": ["a"]}, "names must be those of the 3 points"),
    ({"bones": []}, "it must be an object with names, edges, pairs, sigmas, but it has bones"),
])  # fmt: skip
def test_a_bad_skeleton_is_one_sentence_with_its_file(pictures: Path, told: dict[str, object], said: str) -> None:
    write_csv(pictures)
    (pictures / "skeleton.json").write_text(json.dumps(told))
    with pytest.raises(PellucidError, match=said) as fault:
        open_dataset(str(pictures))
    assert "skeleton.json" in str(fault.value)


def test_the_command_line_converts_and_tells(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(capsys)
    write_csv(pictures)
    out = str(pictures.parent / "yolo")
    typed = terminal.type("data", "convert", str(pictures), "--to", "yolo", "--out", out)
    assert typed.code == 0 and "2 pictures with 3 objects as yolo" in typed.out
    told = terminal.type("data", "info", out).out
    assert "points marked" in told and "3 objects in 2 pictures, 2 with all points marked; boxes (of the data)" in told
    assert "edges 2, mirror pairs 1" in told and "2 points hidden" in told
    terminal.refused(1, ["voc holds no points, which its pictures have. Type --to coco or yolo or csv or pts"],
                     "data", "convert", str(pictures), "--to", "voc", "--out", out + "2")


def test_data_info_and_convert_are_told_the_task(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A table of one point could be one of numbers, or of classes."""
    terminal = Terminal(capsys)
    (pictures / "nose.csv").write_text("image,nose_x,nose_y\na.png,5,6\nb.png,7,8\n")
    terminal.refused(1, ["nose.csv"], "data", "info", str(pictures))
    told = terminal.type("data", "info", str(pictures), "--task", "keypoints")
    assert told.code == 0 and "points marked" in told.out and "boxes (whole pictures)" in told.out
    out = str(pictures.parent / "coco")
    words = ["--task", "keypoints", "--to", "coco", "--out", out]
    assert terminal.type("data", "convert", str(pictures), *words).code == 0
    terminal.refused(2, ["there is no task 'nose'"], "data", "info", str(pictures), "--task", "nose")


def test_boxes_of_heads_are_read_written_and_move_with_the_picture(pictures: Path) -> None:
    """As MPII tells them, for PCKh: x, y, width, height in COCO, two corners in a table."""
    (pictures / "heads.json").write_text(with_annotation(head_box=[5, 5, 20, 30]))
    read = column(open_dataset(str(pictures)))
    assert read.heads[1].tolist() == [5, 5, 25, 35] == read.boxes[1].tolist() and np.isnan(read.heads[[0, 2]]).all()
    placed = read.moved(np.broadcast_to([[2.0, 0, 1], [0, 3.0, -4]], (3, 2, 3)), (90, 90)).placed()
    assert placed.heads[1].tolist() == placed.boxes[1].tolist() != read.heads[1].tolist()
    written = convert(open_dataset(str(pictures)), "coco", str(pictures.parent / "again"))
    assert np.array_equal(column(open_dataset(str(written.folder))).heads, read.heads, equal_nan=True)
    assert "boxes of heads lost: 1" in convert(open_dataset(str(pictures)), "csv", str(pictures.parent / "csv")).said
    (pictures / "heads.json").unlink()
    (pictures / "points.csv").write_text("image,x0,y0,x1,y1,head_xmin,head_ymin,head_xmax,head_ymax\n"
                                         "a.png,1,2,3,4,5,6,7,9\nb.png,1,2,3,4,,,,\n")  # fmt: skip
    assert column(open_dataset(str(pictures))).heads[0].tolist() == [5, 6, 7, 9]
    (pictures / "points.csv").write_text("image,x0,y0,x1,y1,head_x0,head_y0,head_x1,head_y1\na.png,1,2,3,4,5,6,5,9\n")
    with pytest.raises(DataError, match=r"line 2: the head's box must have an area, .* from 5,6 to 5,9"):
        open_dataset(str(pictures))
    (pictures / "points.csv").unlink()
    (pictures / "heads.json").write_text(with_annotation(head_box=[2, 3]))
    with pytest.raises(DataError, match=r"annotations\[1\] .*head_box must be \[x, y, width, height\]"):
        open_dataset(str(pictures))
