"""Layers of bits in every variant; their ways back by hand: tests/hand/test_quantized_by_hand.py."""

from __future__ import annotations

from pellucid.spec.quantized import QuantConv2D, QuantDense, QuantDepthwiseConv2D
from pellucid.spec.quantizers import MagnitudeAwareSign
from tests.gradient.case import EVEN, Case

OF_BITS = [
    *(Case(QuantConv2D(4, (3, 2), strides, padding, kernel_quantizer="ste_sign"), keras=False, derived=False)
      for strides in (1, (2, 3)) for padding in ("valid", "same", (1, 2))),
    *(Case(QuantConv2D(4, 3, 1, padding, use_bias=False, input_quantizer="approx_sign", activation_scale=True,
                       kernel_quantizer=MagnitudeAwareSign(0.4, scale)), keras=False, derived=False)
      for scale in ("exact", "diagonal", "none") for padding in ("same", (2, 0))),
    Case(QuantConv2D(6, 3, 2, "same", groups=2, input_quantizer="ste_sign"), (EVEN,), keras=False, derived=False),
    Case(QuantConv2D(4, 3, (1, 2), "same", use_bias=False, activation_scale=True, input_quantizer="ste_sign"),
         keras=False, derived=False),
    Case(QuantDense(5, "tanh", input_quantizer="ste_sign", kernel_quantizer="approx_sign"), keras=False, derived=False),
    Case(QuantDense(5, use_bias=False, input_quantizer="ste_sign", kernel_quantizer="magnitude_aware_sign",
                    activation_scale=True), ((6,),), keras=False, derived=False),
    Case(QuantDense(4, kernel_constraint="weight_clip", kernel_quantizer="ste_sign"), ((6,),), keras=False,
         derived=False),
    Case(QuantDepthwiseConv2D((3, 2), 2, "same", 2, depthwise_quantizer="magnitude_aware_sign",
                              input_quantizer="ste_sign"), keras=False, derived=False),
    Case(QuantConv2D(4, 3), keras=False),
]  # fmt: skip
