"""Random figures for the tests of grouping, with the exact maps and fields of what is seen of them.

Limbs cross as they come; only where two limbs of a kind lie in one another for so long that the field tells nothing of
whose they are, or run against each other there, a figure is drawn anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.data.scenes.figures import EDGES, pose
from pellucid.tasks.pose.affinity import affinity_fields, ends_of
from pellucid.tasks.pose.grouping import Grouped
from pellucid.tasks.pose.heatmaps import joint_maps

STRIDE, SIGMA, WIDTH = 4, 6.0, 4.0
ROOM = 3.0      # sigmas that two joints of one kind are apart, so that their peaks are two
SHARED, AGAINST = 0.3, 0.1  # of a limb, that may lie in another's field: of one that crosses, of one that runs against


@dataclass(frozen=True, eq=False)
class Figures:
    """xy (P,14,2), NaN where hidden; maps (H,W,14) and fields (H,W,2L)."""

    xy: np.ndarray
    maps: np.ndarray
    fields: np.ndarray


def figures(random: np.random.Generator, count: int, *, hidden: float, size: tuple[int, int] = (720, 1280)) -> Figures:
    """`count` figures whose limbs may cross, each joint hidden with probability `hidden`."""
    found: list[np.ndarray] = []
    while len(found) < count:
        tall = random.uniform(110, 200)
        joints = pose(random) * tall + random.uniform((0.1 * size[1], 0.3 * size[0]), (0.9 * size[1], 0.6 * size[0]))
        inside = ((joints > 2 * STRIDE) & (joints < np.array(size[::-1]) - 2 * STRIDE)).all()
        if inside and all(apart(joints, other) for other in found):
            found.append(joints)
    xy = np.stack(found)
    xy[random.random(xy.shape[:2]) < hidden] = np.nan
    alone, shape = np.zeros(count, np.int64), (size[0] // STRIDE, size[1] // STRIDE)
    fields = affinity_fields(*ends_of(xy, EDGES), alone, count=1, shape=shape, stride=STRIDE, width=WIDTH)
    return Figures(xy, joint_maps(xy, alone, count=1, shape=shape, stride=STRIDE, sigma=SIGMA)[0], fields[0])


def apart(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether maps and fields tell two figures (14,2) from each other."""
    if np.hypot(*(one - other).T).min() < ROOM * SIGMA:
        return False
    (a, b), (c, d) = ([ends[0] for ends in ends_of(joints[np.newaxis], EDGES)] for joints in (one, other))
    return bool(np.maximum(lying_in(a, b, c, d), lying_in(c, d, a, b)).max() <= 1)


def lying_in(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """(L,) what of limbs from a to b (L,2) lies in the fields of limbs from c to d, of what may."""
    spots = a[:, np.newaxis] + (b - a)[:, np.newaxis] * np.linspace(0, 1, 21)[:, np.newaxis]       # (L,21,2)
    length = np.linalg.norm(d - c, axis=1)[:, np.newaxis]
    unit = (d - c) / length
    along = ((spots - c[:, np.newaxis]) * unit[:, np.newaxis]).sum(axis=2)
    near = spots - c[:, np.newaxis] - np.clip(along, 0, length)[..., np.newaxis] * unit[:, np.newaxis]
    share = (np.linalg.norm(near, axis=2) < WIDTH + STRIDE).mean(axis=1)
    return share / np.where(((b - a) * unit).sum(axis=1) < 0, AGAINST, SHARED)


def expected(xy: np.ndarray, least: int) -> set[frozenset[tuple[int, int]]]:
    """What of each figure hangs together by limbs, as sets of (kind, figure): parts of at least `least` joints.

    A redundant limb joins parts, and joints to a part, but two lone joints are no part.
    """
    people = set()
    tree, late = EDGES[:13], EDGES[13:]
    for number, joints in enumerate(xy):
        seen = np.isfinite(joints).all(axis=1)
        parts = [{kind} for kind in range(14) if seen[kind]]
        for limbs in (tree, late):
            for start, end in limbs:
                touched = [part for part in parts if part & {start, end}]
                if len(touched) == 2 and (limbs is tree or any(len(part) > 1 for part in touched)):
                    parts = [part for part in parts if part not in touched] + [touched[0] | touched[1]]
        people |= {frozenset((kind, number) for kind in part) for part in parts if len(part) >= least}
    return people


def told(found: Grouped, xy: np.ndarray) -> set[frozenset[tuple[int, int]]]:
    """The people that grouping found, each joint named by the figure whose joint of that kind is nearest."""
    people = set()
    for person in found.xy:
        kinds = np.flatnonzero(np.isfinite(person).all(axis=1))
        near = np.linalg.norm(np.where(np.isfinite(xy), xy, 1e9)[:, kinds] - person[kinds], axis=2)
        assert near.min(axis=0).max() < STRIDE / 2, "a joint was found where none is"
        people.add(frozenset((int(kind), int(number)) for kind, number in zip(kinds, near.argmin(axis=0), strict=True)))
    return people
