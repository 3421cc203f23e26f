"""Small things to check: digits in two parts, networks that are in order, and the subject they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from pellucid.checks.series import names
from pellucid.checks.subject import Subject
from pellucid.data.annotations import Classes
from pellucid.data.arrays import dataset_of_arrays
from pellucid.data.batches import Batches
from pellucid.data.dataset import Dataset
from pellucid.data.opening import open_dataset
from pellucid.data.options import Options
from pellucid.data.preprocessing import Pipeline, default_pipeline
from pellucid.engines.protocol import Objective, Term
from pellucid.engines.reference import ReferenceEngine
from pellucid.keys import Key
from pellucid.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D, ReLU
from pellucid.model import Model
from pellucid.models import Sequential
from pellucid.regularizers import L2
from pellucid.runs.weights import draw_weights, native_weights
from pellucid.spec.losses import LossSpec, SparseCategoricalCrossentropy
from pellucid.spec.optimizers import SGD, Adam, OptimizerSpec
from pellucid.tasks.classification.checks import CHECKS, chance_among

TRAIN, TEST = 150, 50
SEEDS = range(20)
NAMES = names(CHECKS)


@cache
def all_digits() -> tuple[np.ndarray, np.ndarray]:
    """(1437, 8, 8, 1) uint8 and (1437,) labels."""
    part = open_dataset("digits").part("train")
    return part.images.take(np.arange(len(part))), part.labels


def digits(seed: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Images and labels of a training and a test part, drawn at random."""
    x, y = all_digits()
    order = np.random.default_rng(seed).permutation(len(x))
    rows = {"train": order[:TRAIN], "test": order[TRAIN : TRAIN + TEST]}
    return {name: x[chosen].copy() for name, chosen in rows.items()}, {
        name: y[chosen].copy() for name, chosen in rows.items()
    }


def dataset(images: Mapping[str, np.ndarray], labels: Mapping[str, np.ndarray]) -> Dataset:
    """A data set of ten classes."""
    classes = {part: Classes(found) for part, found in labels.items()}
    return dataset_of_arrays("digits", "digits", images, classes, tuple("0123456789"), options=Options())


def subject(
    model: Model,
    data: Dataset,
    *,
    seed: int = 0,
    rule: OptimizerSpec | None = None,
    preprocessing: Pipeline | None = None,
    shuffle: bool = True,
    loss: LossSpec | None = None,
) -> Subject:
    """What the checks look at; the model gets its first weights from the seed."""
    key = Key.of(seed)
    draw_weights(model, key.fold("init"))
    part = data.part("train")
    fitted = (preprocessing or default_pipeline()).fit(part, key=key)
    objective = Objective((Term("output", loss or SparseCategoricalCrossentropy()),))
    return Subject(
        dataset=data,
        batches=Batches(part, batch_size=16, key=key.fold("batches"), preprocessing=fitted, shuffle=shuffle),
        graph=model.graph,
        objective=objective,
        rule=rule or Adam(),
        engine=ReferenceEngine(),
        weights=lambda engine: native_weights(model, engine),
        key=key,
        names=data.class_names,
        own=CHECKS,
        chance=chance_among(len(data.class_names), objective),
    )


def dense(*layers: Any) -> Sequential:
    """Flattened digits through these layers, then ten probabilities."""
    return Sequential([Input((8, 8, 1)), Flatten(), *layers, Dense(10, activation="softmax")])


def convolutional() -> Sequential:
    """A small convolutional network with dropout."""
    return Sequential([
        Input((8, 8, 1)), Conv2D(6, 3, activation="relu"), MaxPooling2D(), Flatten(), Dense(24, activation="relu"),
        Dropout(0.3), Dense(10, activation="softmax"),
    ])  # fmt: skip


def normed() -> Sequential:
    """Batch norm between convolution and ReLU."""
    return Sequential([
        Input((8, 8, 1)), Conv2D(6, 3, padding="same", use_bias=False), BatchNormalization(), ReLU(), MaxPooling2D(),
        Flatten(), Dense(10, activation="softmax"),
    ])  # fmt: skip


def penalized() -> Sequential:
    """A tanh layer with a penalty."""
    return dense(Dense(16, activation="tanh", kernel_regularizer=L2(0.01)))


CLEAN: dict[str, tuple[Callable[[], Sequential], OptimizerSpec]] = {
    "convolution, pool, dropout; adam": (convolutional, Adam()),
    "convolution, batch norm; sgd 0.1": (normed, SGD(0.1)),
    "dense tanh with a penalty; adam": (penalized, Adam()),
}


def clean(name: str, seed: int) -> Subject:
    """A subject with nothing wrong."""
    make, rule = CLEAN[name]
    return subject(make(), dataset(*digits(seed)), seed=seed, rule=rule)
