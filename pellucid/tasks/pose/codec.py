"""How all people of a picture are written as maps and fields, and read from them.

Output   (H/s, W/s, K + 2L): a map a kind of joint (heatmaps.py), then x and y of the field of each limb (affinity.py)
Loss     squared error of both, after every stage; places in the boxes of crowds, and of people without a mark, take no
         part in it
Source   Cao et al. 2017
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.batches import Encoded
from pellucid.data.people.column import People
from pellucid.engines.protocol import Term
from pellucid.spec.losses import MeanSquaredError
from pellucid.tasks.pose.affinity import affinity_fields, ends_of
from pellucid.tasks.pose.grouping import Grouped, Rules, group
from pellucid.tasks.pose.heatmaps import joint_maps
from pellucid.tasks.pose.peaks import peaks
from pellucid.tasks.pose.places import span_around


@dataclass(frozen=True)
class FieldsCodec:
    """size (height, width) of the input, `stride` pixels a place; hill and limb: sigma and half width, in places."""

    size: tuple[int, int]
    joints: int
    limbs: tuple[tuple[int, int], ...]
    stride: int
    hill: float
    limb: float
    least: float
    rules: Rules

    @property
    def numbers(self) -> int:
        """Maps and fields."""
        return self.joints + 2 * len(self.limbs)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the maps."""
        return self.size[0] // self.stride, self.size[1] // self.stride

    def terms(self) -> tuple[Term, ...]:
        """The loss of the last stage; the others' are the same."""
        return (Term("output", MeanSquaredError()),)

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {"name": "fields", "size": list(self.size), "joints": self.joints, "stride": self.stride,
                "limbs": [list(limb) for limb in self.limbs], "hill": self.hill, "limb": self.limb,
                "least": self.least, "matching": self.rules.matching, "least_joints": self.rules.joints}

    def encode(self, people: People) -> Encoded:
        """Targets (B,h,w,K+2L) and the places (B,h,w) that count."""
        placed, counted = people.placed(), people.counted
        xy = np.where(placed.inside[..., np.newaxis], placed.xy, np.nan)[counted]
        at, size = people.picture[counted], len(people)
        maps = joint_maps(xy, at, count=size, shape=self.shape, stride=self.stride, sigma=self.hill * self.stride)
        fields = affinity_fields(*ends_of(xy, self.limbs), at, count=size, shape=self.shape, stride=self.stride,
                                 width=self.limb * self.stride)  # fmt: skip
        mask = np.ones((size, *self.shape), bool)
        for picture, box in zip(people.picture[~counted], placed.boxes[~counted], strict=True):
            span = span_around(box[:2], box[2:], self.shape, self.stride)
            mask[picture, span.rows, span.columns] = False
        return Encoded(np.concatenate([maps, fields], axis=3), {}, {"output": mask})

    def decode(self, outputs: np.ndarray) -> Grouped:
        """The people of one picture, the surest first, from its outputs (h,w,K+2L)."""
        found = peaks(outputs[..., : self.joints], stride=self.stride, least=self.least, sigma=self.hill)
        return group(found, np.ascontiguousarray(outputs[..., self.joints :]), self.limbs, joints=self.joints,
                     stride=self.stride, rules=self.rules)  # fmt: skip

    def mirrors(self, order: np.ndarray) -> bool:
        """Whether every limb has one that is its mirror image, joints changing places in `order` (K,)."""
        return bool((order != np.arange(self.joints)).any()) and None not in [limb for limb, _ in self._others(order)]

    def mirrored(self, outputs: np.ndarray, order: np.ndarray) -> np.ndarray:
        """Outputs (N,h,w,C) for mirror images as they would be for the pictures."""
        flipped = outputs[:, :, ::-1]
        found = [flipped[..., : self.joints][..., order]]
        for limb, sign in self._others(order):
            assert limb is not None, "mirrors was asked"
            at = self.joints + 2 * limb
            found.append(flipped[..., at : at + 2] * np.array([-sign, sign], outputs.dtype))
        return np.concatenate(found, axis=-1)

    def _others(self, order: np.ndarray) -> list[tuple[int | None, int]]:
        """Of each limb the one that is its mirror image, None where there is none, and -1 where that runs backwards."""
        places = {limb: (number, 1) for number, limb in enumerate(self.limbs)}
        places |= {(end, start): (number, -1) for number, (start, end) in enumerate(self.limbs)
                   if (end, start) not in places}  # fmt: skip
        return [places.get((int(order[start]), int(order[end])), (None, 1)) for start, end in self.limbs]
