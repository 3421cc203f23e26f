"""Another codec at several sizes of a picture (SNIP): an object is learnt, and told, at those where it is neither small
nor large.

Output    those of the base's places at each size, one after the other: (P1 + P2 + ..., K)
Valid     at a size whose range holds sqrt(width height), in pixels of the input; at others it is ignored, as crowds
          are: at places that the base leaves out for it, the gradient is exactly 0
Told      candidates outside the range of their size are dropped, the others are of the input again
Loss      each size's, weighted by its share of the valid objects: so that every valid object weighs alike
Source    Singh & Davis 2018, section 5; CNN-book 12.11
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from pellucid.data.batches import Encoded
from pellucid.data.boxes.column import Placed
from pellucid.engines.protocol import Term
from pellucid.tasks.detection.codecs.encoded import Candidates, Codec

NAME = "snip"


@dataclass(frozen=True)
class Scale:
    """A size (height, width) of the pictures, and the objects that are valid at it: sides in pixels of the input."""

    size: tuple[int, int]
    least: float
    most: float

    def holds(self, boxes: np.ndarray) -> np.ndarray:
        """Which boxes (M,4) of the input are valid (M,)."""
        side = np.sqrt(np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1))
        return np.asarray((side >= self.least) & (side <= self.most))


@dataclass(frozen=True)
class SnipCodec:
    """base: the codec of the input's own size."""

    base: Codec
    scales: tuple[Scale, ...]

    @property
    def size(self) -> tuple[int, int]:
        return self.base.size

    @property
    def classes(self) -> int:
        return self.base.classes

    @property
    def numbers(self) -> int:
        return self.base.numbers

    @cached_property
    def codecs(self) -> list[Codec]:
        """The base at each size."""
        return [self.base.at(scale.size) for scale in self.scales]

    @property
    def places(self) -> int:
        return sum(codec.places for codec in self.codecs)

    @property
    def spans(self) -> list[slice]:
        """The places of each size."""
        ends = np.cumsum([0, *(codec.places for codec in self.codecs)]).tolist()
        return [slice(*pair) for pair in pairwise(ends)]

    def at(self, size: tuple[int, int]) -> SnipCodec:
        """Of an input of another size; the ranges stay in proportion."""
        factor = max(size) / max(self.size)
        scales = tuple(Scale((round(one.size[0] * size[0] / self.size[0]), round(one.size[1] * size[1] / self.size[1])),
                             one.least * factor, one.most * factor) for one in self.scales)  # fmt: skip
        return SnipCodec(self.base.at(size), scales)

    def terms(self) -> tuple[Term, ...]:
        return self.base.terms()

    def record(self) -> dict[str, Any]:
        told = self.base.record()
        return {**told, "name": NAME, "base": told["name"], "scales": [
            {"size": list(one.size), "least": one.least, "most": None if one.most == math.inf else one.most}
            for one in self.scales]}  # fmt: skip

    def brought(self, scale: Scale) -> np.ndarray:
        """(4,) what corners of the input are multiplied by at one size."""
        down, across = (new / own for new, own in zip(scale.size, self.size, strict=True))
        return np.array([across, down, across, down])

    def placed_at(self, placed: Placed, scale: Scale) -> Placed:
        """The objects at one size, those not valid at it ignored."""
        ignored = placed.ignored | ~scale.holds(placed.corners)
        return replace(placed, corners=placed.corners * self.brought(scale), ignored=ignored)

    def encode(self, placed: Placed, count: int) -> Encoded:
        every = [self.placed_at(placed, scale) for scale in self.scales]
        made = [codec.encode(own, count) for codec, own in zip(self.codecs, every, strict=True)]
        valid = np.array([max(1, int((~own.ignored).sum())) for own in every])
        parts = dict.fromkeys(part for one in made for part in (*one.masks, *one.weights))
        masks = {part: [one.masks.get(part, np.ones(one.targets.shape[:2], bool)) for one in made] for part in parts}
        weights = {part: weighed([one.weights.get(part) for one in made], masks[part], valid / valid.sum())
                   for part in parts}  # fmt: skip
        return Encoded(np.concatenate([one.targets for one in made], axis=1), weights,
                       {part: np.concatenate(own, axis=1) for part, own in masks.items()})  # fmt: skip

    def sure(self, targets: np.ndarray) -> np.ndarray:
        return np.concatenate([codec.sure(targets[..., span, :])
                               for codec, span in zip(self.codecs, self.spans, strict=True)], axis=-2)  # fmt: skip

    def lost(self, placed: Placed) -> tuple[np.ndarray, np.ndarray]:
        """Of an object lost at all sizes where it is valid; one valid nowhere is unfit."""
        unfit, taken = np.ones(len(placed.corners), bool), np.zeros(len(placed.corners), bool)
        kept = np.zeros(len(placed.corners), bool)
        for codec, scale in zip(self.codecs, self.scales, strict=True):
            rows = np.flatnonzero(scale.holds(placed.corners))
            own = self.placed_at(placed, scale)
            some = Placed(own.corners[rows], own.classes[rows], own.ignored[rows], own.picture[rows], own.row[rows])
            small, gone = codec.lost(some)
            kept[rows] |= ~small & ~gone
            unfit[rows[~small]] = False
            taken[rows[gone]] = True
        return unfit, taken & ~kept & ~unfit

    def decode(self, outputs: np.ndarray, least: float) -> Candidates:
        found = []
        for codec, scale, span in zip(self.codecs, self.scales, self.spans, strict=True):
            told = codec.decode(outputs[span], least)
            boxes = told.boxes / self.brought(scale)
            kept = scale.holds(boxes)
            found.append((boxes[kept], told.scores[kept], told.classes[kept]))
        return Candidates(*(np.concatenate(each) for each in zip(*found, strict=True)))


def weighed(own: list[np.ndarray | None], masks: list[np.ndarray], shares: np.ndarray) -> np.ndarray:
    """(B,P) one part's weights over all sizes, so that its mean is the sizes' means by their shares."""
    counted = np.array([mask.sum() for mask in masks])
    factors = shares * counted.sum() / np.maximum(counted, 1)
    wide = [np.broadcast_to(np.float32(1) if one is None else one if one.ndim > 1 else one[:, None], mask.shape)
            for one, mask in zip(own, masks, strict=True)]  # fmt: skip
    return np.concatenate([one * np.float32(factor) for one, factor in zip(wide, factors, strict=True)], axis=1)


def snip_of(told: Mapping[str, Any], codec_of: Callable[[Mapping[str, Any]], Codec]) -> SnipCodec:
    """The codec of a record whose base `codec_of` reads."""
    scales = tuple(Scale((one["size"][0], one["size"][1]), one["least"],
                         math.inf if one["most"] is None else one["most"]) for one in told["scales"])  # fmt: skip
    return SnipCodec(codec_of({**told, "name": told["base"]}), scales)
