"""The checks of points, before anything is learnt from them.

points: outside their picture, half marked, for a picture of another size. never-marked: points that few objects have.
left-right: objects whose left and right are swapped. mirror-pairs: flips without pairs, or with pairs that are none.
marked-sides: flips of objects whose left looks other than their right. persons: what file names call one person, in
two parts. cut-off: points that the crop leaves out. round-trip: points that come back from their targets elsewhere than
they were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial

import numpy as np

from pellucid.checks.finding import Finding, graded
from pellucid.checks.subject import Check, Subject
from pellucid.data.points.column import Points
from pellucid.data.points.opening import stems_of
from pellucid.data.points.sides import pairs_of, swapped_in
from pellucid.tasks.keypoints.codecs.encoded import Codec
from pellucid.tasks.keypoints.mirrors import doubtful_pairs
from pellucid.tasks.sides import marked_sides

FEW = 10                # objects that a point must be marked in, to be learnt
NAMED = 3               # that a sentence names
LOOKED_AT = 2_000       # objects among which swapped ones are searched: their square of numbers is held
CUT, MUCH = 0.01, 0.2   # share of the points that may lie outside what is seen
OBJECTS, OFF = 20, 0.5  # that are written and read again, and pixels of the input that a point may then be off


def points_in(subject: Subject, part: str = "train") -> Points:
    """The points of a part."""
    return subject.dataset.part(part).annotated(Points)


def listed(names: list[str]) -> str:
    """The first names, and how many more."""
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED:,} more" if len(names) > NAMED else "")


def check_points(subject: Subject) -> Finding:
    """Value: objects with points that cannot be right, in all parts."""
    faults = points_in(subject).faults
    if not faults:
        return Finding("points", "pass", 0, "every point that is marked lies in its picture")
    counts = Counter(fault.kind for fault in faults)
    told = ", ".join(f"{count:,} with points {kind}" if kind == "outside" else f"{count:,} {kind}"
                     for kind, count in counts.most_common())  # fmt: skip
    places = listed([f"{fault.where}: {fault.what}" for fault in faults])
    return Finding("points", "warning", len(faults), f"{told} ({places}); they are kept", "Correct or remove them.")


def check_never(subject: Subject) -> Finding:
    """Value: points that too few training objects have marked."""
    points = points_in(subject)
    marked = (points.visible > 0).sum(axis=0)
    few = np.flatnonzero(marked < FEW)
    if not len(few):
        least = int(marked.argmin())
        told = f"every point is marked in {marked[least]:,} objects or more ({points.skeleton.names[least]})"
        return Finding("never-marked", "pass", 0, told)
    names = [f"{points.skeleton.names[point]} ({marked[point]})" for point in few]
    return Finding("never-marked", "failure" if (marked[few] == 0).any() else "warning", len(few),
                   f"of {len(points):,} training objects fewer than {FEW} have marked {listed(names)}",
                   "Mark them in more objects, or leave these points out of the data: nothing is learnt of them.")


def check_left_right(subject: Subject) -> Finding:
    """Value: the share of the training objects whose left and right contradict those of the others."""
    part = subject.dataset.part("train")
    some = np.sort(subject.key_of("left-right").generator().permutation(len(part))[:LOOKED_AT])
    points = part.annotated(Points).take(some)
    found = swapped_in(points, lambda: part.images.take(some))
    if found is None:
        return Finding("left-right", "pass", 0, "there are no mirror pairs, or too few objects, to tell sides by")
    if not found.told:
        return Finding("left-right", "pass", 0, "objects are seen from both sides, so neither points nor the colours "
                       "there can tell a swapped one: not sure")  # fmt: skip
    share = len(found.suspects) / len(some)
    if not len(found.suspects):
        return Finding("left-right", "pass", 0, f"left and right of all {len(some):,} objects agree")
    names = listed([str(part.names[some[row]]) for row in found.suspects])
    return Finding("left-right", "warning", share, f"left and right look swapped in {len(found.suspects):,} of "
                   f"{len(some):,} objects: {names}",
                   "Look at them with pellucid data show, and exchange the names of their points.")  # fmt: skip


def check_mirror_pairs(subject: Subject) -> Finding:
    """Value: points that a flip would name wrongly, where pictures are flipped."""
    points, augmentation = points_in(subject), subject.batches.augmentation
    skeleton = points.skeleton
    doubts = doubtful_pairs(points)
    if not getattr(augmentation, "flip", False) and not getattr(augmentation, "flip_vertical", False):
        if doubts and skeleton.pairs:
            return Finding("mirror-pairs", "warning", len(doubts), f"pictures are not flipped, but {doubts[0].words}",
                           "Correct the mirror pairs (pairs in skeleton.json).")
        return Finding("mirror-pairs", "pass", 0, "pictures are not flipped, so no pair is exchanged")
    if doubts:
        told = f"pictures are flipped, and {listed([doubt.words for doubt in doubts])}"
        return Finding("mirror-pairs", "failure" if skeleton.pairs else "warning", len(doubts), told,
                       "Correct the mirror pairs (pairs in skeleton.json), or leave flip out of --augment.")
    told = f"{len(skeleton.pairs)} pairs of points change places in a mirror, and lie where they should"
    return Finding("mirror-pairs", "pass", 0, told)


def check_marked_sides(subject: Subject) -> Finding:
    """Value: as `marked_sides` says."""
    def seen(some: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        points = points_in(subject).take(some)
        return points.placed().xy, np.arange(len(some)), pairs_of(points.skeleton)

    return marked_sides(subject, seen)


def check_persons(subject: Subject) -> Finding:
    """Value: persons, by what stands before the number in file names, in two parts."""
    dataset = subject.dataset
    if any(part.groups is not None for part in dataset.parts.values()):
        return Finding("persons", "pass", 0, "groups are named, and group-leakage looks at them")
    stems = stems_of([str(path) for part in dataset.parts.values() for path in part.names])
    if stems is None:
        return Finding("persons", "pass", 0, "file names do not tell whom or what they show")
    of_part = np.repeat(np.arange(len(dataset.parts)), [len(part) for part in dataset.parts.values()])
    places: dict[str, set[int]] = {}
    for stem, part in zip(stems, of_part.tolist(), strict=True):
        places.setdefault(stem, set()).add(part)
    torn = [stem for stem, parts in places.items() if len(parts) > 1]
    if not torn:
        return Finding("persons", "pass", 0, f"by their file names {len(places):,} persons are in one part each")
    pattern = r"--group-pattern '([^/]*?)[ _.-]*[0-9]+\.[a-z]+$'"
    return Finding("persons", "warning", len(torn), f"by their file names {len(torn):,} of {len(places):,} persons are "
                   f"in two parts ({listed(torn)}): scores look better than on others",
                   f"Split by person: leave the column of parts out, and type {pattern}.")  # fmt: skip


def check_cut_off(subject: Subject) -> Finding:
    """Value: the share of the marked training points that lie outside what is seen of their picture."""
    placed = points_in(subject).placed()
    marked = placed.visible > 0
    outside = marked & ~placed.inside
    share = float(outside.sum() / max(1, marked.sum()))
    told = f"of {int(marked.sum()):,} points {int(outside.sum()):,} lie outside what is seen"
    if share < CUT:
        return Finding("cut-off", "pass", share, told)
    told += f", of {int(outside.any(axis=1).sum()):,} objects"
    return Finding("cut-off", graded(share, warn=CUT, fail=MUCH), share, told,
                   "Cut out more around each object with a larger --crop, or take --fit letterbox for crop.")


def check_round_trip(subject: Subject, codec: Codec) -> Finding:
    """Value: how far, in pixels of the input, points come back from their targets, in the middle."""
    placed = points_in(subject).take(np.arange(min(OBJECTS, len(points_in(subject))))).placed()
    made = codec.encode(placed.xy, placed.inside)
    back, _ = codec.decode(codec.sure(made.targets))
    off = np.linalg.norm(back - placed.xy, axis=2)[placed.inside]
    value = float(np.median(off)) if len(off) else 0.0
    told = f"{len(off):,} points of {len(placed.xy)} objects come back {value:.3g} pixels off in the middle"
    if value <= OFF:
        return Finding("round-trip", "pass", value, told)
    return Finding("round-trip", "failure", value, told, "Mend the codec: decode must undo encode.")


CHECKS: Mapping[str, Check] = {
    "points": check_points, "never-marked": check_never, "left-right": check_left_right,
    "mirror-pairs": check_mirror_pairs, "marked-sides": check_marked_sides, "persons": check_persons,
    "cut-off": check_cut_off,
}  # fmt: skip


def checks_of(codec: Codec) -> Mapping[str, Check]:
    """Those that ask about the numbers of one network."""
    return {"round-trip": partial(check_round_trip, codec=codec)}
