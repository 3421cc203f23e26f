"""What metrics count that are no mean over samples, and what the sums come to; on NumPy, for both engines.

count(metric, t, y, w)   arrays by name that add up over batches         value(metric, counts)   the result
Axes      t targets, y predictions, w weights of samples; B thresholds, K classes
Sources   Keras 3, `keras/src/metrics`; Davis & Goadrich 2006 for the interpolation of precision and recall.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.spec import counted_metrics as specs
from pellucid.spec.losses import MetricSpec

EPSILON = 1e-7
Counts = dict[str, np.ndarray]
Array = np.ndarray


def over(a: Array, b: Array) -> Array:
    """a / b, 0 where b is 0."""
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(np.shape(a), np.shape(b))), where=np.asarray(b) != 0)


def of_one_rank(t: Array, y: Array) -> tuple[Array, Array]:
    """Both with as many axes, where one has a last axis of 1 more."""
    if t.ndim == y.ndim + 1 and t.shape[-1] == 1:
        return (t, y[..., None]) if y.ndim == 1 else (t[..., 0], y)
    if y.ndim == t.ndim + 1 and y.shape[-1] == 1:
        return (t[..., None], y) if t.ndim == 1 else (t, y[..., 0])
    return t, y


def beside(w: Array | None, shape: tuple[int, ...]) -> Array:
    """Weights of samples or places as an array of `shape`."""
    if w is None:
        return np.ones(shape)
    w = np.asarray(w, float)
    while w.ndim > len(shape) and w.shape[-1] == 1:
        w = w[..., 0]
    return np.broadcast_to(w.reshape(w.shape + (1,) * (len(shape) - w.ndim)), shape)


def by_threshold(
    t: Array, y: Array, w: Array | None, borders: Any, *, top_k: int | None = None, class_id: int | None = None,
    columns: bool = False, label_weights: Any = None,
) -> Counts:  # fmt: skip
    """tp, fp, tn, fn (B,), or (B,K) with `columns`: a yes is a prediction above the threshold."""
    t, y = of_one_rank(np.asarray(t, float), np.asarray(y, float))
    if t.shape != y.shape:
        raise ShapeError(describe("metric", "y_true", f"of y_pred's shape {y.shape}", f"of shape {t.shape}"))
    if top_k is not None:
        kept = np.zeros(y.shape, bool)
        np.put_along_axis(kept, np.argsort(-y, axis=-1, kind="stable")[..., :top_k], True, axis=-1)
        y = np.where(kept, y, -1e10)
        if borders == (-1e10,):
            borders = (-1e9,)
    weights = beside(w, y.shape)
    if class_id is not None:
        if y.ndim == 1 or class_id >= y.shape[-1]:
            raise ShapeError(describe("metric", "class_id", f"a column of y_pred {y.shape}", class_id))
        t, y, weights = (side[..., class_id, None] for side in (t, y, weights))
    if label_weights is not None:
        weights = weights * np.asarray(label_weights)
    if not columns:
        t, y, weights = (side.reshape(-1, 1) for side in (t, y, weights))
    limits = np.asarray(borders, np.float32).astype(float)
    yes, true = (np.asarray(y, np.float32).astype(float) > limits[:, None, None]), t != 0  # (B,N,K), (N,K)
    found = {"tp": yes & true, "fp": yes & ~true, "tn": ~yes & ~true, "fn": ~yes & true}
    counted = {name: (part * weights).sum(axis=1) for name, part in found.items()}
    return counted if columns else {name: part[:, 0] for name, part in counted.items()}


def spread(count: int) -> tuple[float, ...]:
    """Thresholds from just below 0 to just above 1."""
    inner = [(place + 1) / (count - 1) for place in range(count - 2)]
    return (0.0 - EPSILON, *inner, 1.0 + EPSILON)


def auc_borders(metric: specs.AUC) -> tuple[float, ...]:
    """The thresholds of an area."""
    if metric.thresholds is None:
        return spread(metric.num_thresholds)
    given = metric.thresholds if isinstance(metric.thresholds, tuple) else (metric.thresholds,)
    return (0.0 - EPSILON, *sorted(given), 1.0 + EPSILON)


KINDS: dict[type[MetricSpec], str] = {
    specs.TruePositives: "tp", specs.FalsePositives: "fp", specs.TrueNegatives: "tn", specs.FalseNegatives: "fn",
}  # fmt: skip


def count_confusion(m: Any, t: Array, y: Array, w: Array | None) -> Counts:
    """The counts of one kind."""
    kind = KINDS[type(m)]
    return {kind: by_threshold(t, y, w, m.borders)[kind]}


def count_share(m: Any, t: Array, y: Array, w: Array | None) -> Counts:
    """Right yeses, and what they are a share of."""
    found = by_threshold(t, y, w, m.borders, top_k=m.top_k, class_id=m.class_id)
    other = "fp" if isinstance(m, specs.Precision) else "fn"
    return {"tp": found["tp"], other: found[other]}


def share(m: Any, c: Counts) -> Any:
    """The share, one a threshold."""
    found = over(c["tp"], c["tp"] + (c["fp"] if "fp" in c else c["fn"]))
    return found[0] if len(found) == 1 else found


def count_constraint(m: Any, t: Array, y: Array, w: Array | None) -> Counts:
    """All four at many thresholds."""
    borders = (0.5,) if m.num_thresholds == 1 else (
        0.0, *((place + 1) / (m.num_thresholds - 1) for place in range(m.num_thresholds - 2)), 1.0)  # fmt: skip
    return by_threshold(t, y, w, borders, class_id=m.class_id)


def best(m: Any, c: Counts) -> Any:
    """The best of one share where another is large enough."""
    sensitivity, specificity = over(c["tp"], c["tp"] + c["fn"]), over(c["tn"], c["tn"] + c["fp"])
    precision = over(c["tp"], c["tp"] + c["fp"])
    if isinstance(m, specs.SensitivityAtSpecificity):
        held, wanted, least = specificity, sensitivity, m.specificity
    elif isinstance(m, specs.SpecificityAtSensitivity):
        held, wanted, least = sensitivity, specificity, m.sensitivity
    elif isinstance(m, specs.PrecisionAtRecall):
        held, wanted, least = sensitivity, precision, m.recall
    else:
        held, wanted, least = precision, sensitivity, m.precision
    enough = held.astype(np.float32) >= np.float32(least)  # in float32 on both sides, as 4 of 5 is 0.8
    return float(np.where(enough, wanted, 0).max(initial=0))


def count_area(m: specs.AUC, t: Array, y: Array, w: Array | None) -> Counts:
    """All four at the thresholds, of each column with multi_label."""
    if m.from_logits:
        y = 1 / (1 + np.exp(-np.asarray(y, float)))
    weights = None if m.multi_label else m.label_weights
    return by_threshold(t, y, w, auc_borders(m), columns=m.multi_label, label_weights=weights)


def area(m: specs.AUC, c: Counts) -> Any:
    """The area, of several columns their mean."""
    tp, fp, tn, fn = (c[name] for name in ("tp", "fp", "tn", "fn"))
    if m.curve == "pr" and m.summation_method == "interpolation":
        terms = interpolated(tp, fp, fn)
    else:
        x, y = curve(m, tp, fp, tn, fn)
        pairs = {"interpolation": (y[:-1] + y[1:]) / 2, "minoring": np.minimum(y[:-1], y[1:]),
                 "majoring": np.maximum(y[:-1], y[1:])}  # fmt: skip
        terms = (x[:-1] - x[1:]) * pairs[m.summation_method]
    total = terms.sum(axis=0)
    if not m.multi_label:
        return float(total)
    weights = None if m.label_weights is None else np.asarray(m.label_weights, float)
    return float(total.mean() if weights is None else over((total * weights).sum(), weights.sum()))


def curve(m: specs.AUC, tp: Array, fp: Array, tn: Array, fn: Array) -> tuple[Array, Array]:
    """The two coordinates at each threshold."""
    recall = over(tp, tp + fn)
    if m.curve == "roc":
        return over(fp, fp + tn), recall
    if m.curve == "pr":
        return recall, over(tp, tp + fp)
    scale = over(tp + fn, tn + fp)
    gains = 1 - scale * over(fn, tp), 1 - scale * over(fp, tp)
    return np.maximum(np.where(tp == 0, 0.0, gains[0]), 0), np.where(tp == 0, 1.0, gains[1])


def interpolated(tp: Array, fp: Array, fn: Array) -> Array:
    """The area below precision and recall between two thresholds, true positives taken as a straight line."""
    p = tp + fp
    dtp, dp = tp[:-1] - tp[1:], p[:-1] - p[1:]
    slope = over(dtp, np.maximum(dp, 0))
    start = tp[1:] - slope * p[1:]
    ratio = np.where((p[:-1] > 0) & (p[1:] > 0), over(p[:-1], np.maximum(p[1:], 0)), 1.0)
    return over(slope * (dtp + start * np.log(np.where(ratio > 0, ratio, 1))), np.maximum(tp[1:] + fn[1:], 0))


def count_fbeta(m: Any, t: Array, y: Array, w: Array | None) -> Counts:
    """tp, fp, fn and weights of each class, or of all together for "micro"."""
    t, y = np.asarray(t, float), np.asarray(y, float)
    if t.ndim != 2 or y.ndim != 2:
        wanted = "of shape (N, K)"
        raise ShapeError(describe(type(m).__name__, "y_true and y_pred", wanted, f"of shapes {t.shape}, {y.shape}"))
    if m.threshold is None:
        said = (y >= y.max(axis=-1, keepdims=True)) & (np.abs(y) > 1e-9)
    else:
        said = y > m.threshold
    axis = None if m.average == "micro" else 0
    weights = beside(w, y.shape)
    parts = {"tp": said * t, "fp": said * (1 - t), "fn": ~said * t, "weights": t}
    return {name: np.asarray((part * weights).sum(axis=axis)) for name, part in parts.items()}


def fbeta(m: Any, c: Counts) -> Any:
    """The score of each class, or their mean."""
    precision, recall = c["tp"] / (c["tp"] + c["fp"] + EPSILON), c["tp"] / (c["tp"] + c["fn"] + EPSILON)
    found = precision * recall / (m.beta**2 * precision + recall + EPSILON) * (1 + m.beta**2)
    if m.average == "weighted":
        return float((found * c["weights"] / (c["weights"].sum() + EPSILON)).sum())
    return found if m.average is None else float(np.mean(found))


def count_overlap(m: Any, t: Array, y: Array, w: Array | None) -> Counts:
    """The table of target classes by said classes (K,K)."""
    binary = isinstance(m, specs.BinaryIoU)
    classes = 2 if binary else m.num_classes
    if binary:
        y = (np.asarray(y, np.float32) >= m.threshold).astype(int)
    else:
        hot = not isinstance(m, specs.IoU | specs.MeanIoU) or not m.sparse_y_true
        t = np.asarray(t).argmax(axis=m.axis) if hot else t
        y = y if m.sparse_y_pred else np.asarray(y).argmax(axis=m.axis)
    t, y = np.asarray(t).astype(int), np.asarray(y).astype(int)
    if t.size != y.size:
        raise ShapeError(describe(type(m).__name__, "y_true", f"of {y.size} places, as y_pred", f"{t.size}"))
    weights, t, y = (side.reshape(-1) for side in (beside(w, t.shape), t, y))
    inside = (t >= 0) & (t < classes) & (y >= 0) & (y < classes)
    ignored = getattr(m, "ignore_class", None)
    if ignored is not None:
        inside &= t != ignored
    table = np.zeros((classes, classes))
    np.add.at(table, (t[inside], y[inside]), weights[inside])
    return {"total_cm": table}


def overlap(m: Any, c: Counts) -> Any:
    """The mean over classes that occur."""
    table = c["total_cm"]
    right = np.diag(table)
    union = table.sum(axis=0) + table.sum(axis=1) - right
    chosen = list(getattr(m, "target_class_ids", range(len(table))))
    right, union = right[chosen], union[chosen]
    there = union > 1e-9
    return float(np.where(there, right / (union + EPSILON), 0).sum() / (there.sum() + EPSILON))


def count_r2(m: specs.R2Score, t: Array, y: Array, w: Array | None) -> Counts:
    """Sums, squares and errors of each output."""
    t, y = of_one_rank(np.asarray(t, float), np.asarray(y, float))
    if t.ndim != 2 or t.shape != y.shape:
        wanted = "of one shape (N, outputs)"
        raise ShapeError(describe("R2Score", "y_true and y_pred", wanted, f"of shapes {t.shape}, {y.shape}"))
    weights = beside(w, t.shape)
    parts = {"sum": t, "squared_sum": t * t, "total_mse": (t - y) ** 2, "count": np.ones(t.shape)}
    return {**{name: (part * weights).sum(axis=0) for name, part in parts.items()}, "num_samples": np.array(t.size)}


def r2(m: specs.R2Score, c: Counts) -> Any:
    """1 - error over variance."""
    total = c["squared_sum"] - c["sum"] * c["sum"] / c["count"]
    with np.errstate(all="ignore"):
        raw = 1 - c["total_mse"] / total
    raw = np.where(np.isinf(raw), 0.0, raw)
    found: Any = raw
    if m.class_aggregation == "uniform_average":
        found = raw.mean()
    elif m.class_aggregation == "variance_weighted_average":
        found = (total * raw).sum() / total.sum()
    n, p = float(c["num_samples"]), m.num_regressors
    if p and p < n - 1:
        found = 1 - (1 - found) * (n - 1) / (n - p - 1)
    return float(found) if np.ndim(found) == 0 else found


def count_rmse(m: Any, t: Array, y: Array, w: Array | None) -> Counts:
    """Squared errors of samples."""
    t, y = of_one_rank(np.asarray(t, float), np.asarray(y, float))
    return count_values((y - t) ** 2, w)


def count_values(values: Array, w: Array | None) -> Counts:
    """The sum of samples' means, weighed, and the sum of weights."""
    values = np.asarray(values, float)
    if w is None:
        samples = values.reshape(len(values), -1).mean(axis=1) if values.ndim > 1 else values
        return {"total": np.asarray(samples.sum()), "count": np.asarray(float(samples.size))}
    w = np.asarray(w, float)
    if w.ndim > values.ndim:
        values, w = of_one_rank(values, w)
    if values.ndim > w.ndim:
        values = values.mean(axis=tuple(range(w.ndim, values.ndim)))
    w = np.broadcast_to(w, values.shape)
    return {"total": np.asarray((values * w).sum()), "count": np.asarray(w.sum())}


def mean(m: Any, c: Counts) -> Any:
    """total / count, 0 of nothing."""
    return float(over(c["total"], c["count"]))


COUNTED: Mapping[type[MetricSpec], tuple[Callable[..., Counts], Callable[..., Any]]] = {
    **dict.fromkeys(KINDS, (count_confusion, lambda m, c: _alone(next(iter(c.values()))))),
    **dict.fromkeys((specs.Precision, specs.Recall), (count_share, share)),
    **dict.fromkeys((specs.SensitivityAtSpecificity, specs.SpecificityAtSensitivity, specs.PrecisionAtRecall,
                     specs.RecallAtPrecision), (count_constraint, best)),
    specs.AUC: (count_area, area),
    **dict.fromkeys((specs.FBetaScore, specs.F1Score), (count_fbeta, fbeta)),
    **dict.fromkeys((specs.IoU, specs.MeanIoU, specs.OneHotIoU, specs.OneHotMeanIoU, specs.BinaryIoU),
                    (count_overlap, overlap)),
    specs.R2Score: (count_r2, r2),
    specs.RootMeanSquaredError: (count_rmse, lambda m, c: float(np.sqrt(mean(m, c)))),
}  # fmt: skip


def _alone(found: Array) -> Any:
    return float(found[0]) if len(found) == 1 else found


def count(metric: Any, target: Array, prediction: Array, weights: Array | None) -> Counts:
    """What a batch adds; a metric of the user's own counts itself."""
    own = COUNTED.get(type(metric))
    found: Counts = own[0](metric, target, prediction, weights) if own else metric.counted(target, prediction, weights)
    return found


def value(metric: Any, counts: Counts) -> Any:
    """What the sums come to."""
    own = COUNTED.get(type(metric))
    return own[1](metric, counts) if own else metric.valued(counts)


def flat(counts: Counts) -> dict[str, float]:
    """The counts as plain numbers by name and shape, as they are added up over batches and processes."""
    return {
        f"{name}/{'x'.join(map(str, array.shape))}/{place}": float(number)
        for name, array in counts.items() for place, number in enumerate(np.ravel(array))
    }  # fmt: skip


def gathered(sums: Mapping[str, float]) -> Counts:
    """The counts that `flat` has made numbers of."""
    found: dict[tuple[str, str], list[float]] = {}
    for key, number in sums.items():
        name, shape, _ = key.split("/")
        found.setdefault((name, shape), []).append(number)
    return {
        name: np.array(numbers).reshape([int(size) for size in shape.split("x") if size])
        for (name, shape), numbers in found.items()
    }  # fmt: skip


def is_counted(metric: Any) -> bool:
    """Whether a metric is no mean over samples."""
    return type(metric) in COUNTED or hasattr(metric, "counted")


class FunctionMetric:
    """A function (y_true, y_pred) of a user's own, whose values are averaged; it only measures, so it sees arrays."""

    better = None  # nobody has said

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.name = function, function.__name__

    def counted(self, target: Array, prediction: Array, weights: Array | None) -> Counts:
        """The sum of the values of a batch, and their number."""
        found = self.function(target, prediction)
        if found is None:
            remedy = "End it with return."
            raise ArgumentError(describe(f"metric '{self.name}'", "what it returns", "numbers", "None", remedy))
        values = np.asarray(found, float)
        return count_values(np.full(len(prediction), values) if not values.ndim else values, weights)

    def valued(self, counts: Counts) -> Any:
        """The mean."""
        return mean(self, counts)
