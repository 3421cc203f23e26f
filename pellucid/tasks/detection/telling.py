"""Scores and answers of a detection in words and columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pellucid.reports.sections import Section, Table, Text
from pellucid.tasks.wording import between, value

WHAT = {
    "background": "nothing is there", "loose": "the box does not fit", "class": "another class", "both": "neither fits",
    "double": "found twice", "missed": "not found",
}  # fmt: skip


def told(found: Mapping[str, Any]) -> list[Section]:
    """The headline, COCO's other scores, each class, the operating point, the mistakes."""
    of = f"{found['part']}:" if found["split"] == "all" else found["part"]
    sure = between(found["AP50_interval"], value)
    headline = (f"{of} AP50 {value(found['AP50'])} ({sure}{found['n']:,} images, {found['boxes']:,} boxes)  "
                f"AP {value(found['AP'])}  AP75 {value(found['AP75'])}")  # fmt: skip
    sizes = "  ".join(f"{size} {value(found[f'AP_{size}'])}" for size in ("small", "medium", "large"))
    point = found["operating"]
    operating = (f"from a score of {point['score']:.3f} on: F1 {point['f1']:.4f}, precision {point['precision']:.4f}, "
                 f"recall {point['recall']:.4f}")  # fmt: skip
    return [Text(headline), Text(f"AP of {sizes} objects; recall with 100 boxes a picture {value(found['AR100'])}"),
            Text(operating), table_of(found["classes"]), table_of_mistakes(found["mistakes"])]


def table_of(classes: Sequence[Mapping[str, Any]]) -> Table:
    """Each class with its AP, and what was found of it."""
    rows = [[one["name"], f"{one['boxes']:,}", value(one["AP50"]), f"{one['found']:,}", f"{one['false_alarms']:,}"]
            for one in classes]  # fmt: skip
    return Table(["class", "boxes", "AP50", "found", "false alarms"], rows,
                 kinds=["name", "number", "number", "number", "number"])  # fmt: skip


def table_of_mistakes(mistakes: Sequence[Mapping[str, Any]]) -> Table:
    """Each kind of mistake, how often, and what it costs."""
    rows = [[f"{one['kind']} ({WHAT[one['kind']]})", f"{one['count']:,}",
             "-" if one["cost"] is None else f"{100 * one['cost']:.1f}"] for one in mistakes]  # fmt: skip
    return Table(["mistake", "how many", "costs points of AP50"], rows, kinds=["name", "number", "number"])


def words(entry: Mapping[str, Any]) -> list[str]:
    """How many objects of each class, and the surest ones with their boxes."""
    counts = Counter(box["class"] for box in entry["boxes"])
    told = ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "nothing"
    sure = [f"{box['class']} {box['score']:.2f} at {','.join(f'{v:.0f}' for v in box['box'])}"
            for box in entry["boxes"][:3]]  # fmt: skip
    return [told, *sure, *[""] * (3 - len(sure))]


def row(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The number of objects, and all of them in one cell."""
    told = "; ".join(f"{box['class']} {box['score']:.4f} {' '.join(f'{v:.1f}' for v in box['box'])}"
                     for box in entry["boxes"])  # fmt: skip
    return {"objects": len(entry["boxes"]), "boxes": told}
