"""With whom each picture is mixed and how much of it stays, for both engines, drawn on the CPU.

Axes     N pictures, H W pixels; y = a x + (1 - a) x[order], a (N,1,1,1) or (N,H,W,1), share (N,) of the labels
Source   Keras 3, MixUp and CutMix
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pellucid.engines.picturing import between, generator_of, within
from pellucid.keys import Key
from pellucid.spec.mixing import CutMix, Mixed, MixUp

Array = np.ndarray[Any, np.dtype[Any]]


class Mixture(NamedTuple):
    """Who is mixed in, what of a pixel stays, and what of a label."""

    order: Array
    kept: Array
    share: Array


def mixture(spec: Mixed, shape: tuple[int, ...], key: Key | None, label: str) -> Mixture:
    """What is drawn for pictures of this shape."""
    draw = generator_of(spec, key, "mixed pictures", label)
    order = draw.permutation(shape[0])
    if isinstance(spec, MixUp):
        share = draw.beta(spec.alpha, spec.alpha, shape[0])
        return Mixture(order, share[:, None, None, None], share)
    assert isinstance(spec, CutMix)
    alpha = float(between(draw.random(1), spec.factor, 0.0)[0]) + 1e-6
    side = np.sqrt(1 - draw.beta(alpha, alpha, shape[0]))
    inside = np.ones((shape[0], 1, 1), bool)
    for axis, size in ((1, shape[1]), (2, shape[2])):
        first = draw.random(shape[0]) * (size - side * size)
        inside = inside & np.expand_dims(within(first, side * size, size), 3 - axis)
    return Mixture(order, ~inside[..., None] * 1.0, 1 - side**2)
