"""The checks of boxes, before anything is learnt from them.

boxes: such as cannot be (no area, reversed, outside, twice, for a picture of another size). box-classes: classes with
few boxes or none. places: objects that the network's places cannot hold: too small for their stride, or two at one.
round-trip: boxes that come back otherwise than they were written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial

import numpy as np

from pellucid.checks.finding import Finding, graded
from pellucid.checks.subject import Check, Subject
from pellucid.data.boxes.column import Boxes
from pellucid.tasks.detection.codecs.encoded import Codec
from pellucid.tasks.detection.overlap import iou

FEW = 10              # boxes of a class to learn from
LOST = 0.02           # share of the objects that no place can hold
NAMED = 3
PICTURES, BACK = 20, 0.95   # that are written and read again, and the IoU at which a box is the same
OVERLAPS = 0.25       # share of objects that may lie below others; real sets of up to 13 objects a picture have 0.05


def boxes_in(subject: Subject, part: str) -> Boxes:
    """The boxes of a part."""
    found = subject.dataset.part(part).annotations
    assert isinstance(found, Boxes), "the task asks for boxes"
    return found


def check_boxes(subject: Subject) -> Finding:
    """Value: annotations that cannot be, in all parts."""
    faults = boxes_in(subject, "train").faults
    if not faults:
        crowd = sum(int(boxes_in(subject, part).crowd.sum()) for part in subject.dataset.parts)
        hard = sum(int(boxes_in(subject, part).difficult.sum()) for part in subject.dataset.parts)
        apart = f"; {crowd:,} crowds and {hard:,} difficult ones neither count nor are counted" if crowd + hard else ""
        return Finding("boxes", "pass", 0, f"every box lies in its picture and has an area{apart}")
    counts = Counter(fault.kind for fault in faults)
    told = ", ".join(f"{count:,} {kind}" for kind, count in counts.most_common())
    places = "; ".join(f"{fault.where}: {fault.what}" for fault in faults[:NAMED])
    more = f"; and {len(faults) - NAMED:,} more" if len(faults) > NAMED else ""
    left = "all but doubled and cut ones are left out"
    return Finding("boxes", "warning", len(faults), f"{told} ({places}{more}); {left}", "Correct or remove them.")


def check_box_classes(subject: Subject) -> Finding:
    """Value: classes with too few boxes to learn from."""
    train = boxes_in(subject, "train")
    counts = np.bincount(train.classes, minlength=len(train.names))
    few = np.flatnonzero(counts < FEW)
    if not len(few):
        least = int(counts.argmin())
        told = f"every class has boxes to learn from, the fewest '{train.names[least]}' with {counts[least]:,}"
        return Finding("box-classes", "pass", 0, told)
    none = [train.names[number] for number in few if not counts[number]]
    some = [f"'{train.names[number]}' {counts[number]}" for number in few if counts[number]]
    words = [f"no box of {len(none)}: {', '.join(map(repr, none[:NAMED]))}" if none else "",
             f"fewer than {FEW} boxes of {len(some)}: {', '.join(some[:NAMED])}" if some else ""]  # fmt: skip
    meaning = f"of {len(counts)} classes the training part has " + " and ".join(filter(None, words))
    return Finding("box-classes", "warning", len(few), meaning,
                   "Add boxes of them, or leave the classes out; scores do not count a class without a true box.")


def check_places(subject: Subject, codec: Codec) -> Finding:
    """Value: the share of the training objects that no place of the network can hold."""
    placed = boxes_in(subject, "train").placed()
    kept = ~placed.ignored
    small, taken = (found & kept for found in codec.lost(placed))
    objects, sides = max(1, int(kept.sum())), (placed.corners[:, 2:] - placed.corners[:, :2]).min(axis=1)
    share = float((small | taken).sum() / objects)
    told = (f"of {objects:,} objects {int(small.sum()):,} are too small for the network's places and "
            f"{int(taken.sum()):,} find theirs taken")  # fmt: skip
    if share < LOST:
        return Finding("places", "pass", share, told)
    least = f"; the smaller side of half of them is below {np.median(sides[small]):.0f} pixels" if small.any() else ""
    return Finding("places", graded(share, warn=LOST, fail=2.0), share, f"{told}{least}",
                   "Show pictures larger with --resize HxW, or take a network with a finer map.")


def check_round_trip(subject: Subject, codec: Codec) -> Finding:
    """Value: the share of objects that, written at their places and read again, do not come back.

    Learning cannot mend what targets say wrongly: x for y, a height for a width, another unit. Where objects overlap a
    few are lost below smaller ones.
    """
    train = boxes_in(subject, "train")
    some = np.flatnonzero(np.diff(train.offsets) > 0)[:PICTURES]
    placed = train.take(some).placed()
    made = codec.encode(placed, len(some)).targets
    lost = np.any(codec.lost(placed), axis=0) | placed.ignored
    away = 0
    for picture in range(len(some)):
        told = codec.decode(codec.sure(made[picture]), 0.5)
        for row in np.flatnonzero((placed.picture == picture) & ~lost):
            near = iou(placed.corners[row : row + 1], told.boxes[told.classes == placed.classes[row]])
            away += not near.max(initial=0) > BACK
    objects = int((~lost).sum())
    value = away / max(1, objects)
    told_of = f"{objects - away:,} of {objects:,} objects of {len(some)} pictures come back from their targets"
    if value <= OVERLAPS:
        below = "; the others lie below smaller ones" if away else ""
        return Finding("round-trip", "pass", value, told_of + below)
    return Finding("round-trip", "failure", value, told_of, "Mend the codec: decode must undo encode.")


CHECKS: Mapping[str, Check] = {"boxes": check_boxes, "box-classes": check_box_classes}


def checks_of(codec: Codec) -> Mapping[str, Check]:
    """Those that ask about the places of one network."""
    return {"places": partial(check_places, codec=codec), "round-trip": partial(check_round_trip, codec=codec)}
