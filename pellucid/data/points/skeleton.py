"""What the points of an object are called, which are joined by a line, and which change places in a mirror.

Names   K, all different; edges (i, j) and pairs (left, right) are numbers of points, counted from 0
Mirror  mirrored()[k] is the point whose place k takes in the mirror image; mirrored twice, all are where they were
Sigmas  k_j of OKS (COCO keypoint evaluation, Lin et al. 2014): the spread of annotators as a share of sqrt(area)
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from pellucid.data.images import Array
from pellucid.errors import DataError, shown

Value = TypeVar("Value")

SIDES = {"left": "right", "l": "r", "right": "left", "r": "l"}
WORD = re.compile(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]+")
HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=^[LR])(?=[A-Z][a-z])")        # leftEye, LElbow


@dataclass(frozen=True)
class Skeleton:
    """Names (K), edges, mirror pairs, and sigmas (K) where they are known."""

    names: tuple[str, ...]
    edges: tuple[tuple[int, int], ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()
    sigmas: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        fault = fault_of(self)
        if fault is not None:
            raise DataError(f"skeleton: {fault}.")

    def __len__(self) -> int:
        return len(self.names)

    def mirrored(self) -> Array:
        """(K,) the order of the points in a mirror image."""
        order = np.arange(len(self))
        for left, right in self.pairs:
            order[left], order[right] = right, left
        return order

    def to_config(self) -> dict[str, Any]:
        """All of it, as JSON."""
        return {"names": list(self.names), "edges": [list(edge) for edge in self.edges],
                "pairs": [list(pair) for pair in self.pairs],
                "sigmas": None if self.sigmas is None else list(self.sigmas)}  # fmt: skip

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Skeleton:
        """The skeleton that `to_config` told. Raises DataError for one that cannot be."""
        return cls(tuple(config["names"]), twos(config["edges"]), twos(config["pairs"]),
                   None if config["sigmas"] is None else tuple(map(float, config["sigmas"])))  # fmt: skip


def twos(rows: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    """Lists of two as tuples."""
    return tuple((int(row[0]), int(row[1])) for row in rows)


def fault_of(skeleton: Skeleton) -> str | None:
    """What is wrong with a skeleton, without a full stop; None where nothing is."""
    count, names = len(skeleton.names), skeleton.names
    if not count:
        return "there must be one point or more, but there is none"
    twice = repeated(names)
    if twice is not None:
        return f"the point '{shown(twice)}' is named twice; give each a name of its own"
    for what, rows in (("edge", skeleton.edges), ("mirror pair", skeleton.pairs)):
        for row in rows:
            if min(row) < 0 or max(row) >= count:
                away = next(point for point in row if not 0 <= point < count)
                last = f"the {count} points are numbered 0 to {count - 1}"
                return f"the {what} {tuple(row)} names point {away}, but {last}"
            if row[0] == row[1]:
                return f"the {what} {tuple(row)} must join two points, but it is point {row[0]} with itself"
    paired = [point for pair in skeleton.pairs for point in pair]
    torn = repeated(paired)
    if torn is not None:
        return f"point {torn} ({shown(names[torn])}) is in two mirror pairs; keep one"
    sigmas = skeleton.sigmas
    if sigmas is not None and (len(sigmas) != count or not all(0 < one < math.inf for one in sigmas)):
        return f"sigmas must be {count} numbers above 0, one a point, but they are {shown(list(sigmas))}"
    return None


def repeated(values: Sequence[Value]) -> Value | None:
    """The first of the values that is there more than once; None where all are different."""
    return None if len(set(values)) == len(values) else next(one for one in values if values.count(one) > 1)


def words_of(name: str) -> tuple[str, ...]:
    """The words of a point's name in small letters: left_eye, LeftEye and `left eye` are (left, eye)."""
    apart = HUMP.sub("_", name)
    words = [word.lower() for word in WORD.findall(apart) if word[0].isalnum()]
    long = {"l": "left", "r": "right"}
    return tuple(long.get(word, word) for word in words)


def pairs_by_name(names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """(left, right) of all names that differ in that word alone."""
    numbers = {words_of(name): number for number, name in enumerate(names)}
    found = []
    for words, number in numbers.items():
        if words.count("left") == 1 and "right" not in words:
            other = numbers.get(tuple(SIDES.get(word, word) if word == "left" else word for word in words))
            if other is not None:
                found.append((number, other))
    return tuple(found)
