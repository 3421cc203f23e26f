"""The checks of people, before anything is learnt from them.

people: what is odd in their annotations, and who does not count. marked-sides: flips of people whose left looks other
than their right. people-back: people that do not come back from their own maps and fields, since they are too small for
the places of a map or lie in one another.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from pellucid.checks.finding import Finding, graded
from pellucid.checks.subject import Check, Subject
from pellucid.data.people.column import People
from pellucid.data.points.sides import pairs_of
from pellucid.tasks.pose.codec import FieldsCodec
from pellucid.tasks.sides import marked_sides

NAMED = 3
PICTURES = 30       # that are written and read again
LOST = 0.2          # share of people that may lie in one another; drawn scenes of up to six have 0.05
NEAR = 0.5          # of a place, at which a joint is the same


def people_in(subject: Subject, part: str) -> People:
    """The people of a part."""
    found = subject.dataset.part(part).annotations
    assert isinstance(found, People), "the task asks for people"
    return found


def check_people(subject: Subject) -> Finding:
    """Value: annotations that are odd."""
    train = people_in(subject, "train")
    faults, aside = train.faults, int((~train.counted).sum())
    apart = f"; {aside:,} crowds and people without a mark neither teach nor count" if aside else ""
    if not faults:
        told = f"{int(train.counted.sum()):,} people to learn from, every joint in its picture{apart}"
        return Finding("people", "pass", 0, told)
    places = "; ".join(f"{fault.where}: {fault.what}" for fault in faults[:NAMED])
    more = f"; and {len(faults) - NAMED:,} more" if len(faults) > NAMED else ""
    return Finding("people", "warning", len(faults), f"odd annotations: {len(faults):,} ({places}{more}){apart}",
                   "Correct or remove them.")


def check_people_back(subject: Subject, codec: FieldsCodec) -> Finding:
    """Value: the share of people that, written as maps and fields and read again, do not come back whole."""
    train = people_in(subject, "train")
    some = train.take(np.flatnonzero(np.bincount(train.picture[train.counted], minlength=len(train)))[:PICTURES])
    placed, made = some.placed(), codec.encode(some).targets
    seen = placed.inside & some.counted[:, np.newaxis]
    enough = np.flatnonzero(seen.sum(axis=1) >= codec.rules.joints)
    back = [comes_back(codec, made[some.picture[row]], placed.xy[row], seen[row]) for row in enough]
    value = 1 - float(np.mean(back)) if back else 0.0
    told = f"{sum(back):,} of {len(back):,} people of {len(some)} pictures come back whole from their maps and fields"
    if value <= LOST:
        return Finding("people-back", "pass", value, told)
    return Finding("people-back", graded(value, warn=LOST, fail=2.0), value, told,
                   "Show pictures larger with --resize HxW, or take a network with a finer map.")


def comes_back(codec: FieldsCodec, made: np.ndarray, xy: np.ndarray, seen: np.ndarray) -> bool:
    """Whether someone with just these joints (K,2), those that are seen, is read from maps and fields."""
    found = codec.decode(made).xy
    near = np.linalg.norm(found[:, seen] - xy[seen], axis=2) <= NEAR * codec.stride
    return bool(near.all(axis=1).any())


def check_marked_sides(subject: Subject) -> Finding:
    """Value: as `marked_sides` says."""
    def seen(some: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        people = people_in(subject, "train").take(some)
        counted = people.counted
        return people.placed().xy[counted], people.picture[counted], pairs_of(people.skeleton)

    return marked_sides(subject, seen)


CHECKS: Mapping[str, Check] = {"people": check_people, "marked-sides": check_marked_sides}


def checks_of(codec: FieldsCodec) -> Mapping[str, Check]:
    """Those that ask about the maps of one network."""
    return {"people-back": partial(check_people_back, codec=codec)}
