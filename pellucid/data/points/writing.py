"""Points written as COCO keypoints, YOLO pose, CSV or .pts: pictures as they are, annotations in the form.

Kept    COCO everything; CSV all but the areas of objects (with skeleton.json beside it); YOLO no groups, no areas; .pts
        the points alone, of one object a picture
Undone  CSV and COCO x - 0.5, .pts x + 0.5; YOLO shares of the picture. Numbers are written so that they are read back
        as they were
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from pellucid.data.boxes.writing import WORDS, Written, said_of, sources_of
from pellucid.data.dataset import Dataset, Part
from pellucid.data.points.column import SEEN, Points
from pellucid.data.points.found import HALF
from pellucid.data.points.skeleton_file import NAME
from pellucid.data.points.usual import usual
from pellucid.errors import DataError, shown
from pellucid.storage.writer import make_folder, new_folder, write_bytes, write_text


@dataclass(frozen=True)
class Share:
    """One part to be written: its word ("" where data are not divided), objects, and the name of each one's picture."""

    word: str
    part: Part
    points: Points
    names: list[str]


def convert(dataset: Dataset, form: str, out: str, *, strict: bool = False) -> Written:
    """Write a data set of points into a new folder as "coco", "yolo", "csv" or "pts".

    Raises DataError for what the form cannot hold at all and, with `strict`, for what it loses; FileError.
    """
    names = file_names(dataset)
    shares = [Share("" if dataset.undivided else WORDS[name], part, part.annotated(Points),
                    [names[str(path)] for path in part.names]) for name, part in dataset.parts.items()]  # fmt: skip
    lost = said_of(losses(shares, form))
    if form == "pts":
        refuse_several(dataset.name, shares)
    if strict and lost:
        raise DataError(f"{dataset.name}: {form} cannot hold everything ({lost}). Leave --strict out to lose that, or "
                        "take another form.")
    folder = new_folder(out)
    pictures = sum(copy_pictures(folder / "images" / share.word, share) for share in shares)
    WRITERS[form](folder, shares)
    return Written(folder, pictures, sum(len(share.points) for share in shares), lost)


def losses(shares: list[Share], form: str) -> dict[str, int]:
    """How many objects or points lose what in this form."""
    all_points = [share.points for share in shares]
    hidden = sum(int(np.sum(one.visible == SEEN - 1)) for one in all_points)
    boxes = 0 if all_points[0].from_box else sum(map(len, all_points))
    given = sum(len(one) for one in all_points if one.from_box)
    areas = sum(int((np.abs(one.areas - np.prod(one.boxes[:, 2:] - one.boxes[:, :2], 1)) > 1e-6 * one.areas).sum())
                for one in all_points)  # fmt: skip
    groups = sum(len(share.points) for share in shares if share.part.groups is not None)
    heads = sum(int(np.isfinite(one.heads).all(axis=1).sum()) for one in all_points)
    drawn = {"boxes drawn around the points, where the data had none": boxes}
    return {
        "coco": drawn,
        "yolo": {**drawn, "areas of outlines lost": areas, "groups lost": groups, "boxes of heads lost": heads},
        "csv": {"areas of outlines lost": areas, "boxes of heads lost": heads},
        "pts": {"boxes lost": given, "hidden points made seen": hidden, "areas of outlines lost": areas,
                "groups lost": groups, "boxes of heads lost": heads},
    }[form]  # fmt: skip


def refuse_several(where: str, shares: list[Share]) -> None:
    """Raise DataError for a picture of several objects."""
    counts = Counter(name for share in shares for name in share.part.names)
    name, most = counts.most_common(1)[0]
    if most > 1:
        raise DataError(f"{where}: .pts holds one object a picture, but {shown(name)} has {most}. Take another form.")


def file_names(dataset: Dataset) -> dict[str, str]:
    """A name for each picture by its path, which no other has: its own, or its path with _ for /."""
    paths = dict.fromkeys(str(path) for part in dataset.parts.values() for path in part.names)
    own = Counter(PurePosixPath(path).stem for path in paths)
    return {path: PurePosixPath(path).name if own[PurePosixPath(path).stem] == 1 else path.replace("/", "_")
            for path in paths}  # fmt: skip


def copy_pictures(folder: Path, share: Share) -> int:
    """The bytes of each picture, once; how many there are."""
    make_folder(folder)
    once = dict(zip(share.names, sources_of(share.part), strict=True))
    for name, source in once.items():
        write_bytes(folder / name, bytes(source.read()))
    return len(once)


def write_coco(folder: Path, shares: list[Share]) -> None:
    """images/PART/*, annotations/PART.json."""
    make_folder(folder / "annotations")
    for share in shares:
        points = share.points
        skeleton, groups = points.skeleton, share.part.groups
        numbers = {name: number for number, name in enumerate(dict.fromkeys(share.names), 1)}
        sizes = dict(zip(share.names, points.sizes.tolist(), strict=True))
        sides = points.boxes[:, 2:] - points.boxes[:, :2]
        told = {
            "images": [{"id": number, "file_name": name, "height": sizes[name][0], "width": sizes[name][1]}
                       for name, number in numbers.items()],
            "categories": [{
                "id": 1, "name": "object", "keypoints": list(skeleton.names),
                "skeleton": [[a + 1, b + 1] for a, b in skeleton.edges],
                "flip_pairs": [[a + 1, b + 1] for a, b in skeleton.pairs],
                "sigmas": None if skeleton.sigmas is None else list(skeleton.sigmas)}],
            "annotations": [{
                "id": row + 1, "image_id": numbers[name], "category_id": 1, "iscrowd": 0,
                "keypoints": [number for (x, y), flag in zip(points.xy[row], points.visible[row], strict=True) for
                              number in ((x - HALF, y - HALF, int(flag)) if flag else (0.0, 0.0, 0))],
                "num_keypoints": int((points.visible[row] > 0).sum()),
                "bbox": [*points.boxes[row, :2].tolist(), *sides[row].tolist()], "area": float(points.areas[row]),
                **head_of(points, row),
                **({} if groups is None else {"group": str(groups[row])})} for row, name in enumerate(share.names)],
        }  # fmt: skip
        write_text(folder / "annotations" / f"{share.word or 'instances'}.json", json.dumps(told, ensure_ascii=False))


def head_of(points: Points, row: int) -> dict[str, list[float]]:
    """The box of an object's head as x, y, width, height, where one is told."""
    x1, y1, x2, y2 = points.heads[row].tolist()
    return {"head_box": [x1, y1, x2 - x1, y2 - y1]} if np.isfinite(points.heads[row]).all() else {}


def write_yolo(folder: Path, shares: list[Share]) -> None:
    """images/PART/*, labels/PART/*.txt, data.yaml."""
    skeleton = shares[0].points.skeleton
    for share in shares:
        lines: dict[str, list[str]] = {}
        make_folder(folder / "labels" / share.word)
        points = share.points
        for row, name in enumerate(share.names):
            high = points.sizes[row, ::-1].astype(np.float64)
            low, far = points.boxes[row, :2], points.boxes[row, 2:]
            shares_of = [*((low + far) / 2 / high), *((far - low) / high)]
            for place, flag in zip(points.xy[row] / high, points.visible[row], strict=True):
                shares_of += [*place, flag] if flag else [0.0, 0.0, 0]
            lines.setdefault(name, []).append(f"0 {' '.join(number(value) for value in shares_of)}\n")
        for name, told in lines.items():
            write_text(folder / "labels" / share.word / f"{PurePosixPath(name).stem}.txt", "".join(told))
    where = "".join(f"{share.word}: images/{share.word}\n" for share in shares if share.word)
    extra = "" if skeleton.sigmas is None else f"sigmas: {json.dumps(list(skeleton.sigmas))}\n"
    write_text(folder / "data.yaml", f"{where}nc: 1\nnames: [object]\nkpt_shape: [{len(skeleton)}, 3]\n"
               f"flip_idx: {json.dumps(skeleton.mirrored().tolist())}\n"
               f"kpt_names: {json.dumps(list(skeleton.names), ensure_ascii=False)}\n"
               f"skeleton: {json.dumps([list(edge) for edge in skeleton.edges])}\n{extra}")


def write_csv(folder: Path, shares: list[Share]) -> None:
    """images/PART/*, points.csv, skeleton.json."""
    skeleton, boxed = shares[0].points.skeleton, shares[0].points.from_box
    grouped = all(share.part.groups is not None for share in shares)
    divided = bool(shares[0].word)
    columns = [column for name in skeleton.names for column in
               ((f"x{name}", f"y{name}", f"v{name}") if name.isdecimal() else (f"{name}_x", f"{name}_y", f"{name}_v"))]
    head = ["image", *["split"] * divided, *["group"] * grouped,
            *["box_x0", "box_y0", "box_x1", "box_y1"] * boxed, *columns]  # fmt: skip
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(head)
    for share in shares:
        points = share.points
        for row, name in enumerate(share.names):
            cells = [f"images/{share.word}/{name}" if divided else f"images/{name}", *[share.word] * divided]
            cells += [str(share.part.groups[row])] if grouped and share.part.groups is not None else []
            cells += [number(value) for value in points.boxes[row]] if boxed else []
            for (x, y), flag in zip(points.xy[row] - HALF, points.visible[row], strict=True):
                cells += [number(x), number(y), str(flag)] if flag else ["", "", "0"]
            table.writerow(cells)
    write_text(folder / "points.csv", text.getvalue())
    write_skeleton(folder, shares)


def write_pts(folder: Path, shares: list[Share]) -> None:
    """images/PART/*, a .pts beside each, skeleton.json."""
    for share in shares:
        for row, name in enumerate(share.names):
            points = share.points
            lines = "".join(f"{number(x)} {number(y)}\n" for x, y in points.xy[row] + HALF)
            write_text(folder / "images" / share.word / f"{PurePosixPath(name).stem}.pts",
                       f"version: 1\nn_points: {len(points.skeleton)}\n{{\n{lines}}}\n")  # fmt: skip
    write_skeleton(folder, shares)


def write_skeleton(folder: Path, shares: list[Share]) -> None:
    """skeleton.json, where the names alone would not tell it."""
    skeleton = shares[0].points.skeleton
    if skeleton != usual(tuple(map(str, range(len(skeleton))))):
        write_text(folder / NAME, json.dumps(skeleton.to_config(), ensure_ascii=False, indent=1))


def number(value: float) -> str:
    """A number with as many digits as it takes to read it back as it was."""
    return f"{float(value):.17g}" if float(f"{value:.10g}") != value else f"{value:.10g}"


WRITERS: Mapping[str, Callable[[Path, list[Share]], None]] = {
    "coco": write_coco, "yolo": write_yolo, "csv": write_csv, "pts": write_pts,
}  # fmt: skip
