"""Two pictures of a batch in one, and their targets with them: mixup adds them up, cutmix covers a rectangle.

Shapes   inputs (B, H, W, C); partner (B,) a place in the batch, share (B,) what of a sample is its own
Formula  mixup x = s x + (1 - s) x[partner];  cutmix x = x[partner] inside a rectangle of 1 - s of the area;  the loss
         is s L(t) + (1 - s) L(t[partner]), so class numbers stay class numbers; s is Beta(a, a), for mixup 0.5 or more
Source   Zhang et al. 2018, "mixup"; Yun et al. 2019, "CutMix"
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.images import Array
from pellucid.keys import Key

if TYPE_CHECKING:
    from pellucid.data.augmentation import Augmentation


@dataclass(frozen=True)
class Mix:
    """Who each sample of a batch (B,) is mixed with, and its own share."""

    partner: Array
    share: Array


def mixed(x: Array, augmentation: Augmentation, key: Key) -> tuple[Array, Mix | None]:
    """The batch after mixing, and who was mixed; as it came where nothing is mixed, or with nobody to mix with."""
    width = augmentation.mixup or augmentation.cutmix
    if not width or len(x) < 2:
        return x, None
    random = key.generator()
    partner, share = random.permutation(len(x)), random.beta(width, width, len(x))
    if augmentation.cutmix:
        return covered(x, partner, share, random)
    share = np.maximum(share, 1 - share)  # the pair the other way round is another sample's
    own = share.astype(np.float32)[:, np.newaxis, np.newaxis, np.newaxis]
    both = own * x + (1 - own) * x[partner]
    y = np.rint(both).astype(x.dtype) if x.dtype.kind in "iu" else both.astype(x.dtype)
    return y, Mix(partner, share)


def covered(x: Array, partner: Array, share: Array, random: np.random.Generator) -> tuple[Array, Mix]:
    """Each picture with a rectangle of its partner; the share is what is left of it, by area."""
    y, (height, width) = x.copy(), x.shape[1:3]
    left = np.empty(len(x))
    centres = random.random((len(x), 2))
    for number, (other, own, (down, across)) in enumerate(zip(partner, share, centres, strict=True)):
        rows, columns = (side * np.sqrt(1 - own) / 2 for side in (height, width))
        top, bottom = (int(np.clip(down * height + half, 0, height)) for half in (-rows, rows))
        first, last = (int(np.clip(across * width + half, 0, width)) for half in (-columns, columns))
        y[number, top:bottom, first:last] = x[other, top:bottom, first:last]
        left[number] = 1 - (bottom - top) * (last - first) / (height * width)
    return y, Mix(partner, left)
