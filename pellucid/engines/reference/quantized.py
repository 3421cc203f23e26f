"""Layers of bits: those of floats, on the kernel that the quantizer makes; wb for w, n weights a filter f.

Signs      s = +1 where w >= 0, else -1 (NaN stays NaN)
ste_sign   wb = s                     dw = dwb 1[|w| <= clip]
approx     wb = s                     dw = dwb max(2 - 2 |w|, 0)
magnitude  wb = alpha[f] s            alpha[f] = sum |w| / n over the filter; y = alpha (x times s) + bias
           in this order: of bits x that is a whole number times alpha, in whatever order it is summed
           dw = alpha[f] dwb 1[|w| <= clip] + that of alpha: "exact" s / n sum over the filter of dwb s,
           "diagonal" dwb / n, "none" 0
Source     Courbariaux et al. 2015, 2016; Liu et al. 2018; Rastegari et al. 2016, section 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from pellucid.engines.reference.arithmetic import ARITHMETIC, Context, Weights, register
from pellucid.engines.reference.functions import UNARY, bits
from pellucid.spec.convolution import Conv2D, DepthwiseConv2D
from pellucid.spec.dense import Dense
from pellucid.spec.layer import LayerSpec
from pellucid.spec.quantized import OfBits, QuantConv2D, QuantDense, QuantDepthwiseConv2D
from pellucid.spec.quantizers import DIAGONAL, EXACT, MagnitudeAwareSign, Quantizer

Axes = tuple[int, ...]


def quantized(quantizer: Quantizer | None, w: np.ndarray, axes: Axes) -> np.ndarray:
    """The kernel that multiplies; `axes` are those of one filter."""
    if quantizer is None:
        return w
    signs = bits(w)
    if not isinstance(quantizer, MagnitudeAwareSign):
        return signs
    return np.asarray(sizes(w, axes) * signs, w.dtype)


def scale_of(spec: OfBits, w: np.ndarray) -> np.ndarray | None:
    """(F,) alpha of each filter, None where the quantizer has none."""
    if not isinstance(spec.quantizer, MagnitudeAwareSign):
        return None
    return np.asarray(sizes(w, spec.filter_axes).reshape(-1), w.dtype)


def sizes(w: np.ndarray, axes: Axes) -> np.ndarray:
    """The mean of |w| over `axes`, kept as 1; in float64, so that of equal numbers it is that number, to the bit."""
    return np.asarray(np.abs(w).mean(axes, np.float64, keepdims=True), w.dtype)


def through(quantizer: Quantizer | None, g: np.ndarray, w: np.ndarray, axes: Axes) -> np.ndarray:
    """The gradient of the float kernel w, where that of what multiplies is g."""
    if quantizer is None:
        return g
    function = quantizer.function()
    slope = UNARY[function.function][1]
    assert slope is not None, "a quantizer has a slope of its own"
    dw = g * slope(w, None, *function.numbers)
    if isinstance(quantizer, MagnitudeAwareSign):
        n = np.prod([w.shape[axis] for axis in axes])
        dw *= sizes(w, axes)
        if quantizer.scale_gradient == EXACT:
            signs = bits(w)
            dw += signs * ((g * signs).sum(axes, keepdims=True) / n)
        elif quantizer.scale_gradient == DIAGONAL:
            dw += g / n
    return np.asarray(dw, w.dtype)


def enter(owner: type[OfBits], base: type[LayerSpec]) -> None:
    """Enter a layer of bits by the arithmetic of the one with floats."""
    floats = ARITHMETIC[base]

    def forward(spec: OfBits, inputs: Sequence[np.ndarray], weights: Weights, context: Context) -> tuple[Any, Any]:
        w, bare = weights[spec.kernel_name], spec
        wb = quantized(spec.quantizer, w, spec.filter_axes)
        alpha = scale_of(spec, w)
        if alpha is not None:
            bare, wb = replace(cast(Any, spec), use_bias=False), bits(w)
        y, saved = floats.forward(bare, inputs, weights | {spec.kernel_name: wb}, context)
        if alpha is not None:
            y = y * alpha
            y = y + weights["bias"] if "bias" in weights else y
        return y, saved

    def backward(spec: OfBits, dy: np.ndarray, saved: Any, weights: Weights, context: Context) -> tuple[Any, Weights]:
        wb = quantized(spec.quantizer, weights[spec.kernel_name], spec.filter_axes)
        dx, gradients = floats.backward(spec, dy, saved, weights | {spec.kernel_name: wb}, context)
        if spec.kernel_name in gradients:
            g, w = gradients[spec.kernel_name], weights[spec.kernel_name]
            gradients[spec.kernel_name] = through(spec.quantizer, g, w, spec.filter_axes)
        return dx, gradients

    register(owner, forward, backward)


enter(QuantDense, Dense)
enter(QuantConv2D, Conv2D)
enter(QuantDepthwiseConv2D, DepthwiseConv2D)
