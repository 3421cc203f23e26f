"""Every argument that Keras's calls and callbacks take is taken here or refused by name; a wrong kind is a sentence."""

from __future__ import annotations

import inspect
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras

import pellucid as p
from pellucid.errors import ArgumentError, PellucidError
from pellucid.layers import Dense, Input
from pellucid.models import Sequential
from pellucid.training.absent import INSTEAD

X = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
Y = np.arange(6) % 2
CALLS = ["compile", "fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"]
HUGE = 10**400
WRONG: list[Any] = [
    "nonsense", 1.5, -3, float("nan"), float("inf"), HUGE, object(), [], {}, {"a": object()}, (1, "b"), int, print,
    b"bytes", True, np.array([1.0, np.nan]), np.array("x"), [None], [[1], [2, 3]], "\x1b[31m\n" + "x" * 5000, {1: 2},
    set(), [1, 2], Ellipsis, np.float64(2.5), complex(1, 2),
]  # fmt: skip


def compiled() -> Sequential:
    model = Sequential([Input((3,)), Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], engine="reference")
    return model


CALLED: dict[str, Callable[..., Any]] = {
    "compile": lambda **given: compiled().compile(**{"optimizer": "sgd", "loss": "mse", "engine": "reference"} | given),
    "fit": lambda **given: compiled().fit(**{"x": X, "y": Y, "verbose": 0} | given),
    "evaluate": lambda **given: compiled().evaluate(**{"x": X, "y": Y, "verbose": 0} | given),
    "predict": lambda **given: compiled().predict(**{"x": X, "verbose": 0} | given),
    "train_on_batch": lambda **given: compiled().train_on_batch(**{"x": X, "y": Y} | given),
    "test_on_batch": lambda **given: compiled().test_on_batch(**{"x": X, "y": Y} | given),
    "predict_on_batch": lambda **given: compiled().predict_on_batch(**{"x": X} | given),
}
CALLBACKS = ["CSVLogger", "EarlyStopping", "LambdaCallback", "LearningRateScheduler", "ModelCheckpoint",
             "ReduceLROnPlateau"]  # fmt: skip
NEEDED = {"CSVLogger": {"filename": "log.csv"}, "ModelCheckpoint": {"filepath": "a.safetensors"},
          "LearningRateScheduler": {"schedule": lambda epoch: 0.1}}  # fmt: skip


def names(function: Any) -> list[str]:
    """The arguments of a function, in order, without self and **others."""
    return [word for word, p in inspect.signature(function).parameters.items()
            if word != "self" and p.kind is not p.VAR_KEYWORD]  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_a_call_takes_keras_arguments_in_keras_order(call: str) -> None:
    ours, theirs = (names(getattr(library.Model, call)) for library in (p, keras))
    kinds = inspect.signature(getattr(p.Model, call)).parameters
    by_place = [word for word in ours if kinds[word].kind is not inspect.Parameter.KEYWORD_ONLY]
    assert by_place == theirs[: len(by_place)]
    left = set(theirs) - set(ours)
    assert left <= {"run_eagerly", "steps_per_execution", "auto_scale_loss"}  # compile takes them as **ignored
    for word in left:
        CALLED[call](**{word: inspect.signature(getattr(keras.Model, call)).parameters[word].default})


@pytest.mark.parametrize("name", sorted(word for word in dir(keras.callbacks) if word[0].isupper()))
def test_every_callback_of_keras_is_here_or_says_what_to_use(name: str) -> None:
    if name in INSTEAD:
        with pytest.raises(ArgumentError, match=rf"{name} is not part of Pellucid\. \w.*\.$"):
            getattr(p.callbacks, name)("anything", at="all")
        return
    ours, theirs = getattr(p.callbacks, name), getattr(keras.callbacks, name)
    if name not in ("Callback", "History"):
        assert names(ours.__init__) == names(theirs.__init__)
    if name != "History":
        moments = {word for word in dir(theirs) if word.startswith(("on_", "set_"))}
        assert moments <= set(dir(ours))


def test_what_keras_has_not_is_not_here() -> None:
    assert not hasattr(p.callbacks, "NoSuchCallback")


@pytest.mark.parametrize("call", CALLS)
def test_an_argument_of_a_wrong_kind_is_a_sentence(
    call: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for argument in [*names(getattr(p.Model, call)), "nonsense"]:
        for value in [value for value in WRONG if value is not HUGE or argument != "epochs"]:
            refused(CALLED[call], argument, value)
    with pytest.raises(ArgumentError, match=r"argument|arguments are"):
        getattr(compiled(), call)(*[None] * 99)


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callback_made_of_a_wrong_kind_is_a_sentence(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    make, needed = getattr(p.callbacks, name), NEEDED.get(name, {})

    def made(**given: Any) -> Any:
        callback = make(**needed | given)
        return compiled().fit(X, Y, validation_data=(X, Y), verbose=0, callbacks=[callback])

    for argument in [*names(make.__init__), "nonsense"]:
        for value in WRONG:
            if not (callable(value) and name == "LambdaCallback"):
                refused(made, argument, value)
    with pytest.raises(ArgumentError, match=f"{name}: "):
        make(*[1] * 99)


def refused(call: Callable[..., Any], argument: str, value: Any) -> None:
    """A value of whatever kind does its work or ends in one bounded sentence that shows as it is."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        try:
            call(**{argument: value})
        except PellucidError as fault:
            said = str(fault)
            assert said.isprintable() and len(said) < 700 and said.rstrip().endswith((".", ")", "?")), said
        except BaseException as fault:
            raise AssertionError(f"{argument}={value!r:.80}: {type(fault).__name__}: {fault}") from fault
