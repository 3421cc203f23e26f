"""Metrics on numbers: Keras's three calls, functions, words, and Metric for one's own.

What a metric counts and what that comes to stands in `engines/counting.py`; means of losses are the losses' own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pellucid.eager import losses
from pellucid.eager.calculating import hold
from pellucid.eager.variables import Variable
from pellucid.engines.counting import COUNTED, Counts, beside, count, count_values, mean, value
from pellucid.engines.reference.metrics import METRICS as SCORES
from pellucid.errors import ArgumentError, describe, shown
from pellucid.spec import counted_metrics as specs
from pellucid.spec import losses as plain
from pellucid.spec.base import rules, snake
from pellucid.spec.losses import METRICS, MetricSpec

RUNNING = "_running"  # where a metric keeps what it has counted


class Running:
    """What one metric has counted on numbers so far."""

    def __init__(self, spec: MetricSpec) -> None:
        self.spec = spec
        self.counts: Counts = {}

    def update_state(self, y_true: Any, y_pred: Any = None, sample_weight: Any = None) -> None:
        """Count what these numbers say."""
        weights = None if sample_weight is None else hold(sample_weight)
        if self.spec.of_values:
            weights = weights if y_pred is None else hold(y_pred)
            more = values_counted(self.spec, hold(y_true), weights)
        else:
            more = counted(self.spec, hold(y_true), hold(y_pred), weights)
        self.counts = {name: self.counts.get(name, 0.0) + array for name, array in more.items()}

    def result(self) -> Any:
        """What was counted so far comes to."""
        if not self.counts:
            return np.float32(0.0)
        found = worth(self.spec, self.counts)
        return np.asarray(found, np.float32) if np.ndim(found) else np.float32(found)

    def reset_state(self) -> None:
        """Count from nothing again."""
        self.counts = {}

    @property
    def variables(self) -> list[Variable]:
        """What was counted, by name."""
        return [Variable(np.asarray(array, np.float32), name=name) for name, array in self.counts.items()]


def counted(spec: MetricSpec, t: np.ndarray, y: np.ndarray, w: np.ndarray | None) -> Counts:
    """What these numbers add."""
    if type(spec) in COUNTED:
        return count(spec, t, y, w)
    if isinstance(spec, specs.MeanOfLoss):
        values, ignored = losses.values(spec.loss, t, y), getattr(spec.loss, "ignore_class", None)
        if ignored is not None and w is not None:  # as in Keras, which divides by all where nothing is weighted
            w = w.reshape(w.shape + (1,) * (values.ndim - w.ndim)) * (t.reshape(values.shape) != ignored)
        return count_values(values, w)
    if (t.ndim == y.ndim + 1 and t.shape[-1] == 1) or (t.ndim == y.ndim and t.shape[-1] == 1 and y.shape[-1] > 1):
        t = t[..., 0]
    elif t.ndim == y.ndim - 1 and y.shape[-1] == 1:
        t = t[..., None]
    elif t.ndim == 1 and y.ndim == 1:
        t, y = t[:, None], y[:, None]
    return count_values(np.asarray(SCORES[type(spec)](spec, y, t), float), w)


def values_counted(spec: MetricSpec, x: np.ndarray, w: np.ndarray | None) -> Counts:
    """The sum of values, and how many there are."""
    if not x.ndim:
        x = x[None]
        w = None if w is None else w.reshape(1)
    if isinstance(spec, specs.Sum):
        return {"total": np.asarray((x * beside(w, x.shape)).sum())}
    return count_values(x, w)


def worth(spec: MetricSpec, counts: Counts) -> Any:
    """What the counts come to."""
    if type(spec) in COUNTED:
        return value(spec, counts)
    return counts["total"] if isinstance(spec, specs.Sum) else mean(spec, counts)


def running(spec: MetricSpec) -> Running:
    """What a metric has counted."""
    found: Running = spec.__dict__.setdefault(RUNNING, Running(spec))
    return found


plain.ON_NUMBERS["metric"] = running


class Metric:
    """A metric of one's own: add_weight in __init__, update_state and result; it sees arrays.

    Its weights must add up over batches, as sums and counts do: what each batch adds is added up, also over the
    processes of one training.
    """

    better = None

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or snake(type(self).__name__)
        self.dtype = dtype or "float32"
        self._weights: list[Variable] = []

    def add_weight(
        self, shape: Any = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """A weight that starts at 0 (or as `initializer` says) at every reset."""
        start = np.zeros(shape, np.float32)
        if initializer not in (None, "zeros"):
            from pellucid.eager.initializers import get as initial

            start = np.asarray(initial(initializer)(tuple(np.atleast_1d(shape)) if shape != () else ()))
        made = Variable(start, name=name or f"variable_{len(self._weights)}")
        made.start = start  # type: ignore[attr-defined]
        self._weights.append(made)
        return made

    add_variable = add_weight

    @property
    def variables(self) -> list[Variable]:
        """Its weights."""
        return list(self._weights)

    weights = variables

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Count what these numbers say."""
        raise ArgumentError(f"{type(self).__name__}: write update_state(self, y_true, y_pred, sample_weight=None).")

    def result(self) -> Any:
        """What was counted so far comes to."""
        raise ArgumentError(f"{type(self).__name__}: write result(self).")

    def reset_state(self) -> None:
        """Count from nothing again."""
        for weight in self._weights:
            weight.assign(weight.start)  # type: ignore[attr-defined]

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Count these numbers, and the result so far."""
        self.update_state(*given, **named)
        return self.result()

    def counted(self, target: np.ndarray, prediction: np.ndarray, weights: np.ndarray | None) -> Counts:
        """What a batch adds, from nothing."""
        self.reset_state()
        self.update_state(target, prediction, *([] if weights is None else [weights]))
        return {weight.name: weight.numpy() for weight in self._weights}

    def valued(self, counts: Counts) -> Any:
        """What the sums come to."""
        for weight in self._weights:
            weight.assign(counts[weight.name])
        found = self.result()
        if found is None:
            remedy = "End result(self) with return."
            raise ArgumentError(describe(f"metric '{self.name}'", "its result", "a number", "None", remedy))
        return np.asarray(found, float) if np.ndim(found) else float(found)

    def get_config(self) -> dict[str, Any]:
        """The arguments by name."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """The metric that `get_config` told of."""
        return cls(**config)


class MeanMetricWrapper(Metric):
    """The mean of what `fn(y_true, y_pred, **kwargs)` gives."""

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name or getattr(fn, "__name__", None), dtype=dtype)
        self._fn, self._named = fn, kwargs
        self.total, self.count = self.add_weight(name="total"), self.add_weight(name="count")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count the values."""
        found = np.asarray(self._fn(hold(y_true), hold(y_pred), **self._named), float)
        more = count_values(np.atleast_1d(found), None if sample_weight is None else hold(sample_weight))
        self.total.assign_add(more["total"])
        self.count.assign_add(more["count"])

    def result(self) -> Any:
        """The mean so far."""
        return np.float32(float(self.total) / float(self.count)) if float(self.count) else np.float32(0.0)

    def get_config(self) -> dict[str, Any]:
        """The arguments by name."""
        return {"name": self.name, "dtype": self.dtype, "fn": self._fn, **self._named}


def of_loss(owner: type[plain.LossSpec], usual: str) -> Callable[..., specs.MeanOfLoss]:
    """The metric that is the mean of a loss, with the loss's arguments."""

    def made(name: str = usual, dtype: Any = None, **arguments: Any) -> specs.MeanOfLoss:
        return specs.MeanOfLoss(owner(**arguments), name=name, dtype=dtype)

    made.__name__ = made.__qualname__ = owner.__name__
    made.__doc__ = f"The mean of the loss {owner.__name__}: {(owner.__doc__ or '').strip()}"
    return made


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where both are equal."""
    t, y = losses.of_one_rank(hold(y_true), hold(y_pred))
    return (t == y).astype(np.float32)


def score(spec: MetricSpec) -> Callable[..., Any]:
    """Keras's function beside a metric: one number a sample."""

    def called(y_true: Any, y_pred: Any, *args: Any, **named: Any) -> Any:
        words = list(rules(type(spec)))[: len(args) + 1]
        given = {**dict(zip([word for word in words if word != "name"], args, strict=False)), **named}
        own = type(spec)(**given)
        t, y = hold(y_true), hold(y_pred)
        if t.ndim == y.ndim and t.shape[-1] == 1 and y.shape[-1] > 1:
            t = t[..., 0]
        return np.asarray(SCORES[type(own)](own, y, t), np.float32)

    called.__name__ = called.__qualname__ = spec.name
    called.__doc__ = f"{(type(spec).__doc__ or '').strip()} One number a sample."
    called.metric_spec = spec  # type: ignore[attr-defined]
    return called


def correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Pearson's correlation along `axis`."""
    t, y = losses.of_one_rank(np.asarray(hold(y_true), float), np.asarray(hold(y_pred), float))
    t, y = (side - side.mean(axis=axis, keepdims=True) for side in (t, y))
    t, y = (side / side.std(axis=axis, keepdims=True) for side in (t, y))
    return (t * y).mean(axis=axis)


def concordance(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Lin's concordance along `axis`, as Keras calculates it."""
    t, y = losses.of_one_rank(np.asarray(hold(y_true), float), np.asarray(hold(y_pred), float))
    mt, my = (side.mean(axis=axis, keepdims=True) for side in (t, y))
    norm = (t - mt).var(axis=axis, keepdims=True) + (y - my).var(axis=axis, keepdims=True) + (mt - my) ** 2
    return (2 * (t - my) * (y - my) / (norm + 1e-7)).mean(axis=axis)


class Accuracy(MeanMetricWrapper):
    """The share of predictions that equal their target."""

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments by name."""
        return {"name": self.name, "dtype": self.dtype}


class PearsonCorrelation(MeanMetricWrapper):
    """Pearson's correlation along `axis`."""

    def __init__(self, name: str = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(correlation, name, dtype, axis=axis)


class ConcordanceCorrelation(MeanMetricWrapper):
    """Lin's concordance along `axis`."""

    def __init__(self, name: str = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance, name, dtype, axis=axis)


def SparseTopKCategoricalAccuracy(
    k: int = 5, name: str = "sparse_top_k_categorical_accuracy", dtype: Any = None, from_sorted_ids: bool = False
) -> Any:
    """1 where the labelled class is among the k largest outputs."""
    if from_sorted_ids:
        got = "True"
        raise ArgumentError(describe("SparseTopKCategoricalAccuracy", "from_sorted_ids", "False", got))
    return plain.TopKCategoricalAccuracy(k=k, name=name, dtype=dtype)


def get(identifier: Any) -> Any:
    """The metric that a word, a configuration, a function or a metric stands for; None stays None."""
    if identifier is None or isinstance(identifier, MetricSpec | Metric):
        return identifier
    if isinstance(identifier, str):
        return METRICS.named(identifier)
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if callable(identifier):
        return identifier
    wanted = "a word, a configuration or a metric"
    raise ArgumentError(describe("metrics.get", "identifier", wanted, shown(repr(identifier))))


def serialize(metric: Any) -> Any:
    """A metric as JSON-ready data, in Keras's form; a function as its name."""
    if callable(metric) and hasattr(metric, "__name__"):
        return metric.__name__
    return {"class_name": type(metric).__name__, "config": metric.get_config()}


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The metric that `serialize` wrote, or its word."""
    if isinstance(config, str):
        return get(config)
    own = {"Accuracy": Accuracy, "MeanMetricWrapper": MeanMetricWrapper}
    known: dict[str, Any] = {owner.__name__: owner for owner in METRICS} | own | dict(custom_objects or {})
    name = config.get("class_name", config.get("type"))
    if name not in known:
        wanted = "a metric that Pellucid has"
        raise ArgumentError(describe("metrics.deserialize", "class_name", wanted, shown(repr(name))))
    return known[name](**config.get("config", {}))


BinaryCrossentropy = of_loss(plain.BinaryCrossentropy, "binary_crossentropy")
CategoricalCrossentropy = of_loss(plain.CategoricalCrossentropy, "categorical_crossentropy")
SparseCategoricalCrossentropy = of_loss(plain.SparseCategoricalCrossentropy, "sparse_categorical_crossentropy")
_OWN = {owner.__name__: owner for owner in losses.CLASSES}
KLDivergence, Poisson = of_loss(_OWN["KLDivergence"], "kl_divergence"), of_loss(_OWN["Poisson"], "poisson")
Hinge, SquaredHinge = of_loss(_OWN["Hinge"], "hinge"), of_loss(_OWN["SquaredHinge"], "squared_hinge")
CategoricalHinge = of_loss(_OWN["CategoricalHinge"], "categorical_hinge")
LogCoshError = of_loss(_OWN["LogCosh"], "logcosh")
MeanAbsolutePercentageError = of_loss(_OWN["MeanAbsolutePercentageError"], "mean_absolute_percentage_error")
MeanSquaredLogarithmicError = of_loss(_OWN["MeanSquaredLogarithmicError"], "mean_squared_logarithmic_error")


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """(t . y) / (|t| |y|) along `axis`: 1 where both point the same way."""
    return -losses.cosine_similarity(y_true, y_pred, axis=axis)


class CosineSimilarity(MeanMetricWrapper):
    """(t . y) / (|t| |y|) along `axis`: 1 where both point the same way."""

    def __init__(self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)


binary_accuracy = score(plain.BinaryAccuracy())
categorical_accuracy = score(plain.CategoricalAccuracy())
sparse_categorical_accuracy = score(plain.SparseCategoricalAccuracy())
top_k_categorical_accuracy = score(plain.TopKCategoricalAccuracy())
sparse_top_k_categorical_accuracy = score(plain.TopKCategoricalAccuracy(name="sparse_top_k_categorical_accuracy"))
pearson_correlation, concordance_correlation = correlation, concordance
