"""Losses and metrics as data: what is compared, sample by sample. The engines hold the arithmetic.

A loss gives one number a sample (the mean over the other axes); the mean over samples is the sum divided by N
when samples or classes are weighted (Keras), and by the labelled count when labels are missing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from pellucid.spec.base import Spec, Table
from pellucid.spec.legal import Flag, Integer, Real, Text, legal


@dataclass(frozen=True)
class Targets:
    """The targets a loss is defined for: numbers of an interval, and rows of the last axis that add up to one number.

    A row of zeros is legal all the same: it is that of a place without a label.
    """

    low: float = -math.inf
    high: float = math.inf
    row_sum: float | None = None

    @property
    def wanted(self) -> str:
        """In words, as they follow `must be`."""
        if self.row_sum is not None:
            return f"numbers from {self.low:g} to {self.high:g} whose rows add up to {self.row_sum:g}"
        return f"from {self.low:g} to {self.high:g}"


class LossSpec(Spec):
    """What all losses are; `labels` says what a target is: 'index' (N,), or 'values' of the output's shape."""

    kind = "loss"
    labels: ClassVar[str] = "values"
    targets: ClassVar[Targets] = Targets()
    fuses: ClassVar[str] = ""  # the activation it is computed through, from the logits


LOSSES: Table[LossSpec] = Table("loss", "If it is your own loss, call pellucid.register_loss(...) first.")


@LOSSES.register("sparse_categorical_crossentropy")
@dataclass(frozen=True)
class SparseCategoricalCrossentropy(LossSpec):
    """-log p[label]; labels are class numbers; smoothed, -(1-s) log p[label] - s/K sum_k log p_k."""

    labels = "index"
    fuses = "Softmax"
    later = ("label_smoothing",)
    from_logits: bool = legal(Flag(), False)
    label_smoothing: float = legal(Real(0.0, 1.0), 0.0)


@LOSSES.register("categorical_crossentropy")
@dataclass(frozen=True)
class CategoricalCrossentropy(LossSpec):
    """-sum_k t_k log p_k; targets are one-hot or probabilities, smoothed to (1-s) t + s/K."""

    targets = Targets(0.0, 1.0, 1.0)
    fuses = "Softmax"
    from_logits: bool = legal(Flag(), False)
    label_smoothing: float = legal(Real(0.0, 1.0), 0.0)


@LOSSES.register("categorical_focal_crossentropy")
@dataclass(frozen=True)
class CategoricalFocalCrossentropy(LossSpec):
    """-alpha (1-p)^gamma t log p, summed over classes. Source: Lin et al. 2017, eq. 5."""

    targets = Targets(0.0, 1.0, 1.0)
    fuses = "Softmax"
    alpha: float = legal(Real(0.0), 0.25)
    gamma: float = legal(Real(0.0), 2.0)
    from_logits: bool = legal(Flag(), False)
    label_smoothing: float = legal(Real(0.0, 1.0), 0.0)


@LOSSES.register("sparse_categorical_focal_crossentropy")
@dataclass(frozen=True)
class SparseCategoricalFocalCrossentropy(LossSpec):
    """-alpha (1-p)^gamma log p of the labelled class; labels are class numbers. Source: Lin et al. 2017, eq. 5."""

    labels = "index"
    fuses = "Softmax"
    alpha: float = legal(Real(0.0), 0.25)
    gamma: float = legal(Real(0.0), 2.0)
    from_logits: bool = legal(Flag(), False)


@LOSSES.register("binary_crossentropy", "bce")
@dataclass(frozen=True)
class BinaryCrossentropy(LossSpec):
    """-t log p - (1-t) log(1-p), the mean over the last axis."""

    targets = Targets(0.0, 1.0)
    fuses = "Sigmoid"
    from_logits: bool = legal(Flag(), False)
    label_smoothing: float = legal(Real(0.0, 1.0), 0.0)


@LOSSES.register("mean_squared_error", "mse")
@dataclass(frozen=True)
class MeanSquaredError(LossSpec):
    """(y - t)^2, the mean over the last axis."""


@LOSSES.register("mean_absolute_error", "mae")
@dataclass(frozen=True)
class MeanAbsoluteError(LossSpec):
    """|y - t|, the mean over the last axis."""


@LOSSES.register("huber", "smooth_l1")
@dataclass(frozen=True)
class Huber(LossSpec):
    """e^2 / 2 while |e| <= delta, delta (|e| - delta / 2) beyond: smooth L1 for delta = 1."""

    delta: float = legal(Real(0.0, open_low=True), 1.0)


class MetricSpec(Spec):
    """What all metrics are: a number a sample, whose mean is reported under `name`; Keras's names by default.

    `better` is "more" where larger values are better, "less" where smaller ones are.
    """

    kind = "metric"
    better: ClassVar[str] = "more"
    name: str


METRICS: Table[MetricSpec] = Table("metric")


@METRICS.register("sparse_categorical_accuracy")
@dataclass(frozen=True)
class SparseCategoricalAccuracy(MetricSpec):
    """1 where the largest output is the labelled class."""

    name: str = legal(Text(), "sparse_categorical_accuracy")


@METRICS.register("categorical_accuracy")
@dataclass(frozen=True)
class CategoricalAccuracy(MetricSpec):
    """1 where the largest output is the largest target."""

    name: str = legal(Text(), "categorical_accuracy")


@METRICS.register("binary_accuracy")
@dataclass(frozen=True)
class BinaryAccuracy(MetricSpec):
    """The share of outputs on the target's side of the threshold."""

    name: str = legal(Text(), "binary_accuracy")
    threshold: float = legal(Real(0.0, 1.0), 0.5)


@METRICS.register("top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy", "top5")
@dataclass(frozen=True)
class TopKCategoricalAccuracy(MetricSpec):
    """1 where the labelled class is among the k largest outputs."""

    k: int = legal(Integer(1), 5)
    name: str = legal(Text(), "top_k_categorical_accuracy")


@METRICS.register("mean_squared_error", "mse")
@dataclass(frozen=True)
class SquaredError(MetricSpec):
    """(y - t)^2, the mean over the last axis."""

    better = "less"
    name: str = legal(Text(), "mean_squared_error")


@METRICS.register("mean_absolute_error", "mae")
@dataclass(frozen=True)
class AbsoluteError(MetricSpec):
    """|y - t|, the mean over the last axis."""

    better = "less"
    name: str = legal(Text(), "mean_absolute_error")
