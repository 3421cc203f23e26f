"""Normalisation and noise: batch norm, local response normalisation, dropout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pellucid.errors import ShapeError, describe
from pellucid.spec.constraints import BOUND, Constraint
from pellucid.spec.initializers import INITIAL, Initializer
from pellucid.spec.layer import LAYERS, LayerSpec, WeightSpec, count
from pellucid.spec.legal import Flag, Integer, Optional, Real, Sizes, legal
from pellucid.spec.regularizers import PENALTY, Regularizer
from pellucid.spec.shapes import Shape, as_map, shown


@LAYERS.register()
@dataclass(frozen=True)
class BatchNormalization(LayerSpec):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta for each channel of the last axis.

    Training takes mean and (biased) variance from the batch and moves the stored ones by
    moving = momentum * moving + (1 - momentum) * batch; afterwards the stored ones are used.
    Source: Ioffe & Szegedy 2015, algorithms 1 and 2; Keras's defaults.
    """

    prefix = "batch_normalization"
    axis: int = legal(Integer(-1), -1)
    momentum: float = legal(Real(0.0, 1.0), 0.99)
    epsilon: float = legal(Real(0.0, open_low=True), 1e-3)
    center: bool = legal(Flag(), True)
    scale: bool = legal(Flag(), True)
    beta_initializer: Initializer = legal(INITIAL, "zeros")
    gamma_initializer: Initializer = legal(INITIAL, "ones")
    moving_mean_initializer: Initializer = legal(INITIAL, "zeros")
    moving_variance_initializer: Initializer = legal(INITIAL, "ones")
    beta_regularizer: Regularizer | None = legal(PENALTY, None)
    gamma_regularizer: Regularizer | None = legal(PENALTY, None)
    beta_constraint: Constraint | None = legal(BOUND, None, later=True)
    gamma_constraint: Constraint | None = legal(BOUND, None, later=True)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        shape = inputs[0]
        if self.axis not in (-1, len(shape)):
            remedy = "Channels come last here: leave axis out."
            raise ShapeError(describe(where, "axis", "-1, the channels", str(self.axis), remedy))
        if not shape or shape[-1] is None:
            raise ShapeError(describe(where, "input", "(N, ..., C) with known C", shown(shape)))
        return shape

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        shape = (self.output_shape(inputs, where)[-1] or 1,)
        gamma = WeightSpec("gamma", shape, self.gamma_initializer, regularizer=self.gamma_regularizer)
        beta = WeightSpec("beta", shape, self.beta_initializer, regularizer=self.beta_regularizer)
        mean = WeightSpec("moving_mean", shape, self.moving_mean_initializer, trainable=False)
        variance = WeightSpec("moving_variance", shape, self.moving_variance_initializer, trainable=False)
        return (*([gamma] if self.scale else []), *([beta] if self.center else []), mean, variance)

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return 2 * count(output)


@LAYERS.register()
@dataclass(frozen=True)
class LocalResponseNormalization(LayerSpec):
    """y = x / (k + alpha sum x^2)^beta, the sum over `size` neighbouring channels.

    Source: Krizhevsky et al. 2012, section 3.3 (k=2, alpha=1e-4, beta=0.75, n=5).
    """

    prefix = "local_response_normalization"
    size: int = legal(Integer(1), 5)
    alpha: float = legal(Real(0.0), 1e-4)
    beta: float = legal(Real(0.0), 0.75)
    k: float = legal(Real(0.0, open_low=True), 2.0)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        as_map(where, inputs[0])
        return inputs[0]

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return (self.size + 4) * count(output)


@LAYERS.register()
@dataclass(frozen=True)
class Dropout(LayerSpec):
    """In training each entry is zero with probability `rate`, the others are divided by 1 - rate.

    noise_shape, batch axis included, says along which axes (of size 1 there) all entries share their fate.
    """

    prefix = "dropout"
    noisy = True
    rate: float = legal(Real(0.0, 1.0, open_high=True))
    noise_shape: tuple[int | None, ...] | None = legal(Optional(Sizes()), None, later=True)
    seed: int | None = legal(Optional(Integer(0)), None, later=True)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        given = (None, *inputs[0]) if self.noise_shape is None else self.noise_shape
        if len(given) != len(inputs[0]) + 1 or not all(
            one in (None, 1, size) for one, size in zip(given[1:], inputs[0], strict=True)
        ):
            wanted = f"1, None or the input's own size for each axis of {(None, *inputs[0])}"
            raise ShapeError(describe(where, "noise_shape", wanted, str(self.noise_shape)))
        return inputs[0]

    @property
    def shared(self) -> tuple[slice, ...]:
        """The part of x whose entries are drawn for."""
        return tuple(slice(0, 1) if size == 1 else slice(None) for size in self.noise_shape or ())
