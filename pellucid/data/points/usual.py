"""Skeletons that many data sets share, found by their names (in any order), 68 points of a face by their number.

Sources  68 points: the markup of Multi-PIE and 300-W (Sagonas et al. 2013); 17: COCO keypoints with COCO's sigmas
         (Lin et al. 2014); 16: MPII (Andriluka et al. 2014); 14: LSP (Johnson & Everingham 2010)
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pellucid.data.points.skeleton import Skeleton, pairs_by_name, words_of


def chain(first: int, last: int, *, closed: bool = False) -> tuple[tuple[int, int], ...]:
    """Edges from point to point, and back to the first one."""
    edges = tuple((point, point + 1) for point in range(first, last))
    return (*edges, (last, first)) if closed else edges


def named(names: str, edges: str, sigmas: tuple[float, ...] | None = None) -> Skeleton:
    """The skeleton of names, and of edges `a-b` between them."""
    every = tuple(names.split())
    joined = tuple((every.index(a), every.index(b)) for a, b in (edge.split("-") for edge in edges.split()))
    return Skeleton(every, joined, pairs_by_name(every), sigmas)


FACE68 = Skeleton(
    tuple(map(str, range(68))),
    (*chain(0, 16), *chain(17, 21), *chain(22, 26), *chain(27, 30), *chain(31, 35), *chain(36, 41, closed=True),
     *chain(42, 47, closed=True), *chain(48, 59, closed=True), *chain(60, 67, closed=True)),
    (*((point, 16 - point) for point in range(8)), *((17 + point, 26 - point) for point in range(5)),
     (31, 35), (32, 34), (36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46), (48, 54), (49, 53), (50, 52),
     (55, 59), (56, 58), (60, 64), (61, 63), (65, 67)),
)  # fmt: skip
FACE5 = named("left_eye right_eye nose left_mouth right_mouth",
              "left_eye-right_eye left_eye-nose right_eye-nose nose-left_mouth nose-right_mouth left_mouth-right_mouth")
LSP14 = named(
    "right_ankle right_knee right_hip left_hip left_knee left_ankle right_wrist right_elbow right_shoulder "
    "left_shoulder left_elbow left_wrist neck head_top",
    "right_ankle-right_knee right_knee-right_hip left_hip-left_knee left_knee-left_ankle right_hip-left_hip "
    "right_wrist-right_elbow right_elbow-right_shoulder left_shoulder-left_elbow left_elbow-left_wrist "
    "right_shoulder-neck left_shoulder-neck neck-head_top right_shoulder-right_hip left_shoulder-left_hip")
MPII16 = named(
    "right_ankle right_knee right_hip left_hip left_knee left_ankle pelvis thorax upper_neck head_top right_wrist "
    "right_elbow right_shoulder left_shoulder left_elbow left_wrist",
    "right_ankle-right_knee right_knee-right_hip right_hip-pelvis left_hip-pelvis left_hip-left_knee "
    "left_knee-left_ankle pelvis-thorax thorax-upper_neck upper_neck-head_top right_wrist-right_elbow "
    "right_elbow-right_shoulder right_shoulder-thorax left_shoulder-thorax left_shoulder-left_elbow "
    "left_elbow-left_wrist")
COCO17 = named(
    "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow left_wrist "
    "right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle",
    "left_ankle-left_knee left_knee-left_hip right_ankle-right_knee right_knee-right_hip left_hip-right_hip "
    "left_shoulder-left_hip right_shoulder-right_hip left_shoulder-right_shoulder left_shoulder-left_elbow "
    "right_shoulder-right_elbow left_elbow-left_wrist right_elbow-right_wrist left_eye-right_eye nose-left_eye "
    "nose-right_eye left_eye-left_ear right_eye-right_ear left_ear-left_shoulder right_ear-right_shoulder",
    (.026, .025, .025, .035, .035, .079, .079, .072, .072, .062, .062, .107, .107, .087, .087, .089, .089))  # fmt: skip
USUAL = (FACE5, LSP14, MPII16, COCO17)


def usual(names: Sequence[str]) -> Skeleton:
    """The skeleton that goes by these names; without edges, and with pairs as names tell, where none does."""
    names = tuple(names)
    if len(names) == len(FACE68) and all(re.fullmatch(r"\D*[0-9]+", name) for name in names):
        return Skeleton(names, FACE68.edges, FACE68.pairs)
    places = {words_of(name): number for number, name in enumerate(names)}
    for known in USUAL:
        order = [places.get(words_of(name)) for name in known.names]
        if len(names) == len(known) and None not in order:
            at = [place for place in order if place is not None]
            sigmas = None if known.sigmas is None else tuple(
                known.sigmas[at.index(number)] for number in range(len(names)))
            return Skeleton(names, tuple((at[a], at[b]) for a, b in known.edges),
                            tuple((at[a], at[b]) for a, b in known.pairs), sigmas)
    return Skeleton(names, (), pairs_by_name(names))
