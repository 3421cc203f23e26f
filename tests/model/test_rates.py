"""model.optimizer.learning_rate: the rate of this moment, whoever changed it, and it can be set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.callbacks import Callback, LambdaCallback, LearningRateScheduler, ReduceLROnPlateau
from pellucid.errors import ArgumentError
from pellucid.layers import Dense, Input
from pellucid.models import Sequential
from pellucid.optimizers import SGD, Adam

ExponentialDecay = p.optimizers.schedules.ExponentialDecay
X = np.ones((8, 2), "float32")
Y = np.zeros((8, 1), "float32")


def model_of(rule: Any, engine: str = "reference") -> Sequential:
    p.set_random_seed(1)
    model = Sequential([Input((2,)), Dense(1)])
    model.compile(rule, "mse", engine=engine)
    return model


def test_the_rate_follows_the_callbacks_and_lasts() -> None:
    model = model_of(SGD(0.4))
    assert model.optimizer is not None and model.optimizer.learning_rate == 0.4
    seen: list[float] = []
    note = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(float(model.optimizer.learning_rate)))
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1)), note])
    assert seen == pytest.approx([0.1, 0.05, 0.1 / 3]) == model.history.history["learning_rate"]  # as in Keras
    assert model.optimizer.learning_rate == pytest.approx(0.1 / 3) and model.optimizer.iterations == 3
    plateau = ReduceLROnPlateau("loss", 0.5, 1, mode="max", min_delta=1e9)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[plateau])
    assert model.optimizer.learning_rate == pytest.approx(0.1 / 6)


def test_the_rate_follows_a_schedule() -> None:
    model = model_of(SGD(ExponentialDecay(0.4, 1, 0.5)))
    model.fit(X, Y, batch_size=4, verbose=0)
    assert model.optimizer is not None and model.optimizer.learning_rate == pytest.approx(0.1)
    with pytest.raises(ArgumentError, match="learning_rate follows the schedule ExponentialDecay, so it cannot be set"):
        model.optimizer.learning_rate = 0.1  # as in Keras
    model.optimizer.learning_rate = ExponentialDecay(0.8, 1, 0.5)
    assert model.optimizer.learning_rate == pytest.approx(0.2)


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
@pytest.mark.parametrize("after", [0, 1])
def test_a_rate_that_is_set_is_learnt_with(after: int, engine: str) -> None:
    """One weight w, x = 1, y = 0, no bias's gradient apart: a rate of 0 moves nothing, and Adam's step is the rate."""
    model = model_of(Adam(0.5), engine)
    for _ in range(after):
        model.fit(X, Y, verbose=0)
    assert model.optimizer is not None
    before = model.get_weights()
    model.optimizer.learning_rate = 0.0
    model.fit(X, Y, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    model.optimizer.learning_rate.assign(0.25)
    assert model.optimizer.lr == 0.25 == model.optimizer.learning_rate.numpy() and model.optimizer == Adam(0.25)
    rates: list[float] = []
    note = LambdaCallback(on_epoch_end=lambda epoch, logs: rates.append(logs["learning_rate"]))
    model.fit(X, Y, verbose=0, callbacks=[note])
    assert rates == [0.25]
    assert not np.array_equal(before[0], model.get_weights()[0])


def test_a_rate_set_from_a_callback_holds_from_the_next_step_on() -> None:
    class Sets(Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.model.optimizer.learning_rate = 0.1 * (batch + 1)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            moved.append(self.model.get_weights()[1].copy())

    moved = [np.zeros(1, "float32")]
    model = model_of(SGD(5.0))
    model.set_weights([np.zeros((2, 1)), np.zeros(1)])
    model.fit(X, np.ones((8, 1)), batch_size=4, verbose=0, callbacks=[Sets()])
    assert moved[1] - moved[0] == pytest.approx(0.1 * 2)  # dL/db = -2 (1 - y), y = 0
    assert moved[2] - moved[1] == pytest.approx(0.2 * 2 * (1 - 0.6))  # y = 3 * 0.2 after the first step
    assert model.optimizer is not None and model.optimizer.learning_rate == pytest.approx(0.2)


@pytest.mark.parametrize("value", ["fast", -1, float("nan"), None, True, [0.1]])
def test_no_rate_is_a_sentence(value: Any) -> None:
    model = model_of(SGD(0.4))
    with pytest.raises(ArgumentError, match=r"SGD: learning_rate must be a number >= 0 or a schedule, but it is "):
        model.optimizer.learning_rate = value  # type: ignore[union-attr]
    assert model.optimizer.learning_rate == 0.4  # type: ignore[union-attr]


def test_what_cannot_be_set_says_so() -> None:
    model = model_of(SGD(0.4))
    rule, layer = SGD(0.1), model.layers[0]
    changes: list[tuple[Any, str]] = [(model.optimizer, "momentum"), (rule, "learning_rate"), (model, "optimizer"),
                                      (layer, "units"), (layer.spec, "units")]  # fmt: skip
    for owner, name in changes:
        with pytest.raises(ArgumentError, match=r"(Make a new|Compile again|Call model\.compile)"):
            setattr(owner, name, 0.5)
    with pytest.raises(ArgumentError, match="Make a new"):
        del rule.momentum
    assert model.layers[0].units == 1 and model.optimizer.momentum == 0.0  # type: ignore[union-attr]
    other = Sequential([Input((2,)), Dense(1)])
    other.compile(model.optimizer, "mse")  # the rule of a compiled model may be handed on
    assert other.optimizer == SGD(0.4)
    with pytest.raises(ArgumentError, match=r"optimizer must be a word or an optimizer, .* Pass SGD\(\.\.\.\)"):
        other.compile(SGD, "mse")
