"""Metrics that are averaged while a model trains; scores of a whole part are in a run's metrics.json."""

from pellucid.spec.losses import AbsoluteError as MeanAbsoluteError
from pellucid.spec.losses import (
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from pellucid.spec.losses import SquaredError as MeanSquaredError

__all__ = [
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalAccuracy",
    "TopKCategoricalAccuracy",
]
