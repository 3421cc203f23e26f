"""The checks of a run that learns numbers and knows no classes: all of them are made, and none of them errs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pellucid.checks.chance import chance_of
from pellucid.checks.finding import Finding
from pellucid.checks.initial_loss import check_initial_loss
from pellucid.checks.series import check_all, check_quick, names
from pellucid.checks.subject import Subject
from pellucid.checks.tiny_subset import check_tiny_subset
from pellucid.data.annotations import Annotations, Numbers
from pellucid.data.arrays import dataset_of_arrays
from pellucid.data.batches import Batches
from pellucid.data.options import Options
from pellucid.data.preprocessing import default_pipeline
from pellucid.engines.protocol import Objective, Term
from pellucid.engines.reference import ReferenceEngine
from pellucid.keys import Key
from pellucid.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from pellucid.models import Sequential
from pellucid.runs.weights import draw_weights, native_weights
from pellucid.spec.losses import Huber, LossSpec, MeanAbsoluteError, MeanSquaredError
from pellucid.spec.optimizers import Adam
from tests.checks.subjects import digits

SQUARED = MeanSquaredError()
LOSSES = (SQUARED, MeanAbsoluteError(), Huber())


def encode(annotations: Annotations) -> np.ndarray:
    assert isinstance(annotations, Numbers)
    return annotations.values.astype(np.float32)


def heavy(images: np.ndarray) -> np.ndarray:
    """(N, 2): how far right and how far down the ink of a digit lies, in standard deviations of all."""
    ink = images[..., 0].astype(np.float64)
    places = np.stack([(ink.sum(axis=axis) * np.arange(8)).sum(axis=1) / ink.sum(axis=(1, 2)) for axis in (1, 2)], 1)
    return (places - [3.5, 3.5]) / [0.4, 0.4]


def subject_of_numbers(
    seed: int = 0, *, loss: LossSpec = SQUARED, change: Callable[[np.ndarray], np.ndarray] = lambda y: y,
    end: Any = None, shuffle: bool = True, few: int | None = None,
) -> Subject:
    """Digits, and where their ink lies."""
    images, _ = digits(seed)
    images = {name: x[:few] for name, x in images.items()}
    values = {name: change(heavy(x)) for name, x in images.items()}
    words = ("right", "down")[: values["train"].shape[1]]
    numbers = {name: Numbers(each, words, ("",) * len(words)) for name, each in values.items()}
    data = dataset_of_arrays("digits", "digits", images, numbers, (), options=Options())
    model = Sequential([Input((8, 8, 1)), Conv2D(6, 3, activation="relu"), MaxPooling2D(), Flatten(),
                        Dense(24, activation="relu"), end or Dense(2)])
    key = Key.of(seed)
    draw_weights(model, key.fold("init"))
    part = data.part("train")
    return Subject(
        dataset=data,
        batches=Batches(part, batch_size=16, key=key.fold("batches"), shuffle=shuffle, encode=encode,
                        preprocessing=default_pipeline().fit(part, key=key)),
        graph=model.graph, objective=Objective((Term("output", loss),)), rule=Adam(), engine=ReferenceEngine(),
        weights=lambda engine: native_weights(model, engine), key=key, names=words,
    )


def found(subject: Subject) -> dict[str, Finding]:
    return {one.name: one for one in check_all(subject)}


def test_a_network_that_answers_one_number_is_checked() -> None:
    """Its last bias is a single number, which has no directions to move along."""
    one = found(subject_of_numbers(change=lambda y: y[:, :1], end=Dense(1)))["gradients"]
    assert one.status == "pass" and one.value is not None and one.value < 1e-6


@pytest.mark.parametrize(("seed", "loss"), list(enumerate(LOSSES)), ids=str)
def test_nothing_is_said_where_nothing_is_wrong(seed: int, loss: LossSpec) -> None:
    subject = subject_of_numbers(seed, loss=loss)
    all_of_them = list(check_all(subject))
    assert tuple(one.name for one in all_of_them) == names({}) and not {"rare-class", "empty-class"} & set(names({}))
    assert [one for one in all_of_them if one.status != "pass"] == []
    assert not any("class" in one.meaning for one in all_of_them)
    assert {one.status for one in check_quick(subject)} == {"pass"}


def test_chance_is_the_best_answer_without_looking() -> None:
    y = heavy(digits(0)[0]["train"])
    expected = {MeanSquaredError: y.var(axis=0).mean(), MeanAbsoluteError: np.abs(y - np.median(y, axis=0)).mean()}
    for loss in LOSSES[:2]:
        chance = chance_of(subject_of_numbers(loss=loss))
        assert chance is not None and chance.loss == pytest.approx(expected[type(loss)], rel=1e-5)
    scaled = subject_of_numbers()
    term = replace(scaled.objective.terms[0], scales=(2.0, 2.0), weight=7.0)
    chance = chance_of(replace(scaled, objective=Objective((term,))))
    assert chance is not None and chance.loss == pytest.approx(expected[MeanSquaredError] / 4, rel=1e-5)


FAULTS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "far from zero": ("initial-loss", "failure", "best answer without looking", {"change": lambda y: y + 100}),
    "three outputs for two numbers": ("shapes", "failure", "and the loss compares them with 2", {"end": Dense(3)}),
    "no number below zero": ("output-activation", "failure", "its re_lu gives 0 and more",
                             {"end": Dense(2, activation="relu")}),
    "none beyond one": ("output-activation", "failure", "numbers from -1 to 1", {"end": Dense(2, activation="tanh")}),
    "in order": ("order", "failure", "the same rank in tenths",
                 {"change": lambda y: np.sort(y, axis=0), "shuffle": False}),
    "first weights too large": ("initial-loss", "failure", "sure of wrong answers",
                                {"end": Dense(2, kernel_initializer="ones")}),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(fault: str) -> None:
    check, status, told, planted = FAULTS[fault]
    one = found(subject_of_numbers(**planted))[check]
    assert one.status == status and told in one.meaning and one.remedy, one


def test_equal_images_with_other_numbers_cannot_be_learnt() -> None:
    whole = subject_of_numbers()
    part = whole.batches.source
    same = replace(part, images=part.subset(np.zeros(len(part), np.int64)).images)
    batches = Batches(same, batch_size=16, key=whole.key, encode=encode, preprocessing=whole.batches.preprocessing)
    one = check_tiny_subset(replace(whole, batches=batches))
    assert one.status == "failure" and "equal images with different numbers" in one.remedy


def test_few_samples_are_one_stratum_and_as_many_are_tried() -> None:
    subject = subject_of_numbers(few=60)
    assert len(subject.few_of_each("tiny-subset", each=2, most=20).ids) == 20
    assert {one.status for one in found(subject).values()} == {"pass"}


def test_of_several_losses_nobody_knows_the_first_and_half_of_it_is_enough() -> None:
    whole = subject_of_numbers()
    term = whole.objective.terms[0]
    twice = replace(whole, objective=Objective((term, replace(term, shares="output"))))
    assert check_initial_loss(twice).meaning == "nobody knows what this loss begins with"
    assert check_tiny_subset(twice).status == "pass"
    frozen = replace(whole.graph, layers=tuple(replace(layer, trainable=False) for layer in whole.graph.layers))
    stuck = check_tiny_subset(replace(twice, graph=frozen))
    assert stuck.status == "warning" and "could not be learnt" in stuck.meaning
