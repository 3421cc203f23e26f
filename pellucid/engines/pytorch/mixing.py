"""Pictures of a batch mixed in training: y = a x + (1 - a) x[order]; what is drawn is in `engines/mixing.py`."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from pellucid.engines.mixing import mixture
from pellucid.engines.pytorch.arithmetic import Context, Weights, register
from pellucid.engines.pytorch.images import held
from pellucid.spec.mixing import CutMix, Mixed, MixUp


def mix(spec: Mixed, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y; x itself outside training."""
    (x,) = inputs
    if not context.training:
        return x
    drawn = mixture(spec, tuple(x.shape), context.key, context.label)
    a = held(drawn.kept, x)
    return a * x + (1 - a) * x[held(drawn.order, x)]


register(MixUp, mix)
register(CutMix, mix)
