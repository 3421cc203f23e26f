"""The title, the sentence under it, and the cautions: each says what was measured, with its number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pellucid.diagnosis.decomposition import Decomposition, PartError, decompose
from pellucid.diagnosis.headline import cautions, guess_error, headline, thin_classes
from pellucid.diagnosis.wording import counted, percent, points, small_percent, spanned
from tests.diagnosis.test_next_steps import RUN


def split(n: int = 10_000, reference: float | None = 0.002, drawn: bool = False, **percent: float) -> Decomposition:
    errors = [PartError(part.replace("_", "-"), round(value * n / 100), n) for part, value in percent.items()]
    return decompose(errors, reference=reference, dev_drawn_from_train=drawn)


@pytest.mark.parametrize(
    ("found", "title", "words"),
    [
        (split(train=5, validation=6), "Bias", "5.0 % of them are wrong, 4.8 points above the reference of 0.20 %"),
        (split(reference=None, train=5, validation=6), "Bias", "and the reference is taken as 0 %"),
        (split(train=0.5, validation=5, drawn=True), "Variance", "validation images are 4.5 points (4.1 to 5.0) worse"),
        (split(train=0.5, validation=5), "Variance or mismatch", "4.5 points"),
        (split(train=1, train_dev=1.5, validation=10), "Mismatch", "of another kind than the training images"),
        (split(train=1, train_dev=1, validation=1, test=4), "Dev over-fitting", "test images are 3.0 points"),
        (split(train=5, validation=10, drawn=True), "Bias", "Beside it: variance, 5.0 points."),
        (split(n=1000, reference=None, train=0, validation=0.1), "No main problem", "larger than the noise"),
        (split(n=100, reference=None, train=1, validation=6), "Too few images to tell",
         "may be nothing or the main problem: 100 validation images say no more"),
        (split(n=100, reference=0.0, train=0, validation=1), "Too few images to tell",
         "variance, 1.0 point (-2.8 to 5.4), may"),
        (split(n=60_000, reference=None, train=0.7, validation=1.1), "Little is left to gain",
         "1.1 % of the validation images are wrong. The largest gap that is more than noise is bias, 0.7 points"),
        (split(n=60_000, reference=0.02, train=2.9, validation=2.9), "Little is left to gain", "below 1.0 point it"),
        (split(train=2, validation=60), "No better than a guess", "wrong on 60.0 %. Of the training images 2.0 %"),
        (split(train=2, train_dev=3, validation=60), "Mismatch", "57.0 points"),
    ],
)
def test_title_and_sentence(found: Decomposition, title: str, words: str) -> None:
    said = headline(found, RUN)
    assert said[0] == title and words in said[1]


def test_three_images_that_are_all_right_are_no_guess() -> None:
    found = split(n=3, reference=0.0, train=0, validation=0)  # their interval reaches to 56 %
    assert headline(found, replace(RUN, guess_error=0.34))[0] == "Too few images to tell"


def test_cautions_say_what_could_not_be_measured() -> None:
    told = " ".join(cautions(split(reference=None, train=1, test=3), RUN))
    for words in ("no reference error was given", "no dev part", "--train-dev-fraction 0.1"):
        assert words in told
    drawn = " ".join(cautions(split(train=1, validation=3, drawn=True), RUN))
    assert "stand for train-dev too" in drawn and "undivided" not in drawn
    full = list(cautions(split(train=1, train_dev=1.05, validation=3, test=1), RUN))
    assert full == [
        "variance, 0.05 points (-0.23 to 0.33), is within the noise: as well 0 as not",
        "test images are 2.0 points better than validation images: they are the easier ones",
    ]


def test_a_reference_above_the_training_error_is_said() -> None:
    told = list(cautions(split(reference=0.05, train=1, validation=3), replace(RUN, dev_drawn=False)))
    assert "the training error (1.0 %) is below the reference error (5.0 %)" in told[0]


def test_parts_with_one_class_or_too_few_of_a_class() -> None:
    names = ("a", "b", "c")
    assert list(thin_classes("dev", np.array([1, 1, 1]), names)) == [
        "all 3 dev images are of the class 'b': the error there says nothing about the 2 other classes"
    ]
    assert list(thin_classes("dev", np.array([0, 0, 1, 2, 2]), names)) == [
        "1 of 3 classes have fewer than 2 dev images ('b'): nothing can be said of them one by one"
    ]
    assert list(thin_classes("dev", np.array([0, 0, 1, 1, 2, 2]), names)) == []
    assert next(thin_classes("dev", np.array([0]), ("only",))).startswith("1 of 1 classes")


def test_the_error_of_a_guess_by_hand() -> None:
    labels = {"train": np.array([0, 1]), "validation": np.array([0, 0, 0, 1, 2]), "test": np.array([1])}
    assert guess_error(labels) == pytest.approx(0.4)  # three of five are the commonest
    assert guess_error({"test": np.array([1, 1])}) is None and guess_error({"train": np.array([0, 1])}) is None


def test_numbers_in_words() -> None:
    assert [points(value) for value in (0.083, 0.01, 0.00999, 0.0031, 0.0, -0.05)] == [
        "8.3 points", "1.0 point", "1.0 point", "0.31 points", "0 points", "-5.0 points",
    ]  # fmt: skip
    assert spanned(0.08, 0.071, 0.089) == "8.0 points (7.1 to 8.9)"
    assert [percent(0.9999), percent(1.0), small_percent(0.0051), small_percent(0.051)] == [
        "99.9 %", "100 %", "0.51 %", "5.1 %",
    ]  # fmt: skip
    assert [counted(1, "image"), counted(54_000, "image")] == ["1 image", "54,000 images"]
