"""What the mistakes of poses are, and what each kind costs.

A joint that is marked on a person with an answer of its own is, by the similarity exp(-d^2 / (2 (2 s_k)^2 area)),
right       from 0.85 to its own mark
loose       from 0.5
inverted    from 0.5 to another joint of the same person: left and right exchanged, an elbow for a wrist
swapped     from 0.5 to a joint of another person of the picture
elsewhere   near none of them
not told    where the answer has no such joint
Beside them people without an answer of half of OKS, and answers that are nobody's.
Cost        by how much OKS-AP would rise with these joints at their marks, these people told last, these answers away
Source      Ronchi & Perona 2017
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.diagnosis import oks
from pellucid.tasks.pose.evaluation import NOWHERE, Evaluation

RIGHT, LOOSE, INVERTED, SWAPPED, ELSEWHERE, ABSENT = range(6)
KINDS = ("right", "loose", "inverted", "swapped", "elsewhere", "not told")
NEAR, NEAREST = 0.5, 0.85       # similarity from which on a joint is found, and rightly so


def kinds_of(one: Evaluation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each marked joint of people with an answer (J,): that person's place among those that count, the joint, what
    became of it."""
    objects, at = one.truth.objects.xy[one.truth.counted], one.truth.picture[one.truth.counted]
    areas, (answer, _) = one.truth.objects.areas[one.truth.counted], one.own
    person, joint = np.nonzero(np.isfinite(objects).all(axis=2) & (answer >= 0)[:, np.newaxis])
    found = one.xy[answer[person], joint]                                             # (J,2)
    kind = np.full(len(person), ELSEWHERE)
    for row, (g, k) in enumerate(zip(person.tolist(), joint.tolist(), strict=True)):
        here = np.flatnonzero(at == at[g])
        like = similar(found[row], objects[here], areas[here], one.sigmas[k])         # (people, K)
        mine = here == g
        if like[mine, k] >= NEAR:
            kind[row] = RIGHT if like[mine, k] >= NEAREST else LOOSE
        elif like[mine].max() >= NEAR:
            kind[row] = INVERTED
        elif like[~mine].max(initial=0) >= NEAR:
            kind[row] = SWAPPED
    kind[found[:, 0] <= NOWHERE / 2] = ABSENT
    return person, joint, kind


def similar(point: np.ndarray, marks: np.ndarray, areas: np.ndarray, sigma: float) -> np.ndarray:
    """(G,K) of a point (2,) and marks (G,K,2) of people with areas (G,); 0 where nothing is marked."""
    square = ((marks - point) ** 2).sum(axis=-1) / (areas[:, np.newaxis] + oks.SPACING)
    return np.asarray(np.nan_to_num(np.exp(-square / (2 * (2 * sigma) ** 2))))


def mistakes_of(one: Evaluation) -> list[dict[str, Any]]:
    """Each kind of mistake with how many there are, of how many, and what it costs; the dearest first."""
    person, joint, kind = kinds_of(one)
    answer, _ = one.own
    alone = one.alone
    rows = [{"mistake": KINDS[number], "n": int((kind == number).sum()), "of": len(kind),
             "cost": gained(one, moved(one, person, joint, kind == number))}
            for number in range(LOOSE, ABSENT + 1)]  # fmt: skip
    rows.append({"mistake": "nobody's", "n": int(alone.sum()), "of": len(alone),
                 "cost": gained(one, (one.xy[~alone], one.outputs[~alone], one.picture[~alone]))})  # fmt: skip
    rows.append({"mistake": "person not found", "n": int((answer < 0).sum()), "of": len(answer),
                 "cost": gained(one, told_last(one))})  # fmt: skip
    return sorted(rows, key=lambda row: -row["cost"])


Answers = tuple[np.ndarray, np.ndarray, np.ndarray]  # points (D,K,2), scores (D,), pictures (D,)


def moved(one: Evaluation, person: np.ndarray, joint: np.ndarray, chosen: np.ndarray) -> Answers:
    """The answers with some joints at their marks."""
    xy, true = one.xy.copy(), one.truth.objects.xy[one.truth.counted]
    xy[one.own[0][person[chosen]], joint[chosen]] = true[person[chosen], joint[chosen]]
    return xy, one.outputs, one.picture


def told_last(one: Evaluation) -> Answers:
    """The answers, and after them the people that had none."""
    lacking = one.own[0] < 0
    true, at = one.truth.objects.xy[one.truth.counted][lacking], one.truth.picture[one.truth.counted][lacking]
    last = np.full(len(true), one.outputs.min(initial=0.0) - 1)
    return (np.concatenate([one.xy, np.nan_to_num(true, nan=NOWHERE)]), np.concatenate([one.outputs, last]),
            np.concatenate([one.picture, at]))  # fmt: skip


def gained(one: Evaluation, answers: Answers) -> float:
    """By how much OKS-AP is higher with these answers."""
    other = oks.match_all(one.people, *answers, np.array(one.sigmas), one.n)
    return float(np.nan_to_num(other.precision().mean())) - one.oks_ap
