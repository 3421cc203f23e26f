"""skeleton.json beside a table: names, edges, mirror pairs and sigmas of points, for forms that have no place for them.

Form    {"names": [...], "edges": [["nose", "ear"], ...], "pairs": [["left_ear", "right_ear"], ...], "sigmas": [...]}
        each may be missing; points are told by name, or by number from 0
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from pellucid.data.points.skeleton import Skeleton
from pellucid.data.points.usual import usual
from pellucid.data.sources import Source, Tree
from pellucid.errors import DataError, FileError, shown
from pellucid.storage.limits import TEXT

NAME = "skeleton.json"
KEYS = ("names", "edges", "pairs", "sigmas")


def skeleton_beside(tree: Tree, names: Sequence[str]) -> tuple[Skeleton, Source | None]:
    """The skeleton of points `names` (those of a table), and the file that tells it, if one does.

    Raises FileError and DataError naming the file and what in it is at fault.
    """
    file = min((source for source in tree.sources if PurePosixPath(source.path).name == NAME),
               key=lambda source: source.path.count("/"), default=None)  # fmt: skip
    if file is None:
        return usual(names), None
    told = read(file)
    named, sigmas = told.get("names") or list(names), told.get("sigmas")
    if not isinstance(named, list) or len(named) != len(names):
        raise DataError(f"{file.where}: names must be those of the {len(names)} points, but it is {shown(named)}. "
                        "Correct it.")
    if sigmas is not None and not (isinstance(sigmas, list) and all(isinstance(one, (int, float)) for one in sigmas)):
        raise DataError(f"{file.where}: sigmas must be a list of numbers, one a point. Correct it.")
    try:
        known = usual(tuple(map(str, named)))
        return Skeleton(
            known.names, known.edges if told.get("edges") is None else twos_of(file.where, told, "edges", known.names),
            known.pairs if told.get("pairs") is None else twos_of(file.where, told, "pairs", known.names),
            known.sigmas if sigmas is None else tuple(map(float, sigmas))), file  # fmt: skip
    except DataError as fault:
        raise DataError(str(fault) if str(fault).startswith(file.where) else f"{file.where}: {fault} Correct it."
                        ) from None  # fmt: skip


def read(file: Source) -> dict[str, Any]:
    """What the file holds. Raises FileError and DataError."""
    TEXT.check(file.size, file.where)
    try:
        told = json.loads(bytes(file.read()))
    except (ValueError, RecursionError) as fault:
        raise FileError(f"{file.where}: this is no JSON ({shown(fault, 120)}). Correct it.") from fault
    other = next((key for key in told if key not in KEYS), None) if isinstance(told, dict) else "a list"
    if other is not None:
        raise DataError(f"{file.where}: it must be an object with {', '.join(KEYS)}, but it has {shown(other)}. "
                        "Correct it.")
    found: dict[str, Any] = told
    return found


def twos_of(where: str, told: dict[str, Any], key: str, names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Edges or pairs by number. Raises DataError for a point that is not there."""
    rows = told[key] if isinstance(told[key], list) else [told[key]]
    found = []
    for place, row in enumerate(rows):
        at = f"{where}: {key}[{place}]"
        if not isinstance(row, list) or len(row) != 2:
            raise DataError(f"{at} must be two points, but it is {shown(row)}. Correct it.")
        numbers = []
        for point in row:
            number = names.index(point) if isinstance(point, str) and point in names else point
            if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(names):
                raise DataError(f"{at} names the point {shown(point)}, which is not there. Points are "
                                f"{shown(', '.join(names), 120)}, or numbers from 0.")
            numbers.append(number)
        found.append((numbers[0], numbers[1]))
    return tuple(found)
