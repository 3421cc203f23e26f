"""Quantizers on numbers and tensors: each is a function of what it makes bits of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.eager.calculating import hold
from pellucid.engines.reference.quantized import quantized
from pellucid.errors import ArgumentError, describe, shown
from pellucid.graph.layer import Layer, Tensor
from pellucid.spec import quantizers
from pellucid.spec.quantizers import QUANTIZERS, MagnitudeAwareSign, Quantizer


def quantize(quantizer: Quantizer, x: Any) -> Any:
    """One bit of each number, times alpha of each of the last axis where the quantizer has one."""
    if isinstance(x, Tensor):
        if isinstance(quantizer, MagnitudeAwareSign):
            remedy = "Pass kernel_quantizer='magnitude_aware_sign' to the layer."
            raise ArgumentError(f"magnitude_aware_sign: it makes bits of a kernel, not of a tensor. {remedy}")
        return Layer.of(quantizer.function())(x)
    numbers = np.asarray(hold(x))
    return quantized(quantizer, numbers, tuple(range(numbers.ndim - 1)))


def get(identifier: Any) -> Any:
    """The quantizer that a word, a configuration or a quantizer stands for; None stays None."""
    if identifier is None or isinstance(identifier, Quantizer):
        return identifier
    if isinstance(identifier, str):
        return QUANTIZERS.named(identifier)
    if isinstance(identifier, Mapping):
        return QUANTIZERS.revive(identifier)
    wanted = f"a quantizer or one of {', '.join(QUANTIZERS.listed)}"
    raise ArgumentError(describe("quantizers.get", "identifier", wanted, shown(repr(identifier))))


quantizers.ON_NUMBERS.append(quantize)
