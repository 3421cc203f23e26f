"""describe_dataset: what `pellucid data info` shows, as one dictionary of plain JSON values."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.data.annotations import Numbers
from pellucid.data.boxes.column import Boxes
from pellucid.data.boxes.summary import describe_boxes
from pellucid.data.dataset import Dataset, Part
from pellucid.data.images import Array
from pellucid.data.people.column import People
from pellucid.data.points.column import Points
from pellucid.data.points.summary import describe_points
from pellucid.data.splits import leaking_groups
from pellucid.keys import Key

SAMPLE = 256            # images looked at for the smallest, largest and mean pixel


def describe_dataset(dataset: Dataset) -> dict[str, Any]:
    """Name, kind of annotation, parts, image size and dtype, fingerprint and notes.

    A part has n, pixels of a sample, groups, and images per class, or of each number name, unit and range, or what
    is known of the boxes or points.
    """
    height, width, channels = dataset.image_shape
    return {
        "name": dataset.name,
        "annotations": next(iter(dataset.parts.values())).annotations.kind,
        "parts": {name: _describe_part(part, dataset.class_names) for name, part in dataset.parts.items()},
        "classes": list(dataset.class_names),
        "image": {"height": height, "width": width, "channels": channels, "channel_names": list(dataset.channel_names),
                  "dtype": str(dataset.dtype)},
        "leaking_groups": {group: list(parts) for group, parts in leaking_groups(dataset).items()},
        "fingerprint": dataset.fingerprint,
        "notes": list(dataset.notes),
    }


def _describe_part(part: Part, class_names: tuple[str, ...]) -> dict[str, Any]:
    chosen = Key.of(0).fold("info").generator().permutation(len(part))[:SAMPLE]
    pixels = part.images.take(np.sort(chosen))
    return {
        "n": len(part),
        **_describe_annotations(part, class_names),
        "groups": None if part.groups is None else len(np.unique(part.groups)),
        "pixels": {"sample": len(pixels), "min": float(pixels.min()), "max": float(pixels.max()),
                   "mean": round(float(pixels.mean(dtype=np.float64)), 4)},
    }


def _describe_annotations(part: Part, class_names: tuple[str, ...]) -> dict[str, Any]:
    """Images per class, or the range of each number."""
    if isinstance(part.annotations, Numbers):
        columns = zip(part.annotations.names, part.annotations.units, part.annotations.values.T, strict=True)
        return {"numbers": [{"name": name, "unit": unit, "min": float(values.min()), "mean": middle(values),
                             "max": float(values.max())} for name, unit, values in columns]}
    if isinstance(part.annotations, Boxes):
        return {"boxes": describe_boxes(part.annotations)}
    if isinstance(part.annotations, Points):
        return {"points": describe_points(part.annotations, len(set(part.names)))}
    if isinstance(part.annotations, People):
        return {"points": describe_points(part.annotations.objects, len(part))}
    if not class_names:
        return {}
    counts = np.bincount(part.labels, minlength=len(class_names))
    return {"per_class": {name: int(count) for name, count in zip(class_names, counts, strict=True)}}


def middle(values: Array) -> float:
    """The mean of numbers (N,), also of such as are too large to be added up."""
    return float((values / len(values)).sum())
