"""Losses and metrics as data: what is compared, sample by sample. The engines hold the arithmetic.

A loss gives one number a sample (the mean over the other axes); the mean over samples is the sum divided by N
when samples or classes are weighted (Keras), and by the labelled count when labels are missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from pellucid.errors import UsageError
from pellucid.spec.base import Spec, Table, snake
from pellucid.spec.legal import Flag, Integer, OneOf, Optional, Real, Text, legal


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


ON_NUMBERS: dict[str, Callable[..., Any]] = {}  # what answers on numbers, once a page that can has been imported
REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "none", None, "mean_with_sample_weight")


def on_numbers(what: str) -> Callable[..., Any]:
    """What answers on numbers; raises UsageError before a page that can has been imported."""
    if what not in ON_NUMBERS:
        raise UsageError(f"{what} on numbers: import pellucid.losses or pellucid.metrics first.")
    return ON_NUMBERS[what]


@dataclass(frozen=True)
class LossSpec(Spec):
    """What all losses are; `labels` says what a target is: 'index' (N,), or 'values' of the output's shape.

    On numbers a loss is called with (y_true, y_pred, sample_weight); `reduction` says what is made of its values.
    """

    kind = "loss"
    labels: ClassVar[str] = "values"
    targets: ClassVar[Targets] = Targets()
    fuses: ClassVar[str] = ""  # the activation it is computed through, from the logits
    reduction: str | None = field(
        default="sum_over_batch_size", kw_only=True, repr=False, metadata={"rule": OneOf(REDUCTIONS)}
    )
    name: str | None = field(default=None, kw_only=True, repr=False, metadata={"rule": Optional(Text())})
    dtype: str | None = field(default=None, kw_only=True, repr=False, metadata={"rule": Optional(Text())})

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of numbers, reduced as `reduction` says."""
        return on_numbers("loss")(self, y_true, y_pred, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The losses of numbers, one a place."""
        return on_numbers("losses")(self, y_true, y_pred)

    def get_config(self) -> dict[str, Any]:
        """The arguments by name."""
        config = super().to_config()
        return {**{name: value for name, value in config.items() if name not in ("type", "dtype")},
                "name": self.name or snake(type(self).__name__)}  # fmt: skip

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The loss that `get_config` told of."""
        return cls(**config)

    def to_config(self) -> dict[str, Any]:
        """As a file keeps it: what only matters on numbers is left out where it is the default."""
        usual = {"reduction": "sum_over_batch_size", "name": None, "dtype": None, "axis": -1, "ignore_class": None}
        found = super().to_config()
        return {name: value for name, value in found.items() if name not in usual or value != usual[name]}


LOSSES: Table[LossSpec] = Table(
    "loss", "If it is your own loss, call pellucid.register_loss(...) first.",
    ("pellucid.spec.box_losses", "pellucid.spec.composed_losses"),
)  # fmt: skip


@LOSSES.register("sparse_categorical_crossentropy")
@dataclass(frozen=True)
class SparseCategoricalCrossentropy(LossSpec):
    """-log p[label]; labels are class numbers; smoothed, -(1-s) log p[label] - s/K sum_k log p_k."""

    labels = "index"
    fuses = "Softmax"
    later = ("label_smoothing",)
    from_logits: bool = legal(Flag(), False)
    ignore_class: int | None = legal(Optional(Integer(-(1 << 31))), None)
    axis: int = legal(Integer(-9), -1)
    label_smoothing: float = legal(Real(0.0, 1.0), 0.0)


@LOSSES.register("categorical_crossentropy")
@dataclass(frozen=True)
class CategoricalCrossentropy(LossSpec):
    """-sum_k t_k log p_k; targets are one-hot or probabilities, smoothed to (1-s) t + s/K."""

    targets = Targets(0.0, 1.0, 1.0)
    fuses = "Softmax"
    from_logits: bool = legal(Flag(), False)
    label_smoothing: float = legal(Real(0.0, 1.0), 0.0)
    axis: int = legal(Integer(-9), -1)


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
    axis: int = legal(Integer(-9), -1)


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
    axis: int = legal(Integer(-9), -1)


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


# taken for Keras's sake
DTYPE: Any = field(default=None, kw_only=True, repr=False, metadata={"rule": Optional(Text())})


class MetricSpec(Spec):
    """What all metrics are: a number a sample, whose mean is reported under `name`; Keras's names by default.

    `better` is "more" where larger values are better, "less" where smaller ones are. On numbers a metric is used as
    Keras's: update_state(y_true, y_pred, sample_weight), result(), reset_state().
    """

    kind = "metric"
    better: ClassVar[str] = "more"
    of_values: ClassVar[bool] = False  # whether it sees values alone, no targets
    name: str

    def to_config(self) -> dict[str, Any]:
        """As a file keeps it."""
        found = super().to_config()
        return {name: value for name, value in found.items() if name != "dtype" or value is not None}

    def update_state(self, *given: Any, **named: Any) -> None:
        """Count what these numbers say."""
        on_numbers("metric")(self).update_state(*given, **named)

    def result(self) -> Any:
        """What was counted so far comes to."""
        return on_numbers("metric")(self).result()

    def reset_state(self) -> None:
        """Count from nothing again."""
        on_numbers("metric")(self).reset_state()

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Count these numbers, and the result so far."""
        self.update_state(*given, **named)
        return self.result()

    @property
    def variables(self) -> list[Any]:
        """What was counted, as arrays."""
        found: list[Any] = on_numbers("metric")(self).variables
        return found

    def get_config(self) -> dict[str, Any]:
        """The arguments by name."""
        return {"dtype": "float32", **{name: value for name, value in self.to_config().items() if name != "type"}}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The metric that `get_config` told of."""
        return cls(**config)


METRICS: Table[MetricSpec] = Table("metric", further=("pellucid.spec.counted_metrics",))


@METRICS.register("sparse_categorical_accuracy")
@dataclass(frozen=True)
class SparseCategoricalAccuracy(MetricSpec):
    """1 where the largest output is the labelled class."""

    name: str = legal(Text(), "sparse_categorical_accuracy")
    dtype: str | None = DTYPE


@METRICS.register("categorical_accuracy")
@dataclass(frozen=True)
class CategoricalAccuracy(MetricSpec):
    """1 where the largest output is the largest target."""

    name: str = legal(Text(), "categorical_accuracy")
    dtype: str | None = DTYPE


@METRICS.register("binary_accuracy")
@dataclass(frozen=True)
class BinaryAccuracy(MetricSpec):
    """The share of outputs on the target's side of the threshold."""

    name: str = legal(Text(), "binary_accuracy")
    dtype: str | None = DTYPE
    threshold: float = legal(Real(0.0, 1.0), 0.5)


@METRICS.register("top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy", "top5")
@dataclass(frozen=True)
class TopKCategoricalAccuracy(MetricSpec):
    """1 where the labelled class is among the k largest outputs."""

    k: int = legal(Integer(1), 5)
    name: str = legal(Text(), "top_k_categorical_accuracy")
    dtype: str | None = DTYPE


@METRICS.register("mean_squared_error", "mse")
@dataclass(frozen=True)
class SquaredError(MetricSpec):
    """(y - t)^2, the mean over the last axis."""

    better = "less"
    name: str = legal(Text(), "mean_squared_error")
    dtype: str | None = DTYPE


@METRICS.register("mean_absolute_error", "mae")
@dataclass(frozen=True)
class AbsoluteError(MetricSpec):
    """|y - t|, the mean over the last axis."""

    better = "less"
    name: str = legal(Text(), "mean_absolute_error")
    dtype: str | None = DTYPE
