"""The annotators' spread of each point, from a second annotation of the same pictures.

Spread   s_k^2 = mean of d^2 / area, d from the mean of both marks (diagnosis/oks.py), as COCO defines its sigmas
Match    an object of a picture of the same name, the one whose marks lie nearest
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

import numpy as np

from pellucid.data.dataset import Part
from pellucid.data.opening import open_dataset
from pellucid.data.points.column import Points
from pellucid.diagnosis.oks import spreads_of_repeats
from pellucid.errors import UsageError, shown
from pellucid.tasks.names import order_of


def spreads_from(path: str, parts: Iterable[Part], names: Sequence[str]) -> tuple[float, ...]:
    """The spreads (K) of points so named, from the marks of the parts and those of a second table or folder.

    Raises FileError and DataError for what cannot be read or names other points, UsageError where a point is marked in
    both nowhere, or everywhere at the same place.
    """
    second = open_dataset(path, annotations=Points.kind, learning=False)
    again = list(second.parts.values())
    order = order_of(second.name, "points", again[0].annotated(Points).skeleton.names, names,
                     "Name the columns as the data do.")  # fmt: skip
    by_picture: dict[str, list[np.ndarray]] = {}
    for part in again:
        for name, xy in zip(part.names, part.annotated(Points).xy[:, order], strict=True):
            by_picture.setdefault(PurePosixPath(str(name)).name, []).append(xy)
    pairs, areas = [], []
    for part in parts:
        column = part.annotated(Points)
        for name, xy, area in zip(part.names, column.xy, column.areas, strict=True):
            other = nearest(xy, by_picture.get(PurePosixPath(str(name)).name, []))
            if other is not None:
                pairs.append((xy, other))
                areas.append(float(area))
    marks = np.array(pairs).reshape(-1, 2, len(names), 2).swapaxes(0, 1)
    found = spreads_of_repeats(marks, np.array(areas))
    for k, name in enumerate(names):
        if not found[k] > 0:
            what = "is marked in no object of both" if np.isnan(found[k]) else "lies at the same places in both"
            raise UsageError(f"train: --spreads {shown(path)}: {shown(name)} {what}. Give a second annotation of the "
                             "same pictures that somebody made without seeing the first, or numbers.")
    return tuple(float(one) for one in found)


def nearest(xy: np.ndarray, others: Sequence[np.ndarray]) -> np.ndarray | None:
    """Of other marks (K,2) those that lie nearest to these; None where none has a point in common."""
    away = [np.nan_to_num(np.linalg.norm(other - xy, axis=1), nan=-1.0) for other in others]
    means = [float(one[one >= 0].mean()) if (one >= 0).any() else np.inf for one in away]
    best = int(np.argmin(means)) if means else 0
    return others[best] if means and np.isfinite(means[best]) else None
