"""Targets that a loss is not defined for are refused before a weight moves, on both engines, with value and place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.errors import ArgumentError
from pellucid.layers import Dense, Input
from pellucid.losses import BinaryCrossentropy, CategoricalFocalCrossentropy
from pellucid.models import Model, Sequential

X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
YES = np.arange(12) % 2
THREE = np.arange(12) % 3
ROWS = p.to_categorical(THREE, 3)


def model(loss: Any, engine: str = "reference") -> Sequential:
    words = {"ategorical": ("softmax", 3), "logits": ("linear", 1), "": ("sigmoid", 1)}
    ending = next(words[word] for word in words if word in str(loss))
    made = Sequential([Input((3,)), Dense(ending[1], activation=ending[0])])
    made.compile("sgd", loss, engine=engine)
    return made


def spoilt(y: np.ndarray, place: Any, value: float) -> np.ndarray:
    copy = np.array(y, "float64")
    copy[place] = value
    return copy


CASES: dict[str, tuple[Any, np.ndarray, str]] = {
    "-1 and 1": ("binary_crossentropy", YES * 2 - 1, r"must be from 0 to 1, but it is -1 at y\[0\]. .*\(y \+ 1\)"),
    "0 and 255": ("bce", YES * 255, r"it is 255 at y\[1\]. Pass y / 255"),
    "1 and 2": (BinaryCrossentropy(from_logits=True), YES + 1, r"it is 2 at y\[1\]. Pass y - 1"),
    "class numbers": ("bce", THREE, r"it is 2 at y\[2\]. Class numbers go with"),
    "a little above": ("bce", spoilt(YES, 7, 1.0001), r"it is 1.0001 at y\[7\]"),
    "no number": ("bce", spoilt(YES, 5, np.nan), r"must be finite numbers, but it is nan at y\[5\]. Where there"),
    "rows of two": ("categorical_crossentropy", ROWS * 2, r"whose rows add up to 1, but it is 2 at y\[0, 0\]"),
    "two at once": ("categorical_crossentropy", spoilt(ROWS, (4, 2), 1), r"it is 2, the sum of y\[4\]. .*binary_cross"),
    "too little": (CategoricalFocalCrossentropy(), ROWS * 0.8, r"it is 0.8, the sum of y\[0\]. Divide each row"),
    "below zero": ("categorical_crossentropy", spoilt(ROWS, (3, 1), -1), r"it is -1 at y\[3, 1\]"),
    "a class too many": ("sparse_categorical_crossentropy", spoilt(THREE, 9, 3), r"from 0 to 2, but it is 3 at y\[9\]"),
    "a class below": ("sparse_categorical_focal_crossentropy",
                      spoilt(THREE, 10, -1)[:, None], r"labels must be from 0 to 2, but it is -1 at y\[10\]"),
    "infinite": ("mse", spoilt(YES, 2, np.inf), r"targets must be finite numbers, but it is inf at y\[2\]"),
}  # fmt: skip


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
@pytest.mark.parametrize("loss, y, text", CASES.values(), ids=CASES)
def test_what_a_loss_is_not_defined_for_is_refused(loss: Any, y: np.ndarray, text: str, engine: str) -> None:
    made = model(loss, engine)
    before = made.get_weights()
    pages = [(X[at : at + 6], y[at : at + 6]) for at in (0, 6)]
    for work in (lambda: made.fit(X, y, batch_size=2, verbose=0), lambda: made.evaluate(X, y, verbose=0),
                 lambda: made.train_on_batch(X, y), lambda: made.test_on_batch(X, y)):  # fmt: skip
        with pytest.raises(ArgumentError, match=text):
            work()
    assert all(np.array_equal(a, b) for a, b in zip(before, made.get_weights(), strict=True))
    for work in (lambda: made.fit(iter(pages), steps_per_epoch=2, verbose=0), lambda: made.evaluate(pages, verbose=0)):
        with pytest.raises(ArgumentError, match=r"(targets|labels).* must be .*, but it is "):
            work()
    with pytest.raises(ArgumentError, match=text):
        made.fit(X, ROWS if y.ndim == 2 and y.shape[1] == 3 else np.zeros(y.shape), validation_data=(X, y), verbose=0)


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_what_is_legal_stays_so(engine: str) -> None:
    soft = np.full((12, 3), 0.33)
    blank = spoilt(ROWS, slice(3, 6), 0)
    for y in (ROWS, soft, blank, ROWS.astype(int), ROWS.astype(bool), ROWS.astype("float16")):
        model("categorical_crossentropy", engine).fit(X, y, verbose=0)
    for y in (YES, YES * 0.5, YES.astype(bool), YES[:, None], spoilt(YES, 3, 1.0)):
        model("bce", engine).fit(X, y, verbose=0)
    some = np.arange(12) > 2
    for y, loss in ((spoilt(YES, slice(0, 3), -1), "bce"), (spoilt(ROWS, slice(0, 3), 7), "categorical_crossentropy"),
                    (spoilt(YES, slice(0, 3), np.nan), "mse")):  # fmt: skip
        made = model(loss, engine)
        made.fit(X, y, verbose=0, masks=some)
        if np.isfinite(y).all():
            made.fit(X, y, verbose=0, sample_weight=some.astype(float))
        with pytest.raises(ArgumentError):
            made.fit(X, y, verbose=0)


def test_targets_of_several_outputs_are_named() -> None:
    x = Input((3,))
    made = Model(x, [Dense(1, activation="sigmoid", name="yes")(x), Dense(1, name="size")(x)])
    made.compile("sgd", {"yes": "bce", "size": "mse"}, engine="reference")
    with pytest.raises(ArgumentError, match=r"output 'yes': targets .* but it is -1 at y\['yes'\]\[0\]"):
        made.fit(X, {"yes": YES * 2 - 1, "size": YES * 9}, verbose=0)


def test_a_target_of_another_shape_keeps_its_sentence() -> None:
    with pytest.raises(ValueError, match="Class numbers go with loss='sparse_categorical_crossentropy'"):
        model("categorical_crossentropy").fit(X, THREE, verbose=0)
    with pytest.raises(ValueError, match="whole class numbers"):
        model("sparse_categorical_crossentropy").fit(X, THREE + 0.5, verbose=0)
