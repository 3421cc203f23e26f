"""What `data info` says of points: how many objects, which points are marked in how many, how large, which skeleton."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.data.points.column import HIDDEN, Points


def describe_points(points: Points, pictures: int) -> dict[str, Any]:
    """Counts of a part: objects, marked by point, hidden, outside, box sides, skeleton and where boxes are from."""
    placed = points.placed()
    sides = points.boxes[:, 2:] - points.boxes[:, :2]
    whole = np.array_equal(points.boxes, np.concatenate([np.zeros_like(points.sizes), points.sizes[:, ::-1]], axis=1))
    marked = (points.visible > 0).sum(axis=0)
    return {
        "n": len(points), "pictures": pictures,
        "marked": dict(zip(points.skeleton.names, marked.tolist(), strict=True)),
        "whole": int((points.visible > 0).all(axis=1).sum()),
        "hidden": int((points.visible == HIDDEN).sum()),
        "beyond": int(((placed.visible > 0) & ~placed.inside).sum()),
        "boxes": "of the data" if points.from_box else "whole pictures" if whole else "around the points",
        "sides": {word: [round(float(value), 1) for value in np.quantile(sides[:, axis], (0, 0.5, 1))]
                  for axis, word in enumerate(("width", "height"))},
        "skeleton": points.skeleton.to_config(),
    }  # fmt: skip


def in_words(found: dict[str, Any]) -> str:
    """The same in a line."""
    skeleton = found["skeleton"]
    (w1, w, w2), (h1, h, h2) = found["sides"]["width"], found["sides"]["height"]
    told = f"{found['n']:,} objects in {found['pictures']:,} pictures, {found['whole']:,} with all points marked"
    told += f"; boxes ({found['boxes']}) {w1:g} to {w2:g} wide (median {w:g}), {h1:g} to {h2:g} high (median {h:g})"
    for word, what in (("hidden", "points hidden"), ("beyond", "points beyond what is seen of the picture")):
        told += f"; {found[word]:,} {what}" if found[word] else ""
    sigmas = "no sigmas" if skeleton["sigmas"] is None else "sigmas"
    return f"{told}; edges {len(skeleton['edges'])}, mirror pairs {len(skeleton['pairs'])}, {sigmas}"
