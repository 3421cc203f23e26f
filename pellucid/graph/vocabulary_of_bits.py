"""Layer classes whose kernel, input or both are bits."""

from __future__ import annotations

from pellucid.graph.layer import Layer
from pellucid.spec import quantized


class QuantDense(Layer):
    spec_class = quantized.QuantDense


class QuantConv2D(Layer):
    spec_class = quantized.QuantConv2D


class QuantDepthwiseConv2D(Layer):
    spec_class = quantized.QuantDepthwiseConv2D
