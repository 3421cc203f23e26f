"""Layers of bits: those of floats, on the kernel that the quantizer makes. Formulas: reference/quantized.py.

The way back is autograd's: of alpha sign w each factor is written so that its slope is the one that is wanted; what is
added for that is exactly 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from pellucid.engines.pytorch import convolution  # noqa: F401  (enters what is taken up below)
from pellucid.engines.pytorch.arithmetic import ARITHMETIC, Context, Weights, register
from pellucid.engines.pytorch.operations import UNARY, bits
from pellucid.spec.convolution import Conv2D, DepthwiseConv2D
from pellucid.spec.dense import Dense
from pellucid.spec.layer import LayerSpec
from pellucid.spec.quantized import OfBits, QuantConv2D, QuantDense, QuantDepthwiseConv2D
from pellucid.spec.quantizers import DIAGONAL, EXACT, MagnitudeAwareSign, Quantizer


def quantized(quantizer: Quantizer | None, w: Tensor, axes: tuple[int, ...]) -> Tensor:
    """The kernel that multiplies; `axes` are those of one filter."""
    if quantizer is None:
        return w
    function = quantizer.function()
    signs: Tensor = UNARY[function.function](w, *function.numbers)
    if not isinstance(quantizer, MagnitudeAwareSign):
        return signs
    return scale_of(quantizer, w, axes) * signs


def scale_of(quantizer: MagnitudeAwareSign, w: Tensor, axes: tuple[int, ...]) -> Tensor:
    """alpha of each filter, the axes of one filter kept as 1."""
    alpha = (w * bits(w)).mean(axes, keepdim=True, dtype=torch.float64).to(w.dtype)
    return alpha if quantizer.scale_gradient == EXACT else alpha.detach()


def signs_of(quantizer: MagnitudeAwareSign, w: Tensor, alpha: Tensor) -> Tensor:
    """The signs, with a slope that is alpha's too where it is diagonal."""
    signs: Tensor = UNARY["ste_sign"](w, quantizer.clip_value)
    if quantizer.scale_gradient != DIAGONAL:
        return signs
    n = w.numel() // alpha.numel()
    return signs + (w - w.detach()) / (n * alpha.clamp(min=torch.finfo(w.dtype).tiny))


def enter(owner: type[OfBits], base: type[LayerSpec]) -> None:
    """Enter a layer of bits by the arithmetic of the one with floats."""
    floats = ARITHMETIC[base]

    def forward(spec: OfBits, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
        w, quantizer = weights[spec.kernel_name], spec.quantizer
        if not isinstance(quantizer, MagnitudeAwareSign):
            kernel = quantized(quantizer, w, spec.filter_axes)
            return floats(spec, inputs, weights | {spec.kernel_name: kernel}, context)
        alpha = scale_of(quantizer, w, spec.filter_axes)
        own = {name: value for name, value in weights.items() if name != "bias"}
        y = floats(spec, inputs, own | {spec.kernel_name: signs_of(quantizer, w, alpha)}, context)
        y = y * alpha.reshape(-1)
        return y + weights["bias"] if "bias" in weights else y

    register(owner, forward)


enter(QuantDense, Dense)
enter(QuantConv2D, Conv2D)
enter(QuantDepthwiseConv2D, DepthwiseConv2D)
