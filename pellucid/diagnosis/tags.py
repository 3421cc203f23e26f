"""Tags: what is known of samples besides their class, as marks that may overlap.

Shapes    marks (N,T) bool: sample n has tag t
Sources   measured   the tenth of the images that is darkest, brightest, poorest in contrast, most blurred, and in which
                     the thing shown is smallest or largest; images that repeat another
          column     a column of a table, a group: one tag a value, quarters for a column of many numbers
          given      words of a person, from a table
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.data.images import Images
from pellucid.data.likeness import alike_images
from pellucid.diagnosis.pictures import measure
from pellucid.errors import ShapeError, describe

EDGE = 0.1  # of the images, at each end of a measure
ENDS = (("brightness", "dark", "bright"), ("contrast", "low contrast", ""), ("sharpness", "blurred", ""),
        ("size", "small", "large"))  # fmt: skip
REPEATED = "repeated"
MANY = 10  # different numbers in a column, beyond which it is cut into quarters
QUARTERS = ("lowest", "second", "third", "highest")
YES, NO = {"1", "yes", "true", "x"}, {"", "0", "no", "false"}


@dataclass(frozen=True, eq=False)
class Tags:
    """Names of T tags, where each comes from ("measured", "column", "given", "class"), and marks (N,T)."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    marks: np.ndarray

    def __post_init__(self) -> None:
        wanted = (len(self.names), len(self.names))
        if self.marks.ndim != 2 or (self.marks.shape[1], len(self.kinds)) != wanted:
            got = f"of shape {self.marks.shape}"
            raise ShapeError(describe("tags", "marks", f"(N, T) with T = {len(self.names)}", got))

    @classmethod
    def of(cls, kind: str, marks: Mapping[str, np.ndarray], n: int) -> Tags:
        """Tags of one kind, by name; a tag that no sample has is left out."""
        kept = {name: np.asarray(mark, bool) for name, mark in marks.items() if np.any(mark)}
        table = np.stack(list(kept.values()), axis=1) if kept else np.empty((n, 0), bool)
        return cls(tuple(kept), (kind,) * len(kept), table)

    @classmethod
    def joined(cls, parts: Iterable[Tags]) -> Tags:
        """All tags of several lists about the same samples; at least one list."""
        listed = list(parts)
        if len({len(part.marks) for part in listed}) != 1:
            got = " and ".join(str(len(part.marks)) for part in listed) or "missing"
            raise ShapeError(describe("tags", "the lists", "about the same samples", got))
        names = tuple(name for part in listed for name in part.names)
        kinds = tuple(kind for part in listed for kind in part.kinds)
        return cls(names, kinds, np.concatenate([part.marks for part in listed], axis=1))


def measured_tags(images: Images) -> Tags:
    """What can be seen without knowing the class."""
    found: dict[str, np.ndarray] = {}
    values = measure(images)
    for name, low, high in ENDS:
        known = values[name][np.isfinite(values[name])]
        if not len(known):
            continue
        least, most = np.quantile(known, (EDGE, 1 - EDGE))
        if least == most:  # nearly all images are alike in this
            continue
        found[low] = values[name] < least
        if high:
            found[high] = values[name] > most
    found[REPEATED] = alike_images(images)
    return Tags.of("measured", found, len(images))


def column_tags(name: str, values: Sequence[str]) -> Tags:
    """Tags of a column (N,): a word for yes and no, one tag a value, or quarters of many numbers; empty is no tag."""
    cells = np.asarray([str(value).strip() for value in values], dtype=str)
    told = set(np.unique(cells).tolist())
    if {word.lower() for word in told} <= YES | NO:
        return Tags.of("column", {name: np.isin(np.char.lower(cells), sorted(YES))}, len(cells))
    numbers = _numbers(cells)
    if numbers is None or len(told - {""}) <= MANY:
        marks = {f"{name}={value}": cells == value for value in sorted(told - {""})}
        return Tags.of("column", marks, len(cells))
    edges = np.nanquantile(numbers, (0.25, 0.5, 0.75))
    quarter = np.where(np.isnan(numbers), -1, np.searchsorted(edges, numbers, side="left"))
    marks = {f"{name}: {word} quarter": quarter == place for place, word in enumerate(QUARTERS)}
    return Tags.of("column", marks, len(cells))


def class_tags(labels: np.ndarray, class_names: Sequence[str]) -> Tags:
    """Each true class as a tag."""
    marks = {f"class {name}": np.asarray(labels) == k for k, name in enumerate(class_names)}
    return Tags.of("class", marks, len(labels))


def _numbers(cells: np.ndarray) -> np.ndarray | None:
    """Cells as numbers, NaN for empty ones; None when one is no number."""
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells.tolist()])
    except ValueError:
        return None
