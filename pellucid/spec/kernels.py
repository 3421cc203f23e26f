"""What layers share that multiply by a kernel: their last arguments in Keras's order, bias, and activation.

A dataclass takes the fields of its bases from right to left, then its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.spec.activations import Function, function_primitives
from pellucid.spec.constraints import BOUND, Constraint
from pellucid.spec.initializers import INITIAL, Initializer
from pellucid.spec.layer import LayerSpec, Primitive, WeightSpec
from pellucid.spec.legal import Flag, legal
from pellucid.spec.regularizers import PENALTY, Regularizer


@dataclass(frozen=True)
class Activated(LayerSpec):
    """Arithmetic of its own, a bias unless told otherwise, then a function of each number."""

    activation: str | LayerSpec = legal(Function(), None)
    use_bias: bool = legal(Flag(), True)

    def primitives(self) -> tuple[Primitive, ...]:
        return (Primitive(self, {}), *function_primitives(self.activation))

    def with_bias(
        self, kernel: WeightSpec, units: int, initializer: Initializer, regularizer: Regularizer | None
    ) -> tuple[WeightSpec, ...]:
        """A kernel with the bias of so many units, where there is one."""
        bias = WeightSpec("bias", (units,), initializer, kernel.fan, regularizer=regularizer)
        return (kernel, bias) if self.use_bias else (kernel,)


@dataclass(frozen=True)
class Kernel(Activated):
    """One kernel, named so."""

    kernel_initializer: Initializer = legal(INITIAL, "glorot_uniform")
    bias_initializer: Initializer = legal(INITIAL, "zeros")
    kernel_regularizer: Regularizer | None = legal(PENALTY, None)
    bias_regularizer: Regularizer | None = legal(PENALTY, None)
    kernel_constraint: Constraint | None = legal(BOUND, None, later=True)
    bias_constraint: Constraint | None = legal(BOUND, None, later=True)

    def kernel_and_bias(self, shape: tuple[int, ...], fan: tuple[int, int], units: int) -> tuple[WeightSpec, ...]:
        """The weights, for a kernel of this shape and `fan` (in, out)."""
        kernel = WeightSpec("kernel", shape, self.kernel_initializer, fan, regularizer=self.kernel_regularizer)
        return self.with_bias(kernel, units, self.bias_initializer, self.bias_regularizer)
