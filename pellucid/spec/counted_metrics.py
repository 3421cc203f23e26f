"""Metrics that are no mean over samples: what they count is added up over batches, and the result is made of the sums.

The arithmetic stands in `engines/counting.py`, once for both engines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.errors import ArgumentError, describe
from pellucid.spec.base import Member, snake
from pellucid.spec.constants import Several
from pellucid.spec.legal import Flag, Illegal, Integer, OneOf, Optional, Real, Text, legal
from pellucid.spec.losses import LOSSES, METRICS, LossSpec, MetricSpec


@dataclass(frozen=True)
class CountedMetric(MetricSpec):
    """Counts that add up over batches; `dtype` is taken for Keras's sake."""

    def __post_init__(self) -> None:
        super().__post_init__()
        given: str | None = self.name
        if given is None:
            object.__setattr__(self, "name", snake(type(self).__name__))


class Thresholds:
    """The rule of numbers from 0 to 1: none, one, or several."""

    wanted = "None, a number from 0 to 1, or several"
    bad: tuple[Any, ...] = (-0.1, 1.5, (0.5, 2.0), "half", (None,))

    def check(self, value: Any) -> Any:
        if value is None:
            return None
        if hasattr(value, "tolist"):
            value = value.tolist()
        if isinstance(value, str):
            raise Illegal
        if isinstance(value, Sequence):
            return tuple(Real(0.0, 1.0).check(entry) for entry in value)
        return Real(0.0, 1.0).check(value)


DTYPE = Optional(Text())


@dataclass(frozen=True)
class Confusion(CountedMetric):
    """Counts of right and wrong yeses and noes at `thresholds`."""

    thresholds: Any = legal(Thresholds(), None)
    name: str | None = legal(Optional(Text()), None)  # type: ignore[assignment]
    dtype: str | None = legal(DTYPE, None)

    @property
    def borders(self) -> tuple[float, ...]:
        """The thresholds; 0.5 where none is given."""
        given = self.thresholds
        return tuple(given) if isinstance(given, tuple) else (0.5 if given is None else given,)


@METRICS.register()
@dataclass(frozen=True)
class TruePositives(Confusion):
    """How many yeses are right."""


@METRICS.register()
@dataclass(frozen=True)
class FalsePositives(Confusion):
    """How many yeses are wrong."""

    better = "less"


@METRICS.register()
@dataclass(frozen=True)
class TrueNegatives(Confusion):
    """How many noes are right."""


@METRICS.register()
@dataclass(frozen=True)
class FalseNegatives(Confusion):
    """How many noes are wrong."""

    better = "less"


@dataclass(frozen=True)
class Share(Confusion):
    """A share of the yeses, of the `top_k` largest outputs or of one class alone where asked for."""

    thresholds: Any = legal(Thresholds(), None)
    top_k: int | None = legal(Optional(Integer(1)), None)
    class_id: int | None = legal(Optional(Integer(0)), None)
    name: str | None = legal(Optional(Text()), None)
    dtype: str | None = legal(DTYPE, None)

    @property
    def borders(self) -> tuple[float, ...]:
        if self.thresholds is None and self.top_k is not None:
            return (-1e10,)
        return super().borders


@METRICS.register("precision")
@dataclass(frozen=True)
class Precision(Share):
    """Right yeses over all yeses."""


@METRICS.register("recall")
@dataclass(frozen=True)
class Recall(Share):
    """Right yeses over all that are yes."""


@dataclass(frozen=True)
class AtConstraint(CountedMetric):
    """The best of one share while another is at least a number, over `num_thresholds` thresholds."""

    num_thresholds: int = legal(Integer(1), 200)
    class_id: int | None = legal(Optional(Integer(0)), None)
    name: str | None = legal(Optional(Text()), None)  # type: ignore[assignment]
    dtype: str | None = legal(DTYPE, None)


@dataclass(frozen=True)
class BySpecificity(CountedMetric):
    """What comes first: the least specificity."""

    specificity: float = legal(Real(0.0, 1.0))


@dataclass(frozen=True)
class BySensitivity(CountedMetric):
    """What comes first: the least sensitivity."""

    sensitivity: float = legal(Real(0.0, 1.0))


@dataclass(frozen=True)
class ByRecall(CountedMetric):
    """What comes first: the least recall."""

    recall: float = legal(Real(0.0, 1.0))


@dataclass(frozen=True)
class ByPrecision(CountedMetric):
    """What comes first: the least precision."""

    precision: float = legal(Real(0.0, 1.0))


@METRICS.register()
@dataclass(frozen=True)
class SensitivityAtSpecificity(AtConstraint, BySpecificity):
    """The best sensitivity at which the specificity is at least `specificity`."""


@METRICS.register()
@dataclass(frozen=True)
class SpecificityAtSensitivity(AtConstraint, BySensitivity):
    """The best specificity at which the sensitivity is at least `sensitivity`."""


@METRICS.register()
@dataclass(frozen=True)
class PrecisionAtRecall(AtConstraint, ByRecall):
    """The best precision at which the recall is at least `recall`."""


@METRICS.register()
@dataclass(frozen=True)
class RecallAtPrecision(AtConstraint, ByPrecision):
    """The best recall at which the precision is at least `precision`."""


@METRICS.register("auc")
@dataclass(frozen=True)
class AUC(CountedMetric):
    """The area under the curve of right over wrong yeses (ROC), or of precision over recall (PR)."""

    num_thresholds: int = legal(Integer(2), 200)
    curve: str = legal(OneOf(("roc", "pr", "prgain")), "roc")
    summation_method: str = legal(OneOf(("interpolation", "minoring", "majoring")), "interpolation")
    name: str | None = legal(Optional(Text()), None)  # type: ignore[assignment]
    dtype: str | None = legal(DTYPE, None)
    thresholds: Any = legal(Thresholds(), None)
    multi_label: bool = legal(Flag(), False)
    num_labels: int | None = legal(Optional(Integer(1)), None)
    label_weights: Any = legal(Thresholds(), None)
    from_logits: bool = legal(Flag(), False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_labels is not None and not self.multi_label:
            raise ArgumentError(describe("AUC", "num_labels", "None unless multi_label=True", self.num_labels))


@METRICS.register("fbeta_score")
@dataclass(frozen=True)
class FBetaScore(CountedMetric):
    """(1 + beta^2) precision recall / (beta^2 precision + recall) of each class, or their mean by `average`."""

    average: str | None = legal(OneOf((None, "micro", "macro", "weighted")), None)
    beta: float = legal(Real(0.0, open_low=True), 1.0)
    threshold: float | None = legal(Optional(Real(0.0, 1.0, open_low=True)), None)
    name: str = legal(Text(), "fbeta_score")
    dtype: str | None = legal(DTYPE, None)


@METRICS.register("f1_score")
@dataclass(frozen=True)
class F1Score(CountedMetric):
    """2 precision recall / (precision + recall) of each class, or their mean by `average`."""

    average: str | None = legal(OneOf((None, "micro", "macro", "weighted")), None)
    threshold: float | None = legal(Optional(Real(0.0, 1.0, open_low=True)), None)
    name: str = legal(Text(), "f1_score")
    dtype: str | None = legal(DTYPE, None)

    @property
    def beta(self) -> float:
        """The weight of recall."""
        return 1.0


@dataclass(frozen=True)
class Overlap(CountedMetric):
    """Intersections over unions of the places of each class."""

    num_classes: int = legal(Integer(1))


@METRICS.register()
@dataclass(frozen=True)
class IoU(Overlap):
    """The mean intersection over union of chosen classes."""

    target_class_ids: tuple[int, ...] = legal(Several())
    name: str | None = legal(Optional(Text()), None)  # type: ignore[assignment]
    dtype: str | None = legal(DTYPE, None)
    ignore_class: int | None = legal(Optional(Integer(-(1 << 31))), None)
    sparse_y_true: bool = legal(Flag(), True)
    sparse_y_pred: bool = legal(Flag(), True)
    axis: int = legal(Integer(-9), -1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if max(self.target_class_ids) >= self.num_classes:
            wanted = f"below num_classes={self.num_classes}"
            raise ArgumentError(describe("IoU", "target_class_ids", wanted, max(self.target_class_ids)))


@METRICS.register("mean_iou")
@dataclass(frozen=True)
class MeanIoU(Overlap):
    """The mean intersection over union of all classes that occur."""

    name: str | None = legal(Optional(Text()), None)  # type: ignore[assignment]
    dtype: str | None = legal(DTYPE, None)
    ignore_class: int | None = legal(Optional(Integer(-(1 << 31))), None)
    sparse_y_true: bool = legal(Flag(), True)
    sparse_y_pred: bool = legal(Flag(), True)
    axis: int = legal(Integer(-9), -1)


@METRICS.register()
@dataclass(frozen=True)
class OneHotIoU(Overlap):
    """IoU of one-hot targets."""

    target_class_ids: tuple[int, ...] = legal(Several())
    name: str | None = legal(Optional(Text()), None)  # type: ignore[assignment]
    dtype: str | None = legal(DTYPE, None)
    ignore_class: int | None = legal(Optional(Integer(-(1 << 31))), None)
    sparse_y_pred: bool = legal(Flag(), False)
    axis: int = legal(Integer(-9), -1)


@METRICS.register()
@dataclass(frozen=True)
class OneHotMeanIoU(Overlap):
    """MeanIoU of one-hot targets."""

    name: str | None = legal(Optional(Text()), None)  # type: ignore[assignment]
    dtype: str | None = legal(DTYPE, None)
    ignore_class: int | None = legal(Optional(Integer(-(1 << 31))), None)
    sparse_y_pred: bool = legal(Flag(), False)
    axis: int = legal(Integer(-9), -1)


@METRICS.register("binary_iou")
@dataclass(frozen=True)
class BinaryIoU(CountedMetric):
    """The mean intersection over union of no and yes."""

    target_class_ids: tuple[int, ...] = legal(Several(), (0, 1))
    threshold: float = legal(Real(), 0.5)
    name: str | None = legal(Optional(Text()), None)  # type: ignore[assignment]
    dtype: str | None = legal(DTYPE, None)


@METRICS.register("r2_score")
@dataclass(frozen=True)
class R2Score(CountedMetric):
    """1 - sum (t - y)^2 / sum (t - mean t)^2, the mean over outputs or one each."""

    class_aggregation: str | None = legal(OneOf(("uniform_average", "variance_weighted_average", None)),
                                          "uniform_average")  # fmt: skip
    num_regressors: int = legal(Integer(0), 0)
    name: str = legal(Text(), "r2_score")
    dtype: str | None = legal(DTYPE, None)


@METRICS.register("root_mean_squared_error", "rmse")
@dataclass(frozen=True)
class RootMeanSquaredError(CountedMetric):
    """The root of the mean squared error."""

    better = "less"
    name: str = legal(Text(), "root_mean_squared_error")
    dtype: str | None = legal(DTYPE, None)


@METRICS.register("mean")
@dataclass(frozen=True)
class Mean(CountedMetric):
    """The mean of values, weighted by sample_weight."""

    of_values = True

    name: str = legal(Text(), "mean")
    dtype: str | None = legal(DTYPE, None)


@METRICS.register("sum")
@dataclass(frozen=True)
class Sum(CountedMetric):
    """The sum of values, weighted by sample_weight."""

    of_values = True

    name: str = legal(Text(), "sum")
    dtype: str | None = legal(DTYPE, None)


@METRICS.register()
@dataclass(frozen=True)
class MeanOfLoss(CountedMetric):
    """The mean of a loss, as a metric."""

    better = "less"
    loss: LossSpec = legal(Member(LOSSES))
    name: str = legal(Text(), "loss")
    dtype: str | None = legal(DTYPE, None)
