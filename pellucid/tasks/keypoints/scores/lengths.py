"""The length that errors are told in: a named length of each object, in pixels.

corners     between the outer corners of the eyes, points 36 and 45 of 68
pupils      between the means of the points of each eye, 36..41 and 42..47 of 68; left_eye and right_eye of others
box         sqrt(w h) of the object's box
diagonal    the diagonal of the box
torso       left shoulder to right hip
head        0.6 times the diagonal of the head's box, as told by the data, else around the points whose names speak of
            head, neck, nose, eyes or ears
a:b         between two points by name or number
Source      CNN-book 12.13 (face lengths), 12.14; Andriluka et al. 2014 (0.6 of the head box's diagonal, PCKh)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.data.points.column import around
from pellucid.data.points.skeleton import Skeleton, words_of
from pellucid.errors import UsageError, describe, shown

WORDS = ("corners", "pupils", "torso", "head", "diagonal", "box")
USUAL = ("corners", "torso", "pupils")      # a body's eyes are too close together
CORNERS = (36, 45)
EYES = (tuple(range(36, 42)), tuple(range(42, 48)))
HEAD = {"head", "neck", "nose", "eye", "ear"}
FACE = 68
HEAD_SHARE = 0.6


def usual(skeleton: Skeleton) -> str:
    """The length taken where none is asked for: the first that the skeleton has, of USUAL."""
    return next((word for word in USUAL if ends_of(word, skeleton) is not None), "box")


def settled(word: str, skeleton: Skeleton) -> str:
    """The name of a length that this skeleton has. Raises UsageError for another."""
    name = usual(skeleton) if word == "auto" else word.strip()
    if name in ("box", "diagonal") or (name == "head" and head_points(skeleton)) or ends_of(name, skeleton) is not None:
        return name
    fitting = [one for one in WORDS if one in ("box", "diagonal") or ends_of(one, skeleton) is not None]
    wanted = f"{', '.join(fitting)} or two points A:B by name or number (0 to {len(skeleton) - 1})"
    raise UsageError(describe("train", "--normaliser", wanted, repr(shown(word))))


def ends_of(word: str, skeleton: Skeleton) -> tuple[Sequence[int], Sequence[int]] | None:
    """The points whose means are the two ends of a length; None where the skeleton has it not."""
    if word in ("corners", "pupils") and len(skeleton) == FACE:
        return ((CORNERS[0],), (CORNERS[1],)) if word == "corners" else EYES
    named = {words_of(name): number for number, name in enumerate(skeleton.names)}
    pairs = {"pupils": (("left", "eye"), ("right", "eye")), "torso": (("left", "shoulder"), ("right", "hip"))}
    if word in pairs:
        a, b = (named.get(words) for words in pairs[word])
    else:
        a, b = ([_number(one.strip(), skeleton) for one in word.split(":")] if word.count(":") == 1 else (None, None))
    return None if a is None or b is None or a == b else ((a,), (b,))


def _number(word: str, skeleton: Skeleton) -> int | None:
    """The point of that name or number."""
    if word in skeleton.names:
        return skeleton.names.index(word)
    return int(word) if word.isascii() and word.isdecimal() and int(word) < len(skeleton) else None


def head_points(skeleton: Skeleton) -> list[int]:
    """The points of a head; none where there are fewer than two."""
    found = [number for number, name in enumerate(skeleton.names) if HEAD & set(words_of(name))]
    return found if len(found) > 1 else []


def lengths_of(name: str, skeleton: Skeleton, xy: np.ndarray, boxes: np.ndarray,
               heads: np.ndarray | None = None) -> np.ndarray:  # fmt: skip
    """(N,) the length of each object, of points xy (N,K,2), boxes (N,4) and those of heads, NaN where not told.

    NaN where its points are not marked, or it is 0.
    """
    ends = ends_of(name, skeleton)
    if ends is not None:
        first, last = (xy[:, list(points)].mean(axis=1) for points in ends)
        found = np.linalg.norm(last - first, axis=1)
    else:
        boxes = heads_of(skeleton, xy, heads) if name == "head" else boxes
        width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
        found = np.sqrt(width * height) if name == "box" else np.hypot(width, height)
        found = HEAD_SHARE * found if name == "head" else found
    return np.where(found > 0, found, np.nan)


def heads_of(skeleton: Skeleton, xy: np.ndarray, heads: np.ndarray | None) -> np.ndarray:
    """(N,4) the boxes of heads that are told, else those around their points."""
    points = head_points(skeleton)
    drawn = around(xy[:, points]) if points else np.full((len(xy), 4), np.nan)
    return drawn if heads is None else np.where(np.isfinite(heads), heads, drawn)


def has_head(skeleton: Skeleton) -> bool:
    """Whether it is a body with a head: a face, or an animal without such names, has none."""
    return ends_of("torso", skeleton) is not None and bool(head_points(skeleton))
