"""What `data info` says of boxes: how many a picture and of each class, how large, and which do not count."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.data.boxes.column import Boxes

SMALL, MEDIUM = 32**2, 96**2  # pixels of the picture as read, COCO's borders


def describe_boxes(boxes: Boxes) -> dict[str, Any]:
    """Counts of a part: n, per class, most and mean a picture, background pictures, crowd, difficult, sizes, sides."""
    counts = np.diff(boxes.offsets)
    sides = boxes.corners[:, 2:] - boxes.corners[:, :2]
    area = sides.prod(axis=1)
    of_class = np.bincount(boxes.classes, minlength=len(boxes.names))
    found: dict[str, Any] = {
        "n": len(boxes.corners),
        "per_class": dict(zip(boxes.names, of_class.tolist(), strict=True)),
        "most": int(counts.max(initial=0)), "mean": round(float(counts.mean()), 2) if len(counts) else 0.0,
        "background": int((counts == 0).sum()), "crowd": int(boxes.crowd.sum()),
        "difficult": int(boxes.difficult.sum()),
        "small": int((area < SMALL).sum()), "medium": int(((area >= SMALL) & (area < MEDIUM)).sum()),
        "large": int((area >= MEDIUM).sum()),
    }  # fmt: skip
    if len(sides):
        found["sides"] = {word: [round(float(value), 1) for value in np.quantile(sides[:, axis], (0, 0.5, 1))]
                          for axis, word in enumerate(("width", "height"))}  # fmt: skip
    return found


def in_words(found: dict[str, Any]) -> str:
    """The same in a line."""
    told = f"{found['n']:,} boxes, up to {found['most']} a picture ({found['mean']:g} in the mean)"
    told += f"; {found['small']:,} small, {found['medium']:,} medium, {found['large']:,} large"
    if "sides" in found:
        (w1, w, w2), (h1, h, h2) = found["sides"]["width"], found["sides"]["height"]
        told += f"; width {w1:g} to {w2:g} (median {w:g}), height {h1:g} to {h2:g} (median {h:g})"
    for word in ("background", "crowd", "difficult"):
        if found[word]:
            told += f"; {found[word]:,} {'pictures of background' if word == 'background' else word}"
    return told
