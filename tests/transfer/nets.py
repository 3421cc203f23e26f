"""The small networks and data of these tests."""

from __future__ import annotations

from typing import Any

import numpy as np

import pellucid as p
from pellucid.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input
from pellucid.models import Model, Sequential


def small(classes: int = 3, *, dropout: float = 0.0, seed: int = 4) -> Sequential:
    """Two convolutions with batch norm, and a head."""
    p.set_random_seed(seed)
    return Sequential([
        Input((7, 6, 2)), Conv2D(4, 3, activation="relu", name="conv1"), BatchNormalization(name="bn1"),
        Conv2D(5, 3, strides=2, name="conv2"), BatchNormalization(name="bn2"), Flatten(), Dropout(dropout),
        Dense(classes, activation="softmax", name="out"),
    ])  # fmt: skip


def images(count: int = 30, classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random maps (N, 7, 6, 2) of several classes, each with a level of its own."""
    random = np.random.default_rng(seed)
    y = np.arange(count) % classes
    return (random.normal(size=(count, 7, 6, 2)) + y[:, None, None, None]).astype("float32"), y


def compiled(model: Model, engine: str = "reference", rule: Any = "adam", **more: Any) -> Model:
    """The model, ready to learn classes in float64."""
    model.compile(rule, "sparse_categorical_crossentropy", engine=engine, precision="float64", **more)
    return model


def copies(model: Model) -> dict[str, np.ndarray]:
    """Every weight by its key."""
    return {key: np.array(value) for key, value in model.weights_by_key().items()}


def moved(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> set[str]:
    """The keys whose numbers differ."""
    return {key for key in before if not np.array_equal(before[key], after[key])}
