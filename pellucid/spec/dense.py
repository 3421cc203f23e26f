"""Dense: y = x W + b on the last axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pellucid.errors import ShapeError, describe
from pellucid.spec.activations import Function, function_primitives
from pellucid.spec.base import Member
from pellucid.spec.initializers import INITIALIZERS, Initializer
from pellucid.spec.layer import LAYERS, LayerSpec, Primitive, WeightSpec, count
from pellucid.spec.legal import Flag, Integer, Optional, legal
from pellucid.spec.regularizers import REGULARIZERS, Regularizer
from pellucid.spec.shapes import Shape, shown


@LAYERS.register()
@dataclass(frozen=True)
class Dense(LayerSpec):
    """x (..., D) -> y (..., units); kernel (D, units), bias (units)."""

    prefix = "dense"
    units: int = legal(Integer(1))
    activation: str | LayerSpec = legal(Function(), None)
    use_bias: bool = legal(Flag(), True)
    kernel_initializer: Initializer = legal(Member(INITIALIZERS), "glorot_uniform")
    bias_initializer: Initializer = legal(Member(INITIALIZERS), "zeros")
    kernel_regularizer: Regularizer | None = legal(Optional(Member(REGULARIZERS)), None)
    bias_regularizer: Regularizer | None = legal(Optional(Member(REGULARIZERS)), None)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        self._features(inputs[0], where)
        return (*inputs[0][:-1], self.units)

    def _features(self, shape: Shape, where: str) -> int:
        if not shape or shape[-1] is None:
            remedy = "Give Input a full shape, or put Flatten or GlobalAveragePooling2D before this layer."
            raise ShapeError(describe(where, "input", "(N, ..., D) with known D", shown(shape), remedy))
        return shape[-1]

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        features = self._features(inputs[0], where)
        fan = (features, self.units)
        kernel = WeightSpec("kernel", fan, self.kernel_initializer, fan, regularizer=self.kernel_regularizer)
        bias = WeightSpec("bias", (self.units,), self.bias_initializer, fan, regularizer=self.bias_regularizer)
        return (kernel, bias) if self.use_bias else (kernel,)

    def primitives(self) -> tuple[Primitive, ...]:
        return (Primitive(self, {}), *function_primitives(self.activation))

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return 2 * (inputs[0][-1] or 1) * count(output)
