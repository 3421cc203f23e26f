"""Boxes of VOC, COCO, YOLO and CSV: the same whichever form, faults named with file and line, moved with pixels."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.boxes.column import Boxes, inverted, mapped
from pellucid.data.boxes.writing import convert
from pellucid.data.dataset import Dataset
from pellucid.data.fitting import FITS, affine_of
from pellucid.data.opening import open_dataset
from pellucid.errors import DataError, FileError, PellucidError

SIZE = (40, 60)  # rows, columns of every picture
TRUE = {"a": [("cat", (3, 5, 23, 35)), ("dog", (30, 0, 60, 20))], "b": [("dog", (10, 10, 20, 30))], "c": []}
NAMES = ("cat", "dog")


def voc(objects: list[tuple[str, tuple[float, ...]]], name: str, *, head: str = "", more: str = "") -> str:
    inside = "".join(
        f"<object>\n<name>{word}</name>{more}\n<bndbox><xmin>{x1 + 1}</xmin><ymin>{y1 + 1}</ymin><xmax>{x2}</xmax>"
        f"<ymax>{y2}</ymax></bndbox></object>\n" for word, (x1, y1, x2, y2) in objects)  # fmt: skip
    size = f"<size><width>{SIZE[1]}</width><height>{SIZE[0]}</height><depth>3</depth></size>"
    return f"{head}<annotation>\n<filename>{name}.png</filename>{size}\n{inside}</annotation>"


def write_voc(folder: Path) -> None:
    for name, objects in TRUE.items():
        (folder / f"{name}.xml").write_text(voc(objects, name))


def coco() -> dict[str, object]:
    images = [{"id": 7 + k, "file_name": f"{name}.png", "height": SIZE[0], "width": SIZE[1]} for k, name in
              enumerate(TRUE)]  # fmt: skip
    objects = [(7 + k, *one) for k, each in enumerate(TRUE.values()) for one in each]
    marked = [{"id": k, "image_id": image, "category_id": {"cat": 3, "dog": 90}[word], "iscrowd": 0,
               "bbox": [x1, y1, x2 - x1, y2 - y1], "area": 5.0, "segmentation": [[1.0, 2.0]]}
              for k, (image, word, (x1, y1, x2, y2)) in enumerate(objects)]  # fmt: skip
    categories = [{"id": 90, "name": "dog"}, {"id": 3, "name": "cat"}]
    return {"images": images, "annotations": marked, "categories": categories}


def write_coco(folder: Path) -> None:
    (folder / "all.json").write_text(json.dumps(coco()))


def yolo(objects: list[tuple[str, tuple[float, ...]]]) -> str:
    height, width = SIZE
    return "".join(
        f"{NAMES.index(word)} {(x1 + x2) / 2 / width:.9f} {(y1 + y2) / 2 / height:.9f} {(x2 - x1) / width:.9f} "
        f"{(y2 - y1) / height:.9f}\n" for word, (x1, y1, x2, y2) in objects)  # fmt: skip


def write_yolo(folder: Path) -> None:
    (folder / "data.yaml").write_text("nc: 2\nnames: [cat, dog]\n# C:\\Università\n", encoding="utf-8")
    for name, objects in TRUE.items():
        (folder / f"{name}.txt").write_text(yolo(objects))


def write_csv(folder: Path) -> None:
    rows = [f"{name}.png,{word},{','.join(map(str, box))}" for name, each in TRUE.items() for word, box in each]
    (folder / "boxes.csv").write_text("\n".join(["filename,class,xmin,ymin,xmax,ymax", *rows, "c.png,,,,,"]))


FORMS = {"VOC": write_voc, "COCO": write_coco, "YOLO": write_yolo, "CSV": write_csv}


@pytest.fixture
def pictures(tmp_path: Path, save_png: Callable[..., np.ndarray]) -> Path:
    for name in TRUE:
        save_png(tmp_path / f"{name}.png", (*SIZE, 3))
    return tmp_path


def boxes_of(dataset: Dataset) -> dict[str, list[tuple[str, tuple[float, ...]]]]:
    """What a data set knows of each picture, in the pixels of the picture as read."""
    part = dataset.part("train")
    assert isinstance(part.annotations, Boxes)
    found: dict[str, list[tuple[str, tuple[float, ...]]]] = {Path(name).stem: [] for name in part.names}
    for row, picture in enumerate(part.annotations.picture):
        word = part.annotations.names[part.annotations.classes[row]]
        found[Path(part.names[picture]).stem].append((word, tuple(part.annotations.corners[row].round(5).tolist())))
    return found


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_boxes(form: str, pictures: Path) -> None:
    FORMS[form](pictures)
    dataset = open_dataset(str(pictures))
    assert boxes_of(dataset) == TRUE and dataset.class_names == NAMES
    assert {f"boxes from {form} annotations", "pictures without a box (background): 1"} <= set(dataset.notes)


def test_two_forms_of_equal_boxes_are_read_once_and_others_are_refused(pictures: Path) -> None:
    write_yolo(pictures)
    nameless = coco()
    nameless["categories"] = [{"id": 3, "name": 0}, {"id": 90, "name": 1}]
    (pictures / "all.json").write_text(json.dumps(nameless))
    dataset = open_dataset(str(pictures))
    assert dataset.class_names == NAMES and any("have no names" in note for note in dataset.notes)
    moved = coco()
    moved["annotations"][0]["bbox"][0] += 4  # type: ignore[index]
    (pictures / "all.json").write_text(json.dumps(moved))
    with pytest.raises(DataError, match=r"mark other boxes in a\.png"):
        open_dataset(str(pictures))


@pytest.mark.parametrize("fit", FITS)
def test_boxes_go_where_their_pixels_go(fit: str, pictures: Path, save_png: Callable[..., np.ndarray]) -> None:
    """A white rectangle in a black picture is found again inside its box, to a pixel, and led back exactly."""
    from PIL import Image

    x1, y1, x2, y2 = 12, 8, 44, 30
    card = np.zeros((*SIZE, 3), np.uint8)
    card[y1:y2, x1:x2] = 255
    Image.fromarray(card).save(pictures / "b.png")
    TRUE_B = {"b": [("dog", (x1, y1, x2, y2))]}
    write_csv(pictures)
    lines = (pictures / "boxes.csv").read_text().splitlines()
    lines[3] = f"b.png,dog,{x1},{y1},{x2},{y2}"
    (pictures / "boxes.csv").write_text("\n".join(lines))
    dataset = open_dataset(str(pictures), fit=fit, resize=(50, 50))
    part = dataset.part("train").subset(np.array([1]))
    assert boxes_of(Dataset("b", {"train": part}, NAMES, (), "")) == TRUE_B
    rows, columns = np.nonzero(part.images.take(np.array([0]))[0, :, :, 0] > 200)
    seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    placed = part.annotations.placed()
    assert np.abs(placed.corners[0] - seen).max() <= 1
    back = mapped(placed.corners, inverted(part.annotations.affines)[placed.picture])
    assert np.abs(back[0] - [x1, y1, x2, y2]).max() < 1e-9


def test_what_is_mostly_cut_off_is_left_out() -> None:
    affine = np.array([[[1.0, 0, -10], [0, 1, 0]]])
    boxes = Boxes(np.array([[0.0, 0, 20, 10], [0, 0, 11, 10], [-5, 0, 9, 5]]), np.array([0, 1, 1]), np.zeros(3, bool),
                  np.array([False, True, False]), np.ones(3), np.array([0, 3]), np.array([[40, 40]]),
                  affine_of((40, 40), (40, 40), "stretch")[None], ("a", "b"))  # fmt: skip
    placed = boxes.moved(affine, (40, 40)).placed(0.3)
    assert placed.row.tolist() == [0] and placed.corners.tolist() == [[0, 0, 10, 10]]
    assert boxes.moved(affine, (40, 40)).placed(0.05).ignored.tolist() == [False, True]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


BAD_BOXES = {  # what is written instead, and the sentence of the note
    "zero": ((5, 5, 5, 20), r"zero size, left out: 1 \(.*boxes.csv: line 3: it has no area, from 5,5 to 5,20 \(dog\)"),
    "reversed": ((25, 5, 5, 20), "wrong way round, left out: 1"), "outside": ((61, 5, 70, 20), "outside their picture"),
    "cut": ((30, 5, 70, 20), "beyond an edge, cut off there: 1"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD_BOXES)
def test_a_box_that_cannot_be_is_named_with_its_line(fault: str, pictures: Path) -> None:
    write_csv(pictures)
    box, said = BAD_BOXES[fault]
    edit(pictures / "boxes.csv", "30,0,60,20", ",".join(map(str, box)))
    dataset = open_dataset(str(pictures))
    note = next(note for note in dataset.notes if "boxes.csv: line 3" in note)
    assert __import__("re").search(said, note), note
    assert len(boxes_of(dataset)["a"]) == (2 if fault == "cut" else 1)


ENTITY = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
BAD_FILES: dict[str, tuple[str, Callable[[Path], object], type[PellucidError], str]] = {
    "entity": ("VOC", lambda f: (f / "a.xml").write_text(voc([("&b;", (1, 1, 2, 2))], "a", head=ENTITY)), FileError,
               r"a\.xml: line 1: the XML declares an entity"),
    "half": ("VOC", lambda f: (f / "a.xml").write_text("<annotation>\n<object>\n"), FileError,
             r"a\.xml: line 3: this is no whole XML"),
    "words": ("VOC", lambda f: edit(f / "a.xml", "<xmin>4<", "<xmin>four<"), FileError,
              r"a\.xml: line 5: <xmin> must be a number, but it is 'four'"),
    "nameless": ("VOC", lambda f: edit(f / "a.xml", "<name>cat</name>", ""), FileError, r"a\.xml: line 3: .*no <name>"),
    "no picture": ("VOC", lambda f: (f / "a.png").unlink(), DataError, r"a\.xml: line 2: there is no picture called a"),
    "undeclared": ("YOLO", lambda f: edit(f / "a.txt", "1 0.", "2 0."), DataError,
                   r"a\.txt: line 2: the class must be a number from 0 to 1, as data\.yaml"),
    "pixels": ("YOLO", lambda f: (f / "a.txt").write_text("0 30 20 10 10"), DataError,
               r"a\.txt: line 1: .* from 0 to 1, but one is 30"),
    "three": ("YOLO", lambda f: (f / "a.txt").write_text("\n0 0.5 0.5 0.1"), DataError,
              r"a\.txt: line 2: an object must"),
    "count": ("YOLO", lambda f: edit(f / "data.yaml", "nc: 2", "nc: 3"), DataError, "nc is 3, but 2 names"),
    "endless": ("YOLO", lambda f: os.truncate(f / "a.txt", 17 << 20), FileError, r"a\.txt: .* at most 16,777,216"),
    "brackets": ("YOLO", lambda f: (f / "data.yaml").write_text("names: " + "[" * 9000), FileError,
                 r"data\.yaml: the depth of .* may be at most 64 levels, but it is 9,000"),
    "encoding": ("VOC", lambda f: edit(f / "a.xml", "<annotation>", "<?xml version='1.0' encoding='no'?><annotation>"),
                 FileError, r"a\.xml: this is no XML that can be read \(unknown encoding: no\)"),
    "yaml": ("YOLO", lambda f: (f / "data.yaml").write_text("names: [a\nb: ]["), FileError, r"data\.yaml: line \d"),
    "row": ("CSV", lambda f: edit(f / "boxes.csv", "30,0", "x,0"), DataError, r"boxes\.csv: line 3: .*four numbers"),
    "ghost": ("CSV", lambda f: edit(f / "boxes.csv", "b.png", "d.png"), DataError,
              "line 4: there is no picture called d"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD_FILES)
def test_a_file_that_is_wrong_is_named_with_its_line(fault: str, pictures: Path) -> None:
    form, spoil, error, said = BAD_FILES[fault]
    FORMS[form](pictures)
    spoil(pictures)
    with pytest.raises(error, match=said):
        open_dataset(str(pictures))


BAD_COCO: dict[str, tuple[Callable[[dict], object], str]] = {
    "category twice": (lambda c: c["categories"].append({"id": 3, "name": "pig"}),
                       r"categories\[2\]: the id 3 is given twice"),
    "image twice": (lambda c: c["images"].append(c["images"][0]), r"images\[3\]: the id 7 is given twice"),
    "no class": (lambda c: c["annotations"][1].update(category_id=4),
                 r"annotations\[1\] \(id 1\): there is no category 4"),
    "no image": (lambda c: c["annotations"][2].update(image_id=99), r"annotations\[2\] \(id 2\): there is no image 99"),
    "three": (lambda c: c["annotations"][0]["bbox"].pop(), r"annotations\[0\] .* has 3 numbers"),
    "text": (lambda c: c["annotations"][0].update(bbox="1 2 3 4"), r"annotations\[0\]\.bbox|annotations\[...\]\.bbox"),
    "list": (lambda c: c["annotations"][0].update(category_id=[1]), r"annotations\[(0|\.\.\.)\]\.category_id"),
    "ghost": (lambda c: c["images"][0].update(file_name="z.png"), r"images\[0\]: there is no picture called z\.png"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD_COCO)
def test_a_json_that_contradicts_itself_is_named_with_its_entry(fault: str, pictures: Path) -> None:
    spoil, said = BAD_COCO[fault]
    content = json.loads(json.dumps(coco()))
    spoil(content)
    (pictures / "all.json").write_text(json.dumps(content))
    with pytest.raises(PellucidError, match=said):
        open_dataset(str(pictures))


def test_a_json_that_was_cut_off_is_told_as_such(pictures: Path) -> None:
    (pictures / "all.json").write_text(json.dumps(coco())[:-40])
    with pytest.raises(FileError, match=r"all\.json: this is no whole JSON"):
        open_dataset(str(pictures))


@pytest.mark.parametrize("at", ["annotations", "segmentation"])
def test_a_json_of_endless_depth_is_told_as_such(at: str, pictures: Path) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    content = json.dumps(coco())
    (pictures / "all.json").write_text(content[:-1] + f', "{at}": {deep}}}')
    with pytest.raises(FileError, match=r"all\.json: lists lie in one another too deep"):
        open_dataset(str(pictures))


def test_outlines_are_read_as_boxes_and_counted(pictures: Path) -> None:
    write_yolo(pictures)
    (pictures / "b.txt").write_text("1 0.1 0.2 0.5 0.2 0.3 0.7\n")
    dataset = open_dataset(str(pictures))
    assert boxes_of(dataset)["b"] == [("dog", (6.0, 8.0, 30.0, 28.0))]
    assert "outlines read as the boxes around them: 1" in dataset.notes


def test_what_the_four_sets_hold(shared_data: Path) -> None:
    bccd = open_dataset(str(shared_data / "bccd"))
    assert {name: len(part.annotations.corners) for name, part in bccd.parts.items()} == {
        "train": 2804, "validation": 1137, "test": 945}  # fmt: skip
    note = next(note for note in bccd.notes if "zero size" in note)
    assert "left out: 2" in note and "BloodImage_00338.xml: line 163" in note and "BloodImage_00343" in note
    signs = open_dataset(str(shared_data / "road-signs"))
    assert signs.class_names[1] == "Speedlimit_50" and any("COCO mark the same boxes" in n for n in signs.notes)
    chess = open_dataset(str(shared_data / "chess"))
    assert [len(part.annotations.corners) for part in chess.parts.values()] == [3168, 386, 376]
    assert len(np.unique(chess.part("train").groups)) == 101
    coco = open_dataset(str(shared_data / "coco-mini"))
    train = coco.part("train").annotations
    assert len(train.corners) == 913 and train.crowd.sum() == 11 and (train.areas < 32**2).sum() == 408
    assert train.ids[0] == 1 and train.ids[-1] == 90 and len(train.names) == 80


@pytest.mark.parametrize("form", ["coco", "voc", "yolo"])
def test_what_is_converted_comes_back(form: str, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Boxes and classes to 0.01 pixel (VOC: whole pixels), and what is lost is counted or refused."""
    content = coco()
    content["annotations"][1]["bbox"] = [30.25, 0.5, 20.5, 19.25]  # type: ignore[index]
    content["annotations"][2]["iscrowd"] = 1  # type: ignore[index]
    (pictures / "all.json").write_text(json.dumps(content))
    dataset, out = open_dataset(str(pictures)), tmp_path_factory.mktemp("out") / form
    if form != "coco":
        with pytest.raises(DataError, match="cannot hold everything"):
            convert(dataset, form, str(out), strict=True)
        assert not out.exists()
    written = convert(dataset, form, str(out))
    assert (written.pictures, written.boxes) == (3, 3)
    assert written.said == {"coco": "", "yolo": "crowds made plain boxes: 1, areas of outlines lost: 3",
                            "voc": "rounded to whole pixels: 1, crowds made plain boxes: 1, areas of outlines lost: 3",
                            }[form]  # fmt: skip
    again = open_dataset(str(out))
    assert again.class_names == dataset.class_names
    before, after = boxes_of(dataset), boxes_of(again)
    for name, own in before.items():
        assert [word for word, _ in own] == [word for word, _ in after[name]]
        for (_, box), (_, other) in zip(own, after[name], strict=True):
            assert np.abs(np.subtract(box, other)).max() <= (0.5 if form == "voc" else 0.01)


def test_names_that_xml_cannot_hold_and_folders_that_are_taken(pictures: Path, tmp_path: Path) -> None:
    (pictures / "all.json").write_text(json.dumps(coco()).replace('"cat"', '"c\\u001bat"'))
    dataset, out = open_dataset(str(pictures)), tmp_path / "out"
    with pytest.raises(DataError, match=r"voc has no word for a character of the name c\\x1bat\. Rename it"):
        convert(dataset, "voc", str(out))
    assert not out.exists()
    assert convert(dataset, "yolo", str(out)).folder == out
    assert open_dataset(str(out)).class_names == dataset.class_names
    assert convert(dataset, "yolo", str(out)).folder == tmp_path / "out-2"


@pytest.mark.parametrize("form", ["coco", "yolo"])
def test_parts_and_real_sets_come_back(form: str, shared_data: Path, tmp_path: Path) -> None:
    signs = open_dataset(str(shared_data / "road-signs"), limit=12)
    convert(signs, form, str(tmp_path / "out"))
    again = open_dataset(str(tmp_path / "out"))
    assert again.class_names == signs.class_names and list(again.parts) == list(signs.parts)
    for name, part in signs.parts.items():
        known = [Path(str(path)).name for path in again.part(name).names]
        order = [known.index(Path(str(path)).name)
                 for path in part.names]  # fmt: skip
        back = again.part(name).annotations.take(np.array(order))
        assert np.abs(back.corners - part.annotations.corners).max() < 0.01
        assert np.array_equal(back.classes, part.annotations.classes)
