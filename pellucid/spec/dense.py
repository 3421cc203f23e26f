"""Dense: y = x W + b on the last axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pellucid.errors import ShapeError, describe
from pellucid.spec.kernels import Kernel
from pellucid.spec.layer import LAYERS, LayerSpec, WeightSpec, count
from pellucid.spec.legal import Integer, legal
from pellucid.spec.shapes import Shape, shown


@dataclass(frozen=True)
class Units(LayerSpec):
    """So many numbers come out."""

    units: int = legal(Integer(1))


@LAYERS.register()
@dataclass(frozen=True)
class Dense(Kernel, Units):
    """x (..., D) -> y (..., units); kernel (D, units), bias (units)."""

    prefix = "dense"

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
        return self.kernel_and_bias(fan, fan, self.units)

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return 2 * (inputs[0][-1] or 1) * count(output)
