"""Losses on numbers, with Keras's reductions; functions, words and subclasses of a user's own.

A loss gives one number a place; `reduction` makes of them the mean (sum_over_batch_size), the sum, or leaves them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pellucid.eager.calculating import hold
from pellucid.engines.reference.engine import ReferenceEngine  # noqa: F401  (enters the arithmetic)
from pellucid.engines.reference.losses import LOSSES as ARITHMETIC
from pellucid.errors import ArgumentError, ShapeError, describe, shown
from pellucid.graph.layer import Tensor
from pellucid.graph.operators import result, value
from pellucid.graph.ops.elementwise import divide, multiply
from pellucid.graph.ops.losses import FORMULAS, ON_TENSORS
from pellucid.graph.ops.moving import expand_dims, squeeze
from pellucid.graph.ops.reducing import mean
from pellucid.graph.ops.reducing import sum as total
from pellucid.spec import losses
from pellucid.spec.base import snake
from pellucid.spec.box_losses import BinaryFocalCrossentropy
from pellucid.spec.losses import LOSSES, REDUCTIONS, LossSpec


def of_one_rank(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both with as many axes, where one has a last axis of 1 more. Source: Keras, squeeze_or_expand_to_same_rank."""
    if x.ndim == y.ndim + 1 and x.shape[-1] == 1:
        return (x, y[..., None]) if y.ndim == 1 else (x[..., 0], y)
    if y.ndim == x.ndim + 1 and y.shape[-1] == 1:
        return (x[..., None], y) if x.ndim == 1 else (x, y[..., 0])
    return x, y


def values(spec: LossSpec, y_true: Any, y_pred: Any) -> Any:
    """One number a place; of a tensor a tensor."""
    if isinstance(y_pred, Tensor):
        return on_tensors(spec, y_true, y_pred)
    prediction = hold(y_pred)
    if prediction.dtype.kind != "f":
        prediction = prediction.astype(np.float32)
    target = hold(y_true)
    index = spec.labels == "index"
    if not index:
        target, prediction = of_one_rank(target.astype(prediction.dtype), prediction)
    elif target.ndim == prediction.ndim and target.shape[-1] == 1:
        target = target[..., 0]
    if prediction.ndim == 0:
        prediction, target = prediction[None], target[None]
    if type(spec) in FORMULAS:
        return np.asarray(FORMULAS[type(spec)](spec, target, prediction))
    return by_engine(spec, target, prediction, index)


def on_tensors(spec: LossSpec, y_true: Any, y_pred: Tensor) -> Any:
    """The formula as a part of what is being calculated; raises ArgumentError where there is none."""
    formula = FORMULAS.get(type(spec), ON_TENSORS.get(type(spec)))
    if formula is None or getattr(spec, "ignore_class", None) is not None:
        remedy = "Write it with pellucid.ops."
        raise ArgumentError(describe(type(spec).__name__, "y_pred", "numbers", "a tensor", remedy))
    target = value(y_true)
    given, wanted = len(target.shape), len(y_pred.shape) - (spec.labels == "index")
    if given == wanted + 1 and target.shape[-1] == 1:
        target = value(squeeze(target, -1))
    elif given == wanted - 1 and y_pred.shape[-1] == 1:
        target = value(expand_dims(target, -1))
    return result(formula(spec, target, y_pred))


def by_engine(spec: LossSpec, target: np.ndarray, prediction: np.ndarray, index: bool) -> np.ndarray:
    """The engine's own arithmetic, which sees the classes last."""
    axis = getattr(spec, "axis", -1)
    if axis not in (-1, prediction.ndim - 1):
        prediction = np.moveaxis(prediction, axis, -1)
        target = target if index else np.moveaxis(target, axis, -1)
    wanted = prediction.shape[:-1] if index else prediction.shape
    if target.shape != wanted:
        try:
            target = np.broadcast_to(target, wanted)
        except ValueError:
            where = type(spec).__name__
            raise ShapeError(describe(where, "y_true", f"of shape {wanted}", f"of shape {target.shape}")) from None
    ignored = getattr(spec, "ignore_class", None)
    kept = np.ones(target.shape, bool) if ignored is None else target != ignored
    if index:
        target = np.where(kept, target, 0).astype(np.int64)
        if target.size and (target.min() < 0 or target.max() >= prediction.shape[-1]):
            limit = f"from 0 to {prediction.shape[-1] - 1}"
            raise ArgumentError(describe(type(spec).__name__, "y_true", limit, f"{target.min()} to {target.max()}"))
    found = ARITHMETIC[type(spec)](spec, prediction, target, bool(getattr(spec, "from_logits", False)))[0]
    return np.asarray(found if ignored is None else np.where(kept, found, 0), prediction.dtype)


def called(spec: Any, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
    """The loss, reduced; what is ignored does not count."""
    if isinstance(y_pred, Tensor):
        return tensor_reduced(spec, spec.call(y_true, y_pred), sample_weight)
    found = np.asarray(hold(spec.call(y_true, y_pred)))
    weights = None if sample_weight is None else hold(sample_weight)
    ignored = getattr(spec, "ignore_class", None)
    if ignored is not None:
        present = (hold(y_true).reshape(found.shape) != ignored).astype(found.dtype)
        if spec.reduction in ("mean", "sum_over_batch_size"):
            present *= present.size / max(float(present.sum()), 1.0)
        weights = present if weights is None else np.multiply(*of_one_rank(present, weights))
    return reduced(found, weights, spec.reduction, spec.dtype)


def tensor_reduced(spec: Any, found: Any, sample_weight: Any) -> Any:
    """The values of a tensor times their weights, as `reduction` says."""
    weighed = found if sample_weight is None else multiply(found, sample_weight)
    if spec.reduction in (None, "none"):
        return weighed
    if spec.reduction == "mean_with_sample_weight" and sample_weight is not None:
        return divide(total(weighed), total(sample_weight))
    return total(weighed) if spec.reduction == "sum" else mean(weighed)


def reduced(found: np.ndarray, weights: np.ndarray | None, reduction: str | None, dtype: str | None = None) -> Any:
    """The values times their weights, as `reduction` says."""
    if weights is not None:
        found, weights = of_one_rank(found, weights.astype(found.dtype))
        if weights.ndim < found.ndim:
            weights = weights.reshape(weights.shape + (1,) * (found.ndim - weights.ndim))
        found = found * weights
    if dtype is not None:
        found = found.astype("float32" if dtype == "bfloat16" else dtype)
    if reduction in (None, "none") or not found.ndim:
        return found
    total = found.sum(dtype=found.dtype)
    if reduction == "sum":
        return total
    count = float(weights.sum()) if reduction == "mean_with_sample_weight" and weights is not None else found.size
    return found.dtype.type(total / count if count else 0.0)


class Loss:
    """A loss of one's own: derive from it and write `call(self, y_true, y_pred)`.

    In a network `call` is traced: it becomes a graph of operations, so no code lies in a file. On numbers the instance
    is called with (y_true, y_pred, sample_weight).
    """

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        if reduction not in REDUCTIONS:
            wanted = f"one of {', '.join(map(repr, REDUCTIONS))}"
            raise ArgumentError(describe(type(self).__name__, "reduction", wanted, shown(repr(reduction))))
        self.name = name or snake(type(self).__name__)
        self.reduction, self.dtype = reduction, dtype

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One number a sample or a place."""
        raise ArgumentError(f"{type(self).__name__}: write call(self, y_true, y_pred) in your class.")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of numbers, reduced as `reduction` says."""
        if isinstance(y_pred, Tensor):
            return tensor_reduced(self, self.call(y_true, y_pred), sample_weight)
        found = np.asarray(hold(self.call(hold(y_true), hold(y_pred))))
        return reduced(found, None if sample_weight is None else hold(sample_weight), self.reduction, self.dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments by name."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Loss:
        """The loss that `get_config` told of."""
        return cls(**config)


def function_of(owner: type[LossSpec]) -> Callable[..., Any]:
    """Keras's function beside a class: the values, not reduced."""

    def called_on(y_true: Any, y_pred: Any, *args: Any, **named: Any) -> Any:
        return owner(*args, **named).call(y_true, y_pred)

    called_on.__name__ = called_on.__qualname__ = snake(owner.__name__)
    called_on.__doc__ = f"{(owner.__doc__ or '').strip()}\n\n    Not reduced: one number a sample or a place."
    if not set(owner.__dataclass_fields__) - {"reduction", "name", "dtype"} or _has_defaults(owner):
        called_on.loss_spec = owner()  # type: ignore[attr-defined]
    return called_on


def _has_defaults(owner: type[LossSpec]) -> bool:
    try:
        owner()
    except ArgumentError:
        return False
    return True


def get(identifier: Any) -> Any:
    """The loss that a word, a configuration, a function or a loss stands for; None stays None."""
    if identifier is None or isinstance(identifier, LossSpec | Loss):
        return identifier
    if isinstance(identifier, str):
        if identifier.lower() in FUNCTIONS and identifier.lower() == identifier:
            return FUNCTIONS[identifier]
        return LOSSES.named(identifier)
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if callable(identifier):
        return identifier
    wanted = "a word, a configuration or a loss"
    raise ArgumentError(describe("losses.get", "identifier", wanted, shown(repr(identifier))))


def serialize(loss: Any) -> Any:
    """A loss as JSON-ready data, in Keras's form; a function as its name."""
    if callable(loss) and hasattr(loss, "__name__"):
        return loss.__name__
    return {"class_name": type(loss).__name__, "config": loss.get_config()}


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The loss that `serialize` wrote, or its word."""
    if isinstance(config, str):
        return get(config)
    known = {owner.__name__: owner for owner in LOSSES} | dict(custom_objects or {})
    name = config.get("class_name", config.get("type"))
    if name not in known:
        wanted = "a loss that Pellucid has"
        raise ArgumentError(describe("losses.deserialize", "class_name", wanted, shown(repr(name))))
    return known[name](**config.get("config", {}))


losses.ON_NUMBERS.update(loss=called, losses=values)
CLASSES: tuple[type[LossSpec], ...] = (
    losses.BinaryCrossentropy, losses.CategoricalCrossentropy, losses.CategoricalFocalCrossentropy, losses.Huber,
    losses.MeanAbsoluteError, losses.MeanSquaredError, losses.SparseCategoricalCrossentropy,
    losses.SparseCategoricalFocalCrossentropy, BinaryFocalCrossentropy, *FORMULAS,
)  # fmt: skip
FUNCTIONS = {snake(owner.__name__): function_of(owner) for owner in CLASSES}
binary_crossentropy = FUNCTIONS["binary_crossentropy"]
binary_focal_crossentropy = FUNCTIONS["binary_focal_crossentropy"]
categorical_crossentropy = FUNCTIONS["categorical_crossentropy"]
categorical_focal_crossentropy = FUNCTIONS["categorical_focal_crossentropy"]
categorical_generalized_cross_entropy = FUNCTIONS["categorical_generalized_cross_entropy"]
categorical_hinge, cosine_similarity = FUNCTIONS["categorical_hinge"], FUNCTIONS["cosine_similarity"]
dice, hinge, huber, kl_divergence = (FUNCTIONS[word] for word in ("dice", "hinge", "huber", "kl_divergence"))
log_cosh, poisson = FUNCTIONS["log_cosh"], FUNCTIONS["poisson"]
mean_absolute_error, mean_squared_error = FUNCTIONS["mean_absolute_error"], FUNCTIONS["mean_squared_error"]
mean_absolute_percentage_error = FUNCTIONS["mean_absolute_percentage_error"]
mean_squared_logarithmic_error = FUNCTIONS["mean_squared_logarithmic_error"]
sparse_categorical_crossentropy = FUNCTIONS["sparse_categorical_crossentropy"]
squared_hinge, tversky = FUNCTIONS["squared_hinge"], FUNCTIONS["tversky"]
