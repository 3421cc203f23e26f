"""Boxes written as VOC, COCO or YOLO: pictures as they are, annotations in the form, a folder a part.

Lost      VOC keeps whole pixels, no crowd; YOLO neither crowd nor difficult; COCO no difficult. What is lost is counted
Undone    VOC xmin = x1 + 1, xmax = x2; YOLO shares with nine digits; COCO x, y, width, height
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from xml.sax.saxutils import escape

import numpy as np

from pellucid.data.boxes.column import Boxes
from pellucid.data.dataset import Dataset, Part
from pellucid.data.file_images import FileImages
from pellucid.data.images import ChosenImages, Images
from pellucid.data.sources import Source
from pellucid.errors import DataError, shown
from pellucid.storage.writer import make_folder, new_folder, write_bytes, write_text

WORDS = {"train": "train", "validation": "val", "test": "test", "train-dev": "train-dev"}
CONTROL = re.compile("[\\0-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\ufffe\\uffff]")  # no XML 1.0, or a line break
WHOLE = 1e-6  # pixels that a corner may be off a whole one


@dataclass(frozen=True)
class Written:
    """What was written where, and what the form could not hold, in words."""

    folder: Path
    pictures: int
    boxes: int
    said: str


def convert(dataset: Dataset, form: str, out: str, *, strict: bool = False) -> Written:
    """Write a data set of boxes into a new folder as "voc", "coco" or "yolo".

    Raises DataError for data without boxes and, with `strict`, for what the form cannot hold; FileError.
    """
    parts = {name: boxes_in(dataset, part) for name, part in dataset.parts.items()}
    lost = said_of(losses(parts, form))
    refuse_names(dataset, form)
    counts = (sum(map(len, dataset.parts.values())), sum(len(one.corners) for one in parts.values()))
    if strict and lost:
        raise DataError(f"{dataset.name}: {form} cannot hold everything ({lost}). Leave --strict out to lose "
                        "that, or take another form.")
    folder = new_folder(out)
    names = file_names(dataset)
    for name, part in dataset.parts.items():
        WRITERS[form](folder, "" if dataset.undivided else WORDS[name], part, parts[name], names[name])
    if form == "yolo":
        told = json.dumps(list(dataset.class_names), ensure_ascii=False)  # a JSON list is YAML too
        divided = () if dataset.undivided else dataset.parts
        where = "".join(f"{WORDS[name]}: images/{WORDS[name]}\n" for name in divided)
        write_text(folder / "data.yaml", f"{where}nc: {len(dataset.class_names)}\nnames: {told}\n")
    return Written(folder, *counts, lost)


def said_of(lost: Mapping[str, int]) -> str:
    """What is lost in a line; empty for nothing."""
    return ", ".join(f"{what}: {count:,}" for what, count in lost.items() if count)


def refuse_names(dataset: Dataset, form: str) -> None:
    """Raise DataError for names of pictures or classes that an XML, or a list of names, cannot hold."""
    if form != "voc":
        return
    pictures = (str(path) for part in dataset.parts.values() for path in part.names)
    odd = next(filter(CONTROL.search, (*dataset.class_names, *pictures)), None)
    if odd is not None:
        raise DataError(f"{dataset.name}: voc has no word for a character of the name {shown(odd)}. Rename it, or take "
                        "another form.")


def boxes_in(dataset: Dataset, part: Part) -> Boxes:
    """The boxes of a part. Raises DataError for other annotations."""
    if not isinstance(part.annotations, Boxes):
        raise DataError(f"{dataset.name}: only boxes are converted, and its pictures have {part.annotations.kind}.")
    return part.annotations


def losses(parts: dict[str, Boxes], form: str) -> dict[str, int]:
    """How many boxes lose what in this form."""
    crowd = sum(int(one.crowd.sum()) for one in parts.values())
    hard = sum(int(one.difficult.sum()) for one in parts.values())
    broken = sum(int((np.abs(one.corners - np.rint(one.corners)) > WHOLE).any(axis=1).sum()) for one in parts.values())
    areas = sum(int((np.abs(one.areas - np.prod(one.corners[:, 2:] - one.corners[:, :2], 1)) > 1).sum())
                for one in parts.values())  # fmt: skip
    return {
        "voc": {"rounded to whole pixels": broken, "crowds made plain boxes": crowd, "areas of outlines lost": areas},
        "yolo": {"crowds made plain boxes": crowd, "difficult ones made plain": hard, "areas of outlines lost": areas},
        "coco": {"difficult ones made plain": hard},
    }[form]


def sources_of(part: Part) -> list[Source]:
    """The files of a part's pictures. Raises DataError for pictures that are no files."""
    images: Images = part.images
    rows = np.arange(len(part))
    while isinstance(images, ChosenImages):
        rows, images = images.indices[rows], images.source
    if not isinstance(images, FileImages):
        raise DataError("only pictures that are files are converted.")
    return [images.sources[row] for row in rows]


def file_names(dataset: Dataset) -> dict[str, list[str]]:
    """A name for each picture of each part that no other has: its own, or its path with _ for /."""
    own = Counter(PurePosixPath(str(path)).stem for part in dataset.parts.values() for path in part.names)
    return {name: [PurePosixPath(str(path)).name if own[PurePosixPath(str(path)).stem] == 1
                   else str(path).replace("/", "_") for path in part.names]
            for name, part in dataset.parts.items()}  # fmt: skip


def copy_pictures(folder: Path, part: Part, names: list[str]) -> None:
    """The bytes of the pictures."""
    make_folder(folder)
    for source, name in zip(sources_of(part), names, strict=True):
        write_bytes(folder / name, bytes(source.read()))


def write_coco(folder: Path, part_name: str, part: Part, boxes: Boxes, names: list[str]) -> None:
    """images/PART/*, annotations/PART.json."""
    copy_pictures(folder / "images" / part_name, part, names)
    ids = boxes.ids or tuple(range(len(boxes.names)))
    sides = boxes.corners[:, 2:] - boxes.corners[:, :2]
    told = {
        "images": [{"id": number, "file_name": name, "height": int(height), "width": int(width)}
                   for number, (name, (height, width)) in enumerate(zip(names, boxes.sizes, strict=True), 1)],
        "categories": [{"id": int(number), "name": name} for number, name in zip(ids, boxes.names, strict=True)],
        "annotations": [
            {"id": row + 1, "image_id": int(picture) + 1, "category_id": int(ids[boxes.classes[row]]),
             "bbox": [*map(float, boxes.corners[row, :2]), *map(float, sides[row])], "area": float(boxes.areas[row]),
             "iscrowd": int(boxes.crowd[row])} for row, picture in enumerate(boxes.picture)],
    }  # fmt: skip
    make_folder(folder / "annotations")
    write_text(folder / "annotations" / f"{part_name or 'instances'}.json", json.dumps(told, ensure_ascii=False))


def write_voc(folder: Path, part_name: str, part: Part, boxes: Boxes, names: list[str]) -> None:
    """JPEGImages/*, Annotations/*.xml, ImageSets/Main/PART.txt."""
    copy_pictures(folder / "JPEGImages", part, names)
    make_folder(folder / "Annotations")
    for number, name in enumerate(names):
        rows = range(int(boxes.offsets[number]), int(boxes.offsets[number + 1]))
        height, width = map(int, boxes.sizes[number])
        objects = "".join(voc_object(boxes, row) for row in rows)
        write_text(folder / "Annotations" / f"{PurePosixPath(name).stem}.xml",
                   f"<annotation>\n\t<filename>{escape(name)}</filename>\n\t<size><width>{width}</width><height>{height}"
                   f"</height><depth>{part.images.shape[3]}</depth></size>\n{objects}</annotation>\n")
    if part_name:
        make_folder(folder / "ImageSets" / "Main")
        write_text(folder / "ImageSets" / "Main" / f"{part_name}.txt",
                   "".join(f"{PurePosixPath(name).stem}\n" for name in names))


def voc_object(boxes: Boxes, row: int) -> str:
    """One object, its corners counted from 1."""
    x1, y1, x2, y2 = np.rint(boxes.corners[row]).astype(int).tolist()
    corners = f"<xmin>{x1 + 1}</xmin><ymin>{y1 + 1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax>"
    name = escape(boxes.names[boxes.classes[row]])
    return (f"\t<object>\n\t\t<name>{name}</name>\n\t\t<difficult>{int(boxes.difficult[row])}</difficult>\n"
            f"\t\t<bndbox>{corners}</bndbox>\n\t</object>\n")


def write_yolo(folder: Path, part_name: str, part: Part, boxes: Boxes, names: list[str]) -> None:
    """images/PART/*, labels/PART/*.txt."""
    copy_pictures(folder / "images" / part_name, part, names)
    make_folder(folder / "labels" / part_name)
    for number, name in enumerate(names):
        height, width = boxes.sizes[number]
        span = slice(int(boxes.offsets[number]), int(boxes.offsets[number + 1]))
        lines = []
        for kind, (x1, y1, x2, y2) in zip(boxes.classes[span], boxes.corners[span], strict=True):
            shares = ((x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height)
            lines.append(f"{kind} {' '.join(f'{value:.9f}' for value in shares)}\n")
        write_text(folder / "labels" / part_name / f"{PurePosixPath(name).stem}.txt", "".join(lines))


WRITERS: dict[str, Callable[[Path, str, Part, Boxes, list[str]], None]] = {
    "coco": write_coco, "voc": write_voc, "yolo": write_yolo,
}  # fmt: skip
