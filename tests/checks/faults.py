"""Planted faults: for each check one or more things that are wrong, as a function of the seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import pellucid as p
from pellucid.checks.finding import Finding, Status
from pellucid.checks.series import NETWORK, check_copies, check_shapes, of_data, tried
from pellucid.checks.subject import Subject
from pellucid.initializers import Constant, RandomNormal
from pellucid.layers import Dense, Flatten, Input
from pellucid.models import Sequential
from pellucid.spec.layer import LayerSpec
from pellucid.spec.optimizers import Adam
from tests.checks.subjects import convolutional, dataset, dense, digits, subject

Images = dict[str, np.ndarray]


@dataclass(frozen=True)
class TooSteep(LayerSpec):
    """y = x, whose backward is a tenth too large."""


@dataclass(frozen=True)
class LessBatchMean(LayerSpec):
    """y = x - its mean over the batch, with the right backward."""


def less_mean(x: np.ndarray) -> np.ndarray:
    return x - x.mean(axis=0, keepdims=True)


Steep = p.register_layer(
    TooSteep, reference=(lambda s, x, w, c: (x[0] * 1.0, None), lambda s, dy, saved, w, c: ([dy * 1.1], {}))
)
Mixing = p.register_layer(
    LessBatchMean, reference=(lambda s, x, w, c: (less_mean(x[0]), None),
                              lambda s, dy, saved, w, c: ([less_mean(dy)], {})),
)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """What is wrong, which check must say so, and how loudly."""

    what: str
    check: str
    status: Status
    plant: Callable[[int], Subject]


def images_changed(change: Callable[[Images, Images], None]) -> Callable[[int], Subject]:
    """Digits after `change(images, labels)`, with a network that is in order."""

    def plant(seed: int) -> Subject:
        images, labels = digits(seed)
        change(images, labels)
        shape = images["train"].shape[1:]
        model = Sequential([Input(shape), Flatten(), Dense(16, activation="relu"), Dense(10, activation="softmax")])
        return subject(model, dataset(images, labels), seed=seed)

    return plant


def network(make: Callable[[], Sequential], **settings: Any) -> Callable[[int], Subject]:
    """A network on digits that are in order."""
    return lambda seed: subject(make(), dataset(*digits(seed)), seed=seed, **settings)


def repeat(images: Images, labels: Images) -> None:
    images["train"][10:20], labels["train"][10:20] = images["train"][:10], labels["train"][:10]


def repeat_brighter(images: Images, labels: Images) -> None:
    repeat(images, labels)
    images["train"][10:20] = images["train"][10:20] * 0.8 + 30


def copy_to_test(images: Images, labels: Images) -> None:
    images["test"][:5], labels["test"][:5] = images["train"][:5], labels["train"][:5]


def copy_to_test_brighter(images: Images, labels: Images) -> None:
    copy_to_test(images, labels)
    images["test"][:5] = images["test"][:5] * 0.8 + 30


def keep_few(kept: int) -> Callable[[Images, Images], None]:
    """Leave so many training images of the class 3."""

    def change(images: Images, labels: Images) -> None:
        gone = np.flatnonzero(labels["train"] == 3)[kept:]
        images["train"], labels["train"] = (np.delete(part["train"], gone, axis=0) for part in (images, labels))

    return change


def constant_blue(images: Images, labels: Images) -> None:
    for name, x in images.items():
        images[name] = np.concatenate([x, x[:, ::-1], np.full_like(x, 7)], axis=-1)


def black(images: Images, labels: Images) -> None:
    for x in images.values():
        x[:] = 0


def of_one_colour(images: Images, labels: Images) -> None:
    for x in images.values():
        x[::10] = np.arange(len(x[::10]), dtype=np.uint8)[:, None, None, None]


def as_floats(factor: float, offset: float = 0.0) -> Callable[[Images, Images], None]:
    """Pixels as floats, which Pellucid leaves alone."""

    def change(images: Images, labels: Images) -> None:
        for name, x in images.items():
            images[name] = (x / 255 * factor + offset).astype(np.float32)

    return change


def one_not_a_number(images: Images, labels: Images) -> None:
    as_floats(1.0)(images, labels)
    images["train"][3, 2, 2, 0] = np.nan


def contradict(images: Images, labels: Images) -> None:
    images["train"][:] = images["train"][0]


def in_two_groups(seed: int) -> Subject:
    whole = images_changed(lambda images, labels: None)(seed)
    parts = {name: replace(part, groups=np.array([f"patient{i % 20}" for i in range(len(part))]))
             for name, part in whole.dataset.parts.items()}
    return replace(whole, dataset=replace(whole.dataset, parts=parts))


def without_threes(seed: int) -> Subject:
    """The readers refuse such files; a data set put together by a program may still be like this."""
    whole = images_changed(lambda images, labels: None)(seed)
    train = whole.dataset.part("train")
    left = train.subset(np.flatnonzero(train.labels != 3))
    return replace(whole, dataset=replace(whole.dataset, parts={**whole.dataset.parts, "train": left}))


def in_order(seed: int) -> Subject:
    images, labels = digits(seed)
    order = np.argsort(labels["train"], kind="stable")
    images["train"], labels["train"] = images["train"][order], labels["train"][order]
    return subject(dense(Dense(16, activation="relu")), dataset(images, labels), seed=seed, shuffle=False)


def flat(*layers: Any, size: int = 8) -> Callable[[], Sequential]:
    """Digits through these layers and nothing more."""
    return lambda: Sequential([Input((size, size, 1)), Flatten(), *[make() for make in layers]])


def hidden(**settings: Any) -> Callable[[], Sequential]:
    """One hidden layer."""
    return lambda: dense(Dense(16, **settings))


def last(*layers: Callable[[], Any]) -> Callable[[], Sequential]:
    """A hidden layer and these after it."""
    return flat(lambda: Dense(16, activation="relu"), *layers)


FAULTS = (
    Fault("ten images copied within a part", "duplicates", "warning", images_changed(repeat)),
    Fault("ten images copied, brighter", "duplicates", "warning", images_changed(repeat_brighter)),
    Fault("training images in the test part", "leakage", "failure", images_changed(copy_to_test)),
    Fault("the same, brighter", "leakage", "warning", images_changed(copy_to_test_brighter)),
    Fault("a patient in two parts", "group-leakage", "failure", in_two_groups),
    Fault("a class with two images", "rare-class", "warning", images_changed(keep_few(2))),
    Fault("a class with none", "empty-class", "failure", without_threes),
    Fault("a channel that never varies", "dead-input", "warning", images_changed(constant_blue)),
    Fault("black images only", "dead-input", "failure", images_changed(black)),
    Fault("every tenth image of one colour", "dead-input", "warning", images_changed(of_one_colour)),
    Fault("float pixels from 0 to 255", "scale", "warning", images_changed(as_floats(255.0))),
    Fault("float pixels from 0 to 0.001", "scale", "warning", images_changed(as_floats(0.001))),
    Fault("float pixels from 7 to 8", "scale", "warning", images_changed(as_floats(1.0, 7.0))),
    Fault("a pixel that is no number", "scale", "failure", images_changed(one_not_a_number)),
    Fault("labels in order, no shuffling", "order", "failure", in_order),
    Fault("nine outputs for ten classes", "shapes", "failure", network(last(lambda: Dense(9, activation="softmax")))),
    Fault("a network for larger images", "shapes", "failure",
          network(flat(lambda: Dense(10, activation="softmax"), size=9))),
    Fault("first weights that overflow", "shapes", "failure",
          network(hidden(kernel_initializer=Constant(3e38)))),
    Fault("ReLU before the softmax", "output-activation", "failure",
          network(last(lambda: Dense(10, activation="relu"), lambda: p.layers.Softmax()))),
    Fault("two softmaxes", "output-activation", "failure",
          network(last(lambda: Dense(10, activation="softmax"), lambda: p.layers.Softmax()))),
    Fault("no softmax", "output-activation", "failure", network(last(lambda: Dense(10)))),
    Fault("ReLUs with a bias of -10", "dead-units", "failure",
          network(hidden(activation="relu", bias_initializer=Constant(-10.0)))),
    Fault("sigmoids with a bias of 20", "dead-units", "failure",
          network(hidden(activation="sigmoid", bias_initializer=Constant(20.0)))),
    Fault("first weights fifty times too large", "initial-loss", "failure",
          network(hidden(activation="relu", kernel_initializer=RandomNormal(stddev=10.0)))),
    Fault("a backward a tenth too large", "gradients", "failure", network(lambda: dense(Dense(16), Steep()))),
    Fault("a layer that mixes the batch", "batch-leak", "failure", network(lambda: dense(Dense(16), Mixing()))),
    Fault("one image under ten classes", "tiny-subset", "failure", images_changed(contradict)),
    Fault("adam at 0.0000001", "tiny-subset", "warning", network(convolutional, rule=Adam(1e-7))),
    Fault("adam at 10", "learning-rate", "failure", network(convolutional, rule=Adam(10.0))),
    Fault("adam at 0.000001", "learning-rate", "warning", network(convolutional, rule=Adam(1e-6))),
)  # fmt: skip


def finding(check: str, subject: Subject) -> Finding:
    """What one check says."""
    if check in ("duplicates", "leakage"):
        return next(found for found in check_copies(subject) if found.name == check)
    if check == "shapes":
        return tried(check, check_shapes, subject)
    return tried(check, (of_data(subject.own) | NETWORK)[check], subject)
