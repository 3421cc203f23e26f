"""Colours changed in training: hue and saturation; what is drawn, and the names, are in `engines/coloring.py`.

Axes      N images, H W pixels, 3 channels; v, c, h (N,H,W), t (N,H,W,3)
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from pellucid.engines.coloring import START, has_colors, turned_and_scaled
from pellucid.engines.picturing import drawn
from pellucid.engines.pytorch.arithmetic import Context, Weights, register
from pellucid.engines.pytorch.images import held
from pellucid.spec.colors import Colored, RandomHue, RandomSaturation


def channel(x: Tensor, place: Tensor) -> Tensor:
    """(N,H,W): one channel of each pixel."""
    return x.gather(-1, place[..., None])[..., 0]


def recolor(spec: Colored, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y = v - k t(h + d + START), k = c, or min(f c, v - low); x itself outside training, and without colours."""
    (x,) = inputs
    if not has_colors(spec, x.shape[3], context.label) or not context.training:
        return x
    turn, factor = turned_and_scaled(spec, drawn(spec, context.key, len(x), context.label))
    largest = x.argmax(-1)
    v = channel(x, largest)
    c = v - channel(x, x.argmin(-1))
    p = channel(x, (largest + 1) % 3) - channel(x, (largest + 2) % 3)
    h = p / c.where(c > 0, c.new_ones(())) + 2 * largest
    place = (h[..., None] + held(turn, x)[:, None, None, None] + held(START, x)) % 6
    t = place.minimum(4 - place).clamp(0, 1)
    low, high = spec.value_range
    if factor is None:
        return (v[..., None] - c[..., None] * t).clamp(low, high)
    k = (held(factor, x)[:, None, None] * c).minimum((v - low).clamp(min=0))
    return v[..., None] - k[..., None] * t


register(RandomHue, recolor)
register(RandomSaturation, recolor)
