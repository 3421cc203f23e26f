"""From limbs that join two candidates each to people: parts grow limb by limb, and merge where they fit together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(eq=False)
class Part:
    """What is known of a person: a candidate for some kinds of joint, the sum and number of the limbs between them."""

    members: dict[int, int]
    sum: float = 0.0
    limbs: int = 0

    def fits(self, other: Part) -> bool:
        """Whether the two have no kind of joint in common."""
        return self.members.keys().isdisjoint(other.members)


def join(kinds: np.ndarray, limb: np.ndarray, start: np.ndarray, end: np.ndarray, scores: np.ndarray,
         redundant: np.ndarray, joints: int) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """members (P,K), the candidate of each kind that a person has or -1, and bonds (P,2): sum and number of its limbs.

    kinds (N,) of the candidates; limb, start, end, scores (R,) of the pairs that were chosen; redundant (L,): limbs
    that start no person and are asked last.
    """
    part_of: dict[int, Part] = {}
    kind_of, late = kinds.tolist(), redundant[limb]
    for row in np.argsort(late, kind="stable").tolist():
        ends = (int(start[row]), int(end[row]))
        if late[row] and part_of.keys().isdisjoint(ends):
            continue
        one, other = (part_of.get(joint) or Part({kind_of[joint]: joint}) for joint in ends)
        if one is not other:
            if not one.fits(other):
                continue
            one.members |= other.members
            one.sum, one.limbs = one.sum + other.sum, one.limbs + other.limbs
            part_of[ends[0]] = one
            for joint in other.members.values():
                part_of[joint] = one
        one.sum, one.limbs = one.sum + float(scores[row]), one.limbs + 1
    parts = list({id(part): part for part in part_of.values()}.values())
    members = np.full((len(parts), joints), -1, np.int64)
    for number, part in enumerate(parts):
        members[number, list(part.members)] = list(part.members.values())
    return members, np.array([(part.sum, part.limbs) for part in parts], np.float64).reshape(-1, 2)
