"""Pictures of a batch mixed in training: y = a x + (1 - a) x[order]; dx = a dy, and (1 - a) dy to whom it is from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.engines.mixing import Mixture, mixture
from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.spec.mixing import CutMix, Mixed, MixUp


def mix(
    spec: Mixed, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, Mixture | None]:
    """Return y, and what was drawn; x itself outside training."""
    (x,) = inputs
    if not context.training:
        return x, None
    drawn = mixture(spec, x.shape, context.key, context.label)
    a = drawn.kept.astype(x.dtype)
    return a * x + (1 - a) * x[drawn.order], drawn


def mix_back(
    spec: Mixed, dy: np.ndarray, drawn: Mixture | None, weights: Weights, context: Context
) -> tuple[list[np.ndarray | None], Weights]:
    """Return dx."""
    if drawn is None:
        return [dy], {}
    a = drawn.kept.astype(dy.dtype)
    dx = a * dy
    dx[drawn.order] += (1 - a) * dy  # a permutation: each place once
    return [dx], {}


register(MixUp, mix, mix_back, keeps_output=True)
register(CutMix, mix, mix_back, keeps_output=True)
