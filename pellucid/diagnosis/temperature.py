"""Temperature scaling: one number T, fitted on a part that was not learnt from, that makes confidences honest.

Model     p = softmax(z / T), z the logits (N,K); the order of the classes, and so the accuracy, stays
Fit       T makes the negative log-likelihood of the labels smallest: one dimension, searched in log T within LIMITS
Source    Guo, Pleiss, Sun & Weinberger 2017, section 4.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.calibration import FEWEST, reliability
from pellucid.engines.reference import ReferenceEngine
from pellucid.errors import DataError, ShapeError, describe
from pellucid.model import Model, weights
from pellucid.spec.reshaping import Temperature

LIMITS = (0.05, 20.0)
BATCH = 256
FEW_WRONG = 10
N = TypeVar("N", bound=Model)


@dataclass(frozen=True)
class FittedTemperature:
    """The fitted temperature, and the mean negative log-likelihood and ECE of n samples before and after it."""

    value: float
    n: int
    nll_before: float
    nll_after: float
    ece_before: float
    ece_after: float
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """As diagnosis.json holds it."""
        return asdict(self)


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> FittedTemperature:
    """The best temperature for logits (N,K) and class numbers (N,).

    Raises ShapeError when sizes disagree and DataError for logits that are not finite or too few samples.
    """
    from scipy.optimize import minimize_scalar

    z, y = np.asarray(logits, np.float64), np.asarray(labels)
    if z.ndim != 2 or y.shape != z.shape[:1]:
        raise ShapeError(describe("calibration", "logits and labels", "(N, K) and (N,)", f"{z.shape} and {y.shape}"))
    if not np.isfinite(z).all():
        raise DataError("calibration: the logits are not all finite. Train with a lower learning rate.")
    if len(z) < FEWEST:
        wanted = f"at least {FEWEST}, so that the temperature is not fitted to chance"
        raise DataError(describe("calibration", "samples", wanted, len(z), "Hold more out with --val-fraction."))
    value, note = 1.0, "no sample is wrong, so there is nothing to fit a temperature to: it stays 1"
    wrong = int((z.argmax(axis=1) != y).sum())
    if wrong:  # else ever smaller temperatures would make the likelihood ever larger
        low, high = (math.log(limit) for limit in LIMITS)
        found = minimize_scalar(lambda t: nll(z / math.exp(t), y), bounds=(low, high), method="bounded",
                                options={"xatol": 1e-6})  # fmt: skip
        value = math.exp(float(found.x))
        at_limit = min(found.x - low, high - found.x) < 1e-3
        note = ""
        if at_limit:
            note = f"the temperature is at the limit of the search, {value:.3g}: the logits say little"
        elif wrong < FEW_WRONG:
            note = f"only {wrong} of {len(z)} samples are wrong, so the temperature is rough"
    before, after = _ece(z, y), _ece(z / value, y)
    return FittedTemperature(value, len(z), nll(z, y), nll(z / value, y), before, after, note)


def nll(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean of -log softmax(logits)[label]: log sum e^(z - max) - (z[label] - max)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    right = np.take_along_axis(shifted, np.asarray(labels)[:, None], axis=1)[:, 0]
    return float((np.log(np.exp(shifted).sum(axis=1)) - right).mean())


def softmax(logits: np.ndarray) -> np.ndarray:
    """e^z / sum e^z on the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _ece(logits: np.ndarray, labels: np.ndarray) -> float:
    names = tuple(map(str, range(logits.shape[1])))
    return reliability(Answers(labels, softmax(logits), names, "calibration")).ece


def logits_of(model: Model, batches: Iterable[np.ndarray]) -> np.ndarray:
    """What the last softmax of a model reads (N,K), less a temperature it may have; batches (B,...) are preprocessed.

    Raises ArgumentError when the model does not end in one softmax.
    """
    plain = model.with_temperature(1.0)
    layer = [entry.name for entry in plain.graph.layers if isinstance(entry.spec, Temperature)][-1]
    engine = ReferenceEngine()
    params, state = weights.native(plain.built, engine)
    name = next(iter(plain.graph.input_shapes))
    found = []
    for x in batches:
        run = engine.forward(plain.graph, params, state, engine.put({name: x}), training=False, taps=[layer])
        found.append(engine.get(run.taps)[layer])
    return np.concatenate(found)


def calibrated(model: N, x: np.ndarray, labels: np.ndarray) -> tuple[N, FittedTemperature]:
    """The model with the temperature that fits preprocessed images x (N,...) and class numbers (N,), and that fit."""
    batches = (x[start : start + BATCH] for start in range(0, len(x), BATCH))
    fitted = fit_temperature(logits_of(model, batches), labels)
    return model.with_temperature(fitted.value), fitted
