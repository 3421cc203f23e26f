"""Losses that are made of operations: their formulas stand in `graph/ops/losses.py`, and both engines run those.

Each gives one number a place, the mean or sum over the last axis, but for Dice and Tversky, which compare whole batches
(axis None) as Keras's do.
"""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.spec.constants import Axes
from pellucid.spec.legal import Integer, Optional, Real, legal
from pellucid.spec.losses import LOSSES, LossSpec


@dataclass(frozen=True)
class ComposedLoss(LossSpec):
    """A loss whose arithmetic is a graph of operations on target and prediction."""


@LOSSES.register("mean_absolute_percentage_error", "mape")
@dataclass(frozen=True)
class MeanAbsolutePercentageError(ComposedLoss):
    """100 |t - y| / max(|t|, 1e-7), the mean over the last axis."""


@LOSSES.register("mean_squared_logarithmic_error", "msle")
@dataclass(frozen=True)
class MeanSquaredLogarithmicError(ComposedLoss):
    """(log(1 + y) - log(1 + t))^2, the mean over the last axis; both are taken as 1e-7 at least."""


@LOSSES.register("cosine_similarity")
@dataclass(frozen=True)
class CosineSimilarity(ComposedLoss):
    """-(t . y) / (|t| |y|) along `axis`."""

    axis: int = legal(Integer(-9), -1)


@LOSSES.register("log_cosh", "logcosh")
@dataclass(frozen=True)
class LogCosh(ComposedLoss):
    """log cosh(y - t), the mean over the last axis."""


@LOSSES.register("hinge")
@dataclass(frozen=True)
class Hinge(ComposedLoss):
    """max(1 - t y, 0), the mean over the last axis; targets of 0 and 1 count as -1 and 1."""


@LOSSES.register("squared_hinge")
@dataclass(frozen=True)
class SquaredHinge(ComposedLoss):
    """max(1 - t y, 0)^2, the mean over the last axis; targets of 0 and 1 count as -1 and 1."""


@LOSSES.register("categorical_hinge")
@dataclass(frozen=True)
class CategoricalHinge(ComposedLoss):
    """max(max (1 - t) y - sum t y + 1, 0)."""


@LOSSES.register("kl_divergence", "kld", "kullback_leibler_divergence")
@dataclass(frozen=True)
class KLDivergence(ComposedLoss):
    """sum t log(t / y), both cut to [1e-7, 1]."""


@LOSSES.register("poisson")
@dataclass(frozen=True)
class Poisson(ComposedLoss):
    """y - t log y, the mean over the last axis."""


@LOSSES.register("dice")
@dataclass(frozen=True)
class Dice(ComposedLoss):
    """1 - 2 sum t y / (sum t + sum y), over `axis` or the whole batch. Source: Milletari et al. 2016."""

    axis: tuple[int, ...] | None = legal(Optional(Axes()), None)


@LOSSES.register("tversky")
@dataclass(frozen=True)
class Tversky(ComposedLoss):
    """1 - sum t y / (sum t y + alpha sum t (1 - y) + beta sum (1 - t) y). Source: Salehi et al. 2017."""

    alpha: float = legal(Real(0.0), 0.5)
    beta: float = legal(Real(0.0), 0.5)
    axis: tuple[int, ...] | None = legal(Optional(Axes()), None)


@LOSSES.register("categorical_generalized_cross_entropy")
@dataclass(frozen=True)
class CategoricalGeneralizedCrossEntropy(ComposedLoss):
    """(1 - p[label]^q) / q; labels are class numbers. Source: Zhang & Sabuncu 2018."""

    labels = "index"
    q: float = legal(Real(0.0, 1.0, open_low=True), 0.5)
