"""Callbacks: a user's own, early stopping, plateaus, checkpoints, CSV, schedules; and Ctrl-C."""

from __future__ import annotations

import csv
import os
import signal
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from pellucid.errors import ArgumentError, TrainingError
from pellucid.layers import BatchNormalization, Dense, Input
from pellucid.models import Sequential, load_model

random = np.random.default_rng(1)
X = random.normal(size=(40, 3)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32") + 1


def line(rate: Any = 0.05) -> Sequential:
    p.set_random_seed(2)
    model = Sequential([Input((3,)), Dense(1)])
    model.compile(p.optimizers.SGD(rate), "mse")
    return model


def test_a_callback_is_called_at_keras_moments() -> None:
    calls: list[Any] = []

    class Diary(Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            calls.append(("begin", type(self.model).__name__, self.params["epochs"], self.params["steps"]))

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            calls.append(("epoch", epoch))

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            calls.append(("in", batch))

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            calls.append(("out", batch, sorted(logs)))

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            calls.append(("end", epoch, sorted(logs)))

        def on_train_end(self, logs: Any = None) -> None:
            calls.append(("over", sorted(logs)))

    line().fit(X, Y, batch_size=20, epochs=2, verbose=0, validation_split=0.25, callbacks=[Diary()])
    epoch = [("in", 0), ("out", 0, ["loss"]), ("in", 1), ("out", 1, ["loss"])]
    logs = ["learning_rate", "loss", "val_loss"]
    assert calls == [
        ("begin", "Sequential", 2, 2), ("epoch", 0), *epoch, ("end", 0, logs), ("epoch", 1), *epoch, ("end", 1, logs),
        ("over", logs),
    ]  # fmt: skip


def test_a_callback_may_stop_training() -> None:
    class Enough(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.stop_training = epoch == 2

    history = line().fit(X, Y, epochs=9, verbose=0, callbacks=[Enough()])
    assert len(history.epoch) == 3 and history.stopped == "stopped by Enough"

    class AtOnce(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = True

    model = line()
    before = model.get_weights()
    assert model.fit(X, Y, batch_size=10, epochs=9, verbose=0, callbacks=[AtOnce()]).epoch == []
    assert not np.array_equal(before[0], model.get_weights()[0])  # the step in hand is kept
    assert len(model.fit(X, Y, epochs=2, verbose=0).epoch) == 2  # a later fit is not stopped


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_callback_sees_and_sets_the_weights_of_this_moment(precision: str) -> None:
    model = Sequential([Input((3,)), Dense(2), BatchNormalization(), Dense(1)])
    model.compile(p.optimizers.SGD(0.05), "mse", precision=precision)
    seen: list[list[np.ndarray]] = []

    class Meddle(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(self.model.get_weights())

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                self.model.set_weights([np.ones_like(weight) for weight in self.model.get_weights()])

    model.fit(X, Y, batch_size=20, epochs=2, verbose=0, callbacks=[Meddle()])
    for number in range(len(seen[0])):  # every step moved every weight, the moving averages too
        assert not np.array_equal(seen[0][number], seen[1][number]), number
    assert all(np.array_equal(weight, np.ones_like(weight)) for weight in model.get_weights())


def test_a_moment_that_never_comes_is_refused() -> None:
    class Mistyped(Callback):
        def on_epoch_ends(self, epoch: int, logs: Any = None) -> None:
            raise AssertionError

    with pytest.raises(ArgumentError, match=r"Mistyped.on_epoch_ends would never .* Did you mean 'on_epoch_end'"):
        line().fit(X, Y, verbose=0, callbacks=[Mistyped()])
    with pytest.raises(ArgumentError, match="LambdaCallback: argument must be one of on_train_begin"):
        LambdaCallback(on_epoch=print)
    with pytest.raises(ArgumentError, match=r"fit: callbacks must be callbacks from pellucid.callbacks, but it is 7"):
        line().fit(X, Y, verbose=0, callbacks=[7])
    with pytest.raises(ArgumentError, match=r"evaluate: callbacks must be .*EarlyStopping.* Pass EarlyStopping\(...\)"):
        line().evaluate(X, Y, callbacks=[EarlyStopping])


def test_functions_as_callbacks() -> None:
    epochs: list[int] = []
    note = LambdaCallback(on_epoch_end=lambda epoch, logs: epochs.append(epoch))
    line().fit(X, Y, epochs=3, verbose=0, callbacks=note)
    assert epochs == [0, 1, 2]


def test_early_stopping_brings_the_best_weights_back() -> None:
    kept: list[list[np.ndarray]] = []
    remember = LambdaCallback(on_epoch_end=lambda epoch, logs: kept.append(model.get_weights()))
    model = line(rate=1.3)  # too fast: the loss grows from the first epoch on
    stop = EarlyStopping(monitor="loss", patience=2, restore_best_weights=True)
    history = model.fit(X, Y, epochs=9, verbose=0, callbacks=[remember, stop])
    losses = history.history["loss"]
    best = int(np.argmin(losses))
    assert len(losses) == best + 3 and stop.stopped_epoch == best + 2
    assert history.stopped == "stopped early: loss has not improved for 2 epochs"
    np.testing.assert_array_equal(model.get_weights()[0], kept[best][0])


def test_early_stopping_begins_anew_with_every_fit() -> None:
    stop = EarlyStopping(monitor="loss", patience=1, restore_best_weights=True)
    line(rate=0.01).fit(X, Y, epochs=3, verbose=0, callbacks=[stop])
    other = line(rate=1e-6)  # worse than the first fit's best, but falling
    assert len(other.fit(X, Y, epochs=3, verbose=0, callbacks=[stop]).epoch) == 3


def test_watching_what_is_not_there_is_refused() -> None:
    for watcher in (EarlyStopping(), ReduceLROnPlateau(), ModelCheckpoint("x.safetensors", save_best_only=True)):
        with pytest.raises(ArgumentError, match=r"monitor must be one of loss, learning_rate, but it is .?val_loss"):
            line().fit(X, Y, verbose=0, callbacks=[watcher])
    with pytest.raises(ArgumentError, match="mode must be 'auto', 'min' or 'max', but it is 'least'"):
        EarlyStopping(mode="least")
    with pytest.raises(ArgumentError, match="factor must be between 0 and 1"):
        ReduceLROnPlateau(factor=1.5)


def test_larger_is_better_for_scores() -> None:
    stop = EarlyStopping(monitor="val_accuracy", patience=1, mode="max")
    assert stop.improved({"epoch": 1, "val_accuracy": 0.5}) and stop.improved({"epoch": 2, "val_accuracy": 0.6})
    assert not stop.improved({"epoch": 3, "val_accuracy": 0.6})
    assert not stop.improved({"epoch": 4, "val_accuracy": float("nan")})


def test_a_plateau_lowers_the_rate_in_training() -> None:
    model = line(rate=1.3)
    rates: list[float] = []
    note = LambdaCallback(on_epoch_end=lambda epoch, logs: rates.append(logs["learning_rate"]))
    model.fit(X, Y, epochs=6, verbose=0, callbacks=[ReduceLROnPlateau("loss", 0.5, 1, min_delta=0.0), note])
    assert rates[0] == 1.3 and rates[-1] < 1
    assert set(np.round(np.log2(1.3 / np.array(rates)), 6)) <= set(range(6))


@pytest.mark.parametrize(
    "schedule",
    [lambda epoch: 0.1 / (epoch + 1), lambda epoch, rate: rate / (1 + 1 / epoch) if epoch else rate],
    ids=["epoch", "epoch and rate"],
)
def test_a_schedule_by_epochs(schedule: Any) -> None:
    rates: list[float] = []
    note = LambdaCallback(on_epoch_end=lambda epoch, logs: rates.append(logs["learning_rate"]))
    line(0.1).fit(X, Y, epochs=4, verbose=0, callbacks=[LearningRateScheduler(schedule), note])
    assert rates == pytest.approx([0.1, 0.05, 0.1 / 3, 0.025])


def test_a_schedule_may_go_to_zero_and_back() -> None:
    rates: list[float] = []
    note = LambdaCallback(on_epoch_end=lambda epoch, logs: rates.append(logs["learning_rate"]))
    wanted = [0.1, 0.0, 0.2]
    line().fit(X, Y, epochs=3, verbose=0, callbacks=[LearningRateScheduler(lambda epoch: wanted[epoch]), note])
    assert rates == pytest.approx(wanted)
    with pytest.raises(ArgumentError, match="schedule's result must be a number >= 0, but it is -1"):
        line().fit(X, Y, verbose=0, callbacks=[LearningRateScheduler(lambda epoch: -1.0)])


def test_a_schedule_by_steps_in_the_optimizer() -> None:
    rates: list[float] = []
    note = LambdaCallback(on_epoch_end=lambda epoch, logs: rates.append(logs["learning_rate"]))
    schedule = p.optimizers.schedules.ExponentialDecay(0.1, 4, 0.5, staircase=True)  # 4 steps an epoch
    line(schedule).fit(X, Y, batch_size=10, epochs=3, verbose=0, callbacks=[note])
    assert rates == pytest.approx([0.1, 0.05, 0.025])


def test_checkpoints_of_every_epoch_and_of_the_best(tmp_path: Path) -> None:
    best = str(tmp_path / "best.safetensors")
    each = ModelCheckpoint(str(tmp_path / "epoch-{epoch}-{loss:.2f}.safetensors"))
    model = line(rate=1.3)
    callbacks = [each, ModelCheckpoint(best, monitor="loss", save_best_only=True)]
    losses = model.fit(X, Y, epochs=3, verbose=0, callbacks=callbacks).history["loss"]
    files = sorted(path.name for path in tmp_path.iterdir())
    each_epoch = [f"epoch-{number}-{loss:.2f}.safetensors" for number, loss in enumerate(losses, 1)]
    assert files == sorted(["best.safetensors", *each_epoch])
    first = load_model(tmp_path / f"epoch-{int(np.argmin(losses)) + 1}-{min(losses):.2f}.safetensors")
    np.testing.assert_array_equal(load_model(best).get_weights()[0], first.get_weights()[0])
    weights = tmp_path / "weights.safetensors"
    model.fit(X, Y, verbose=0, callbacks=[ModelCheckpoint(str(weights), save_weights_only=True)])
    other = line()
    other.load_weights(weights)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


def test_a_row_an_epoch_in_csv(tmp_path: Path) -> None:
    path = str(tmp_path / "log.csv")

    def rows() -> list[dict[str, str]]:
        with open(path, encoding="utf-8") as file:
            return list(csv.DictReader(file))

    log = CSVLogger(path)
    history = line().fit(X, Y, epochs=2, verbose=0, validation_split=0.25, callbacks=[log])
    assert [(row["epoch"], float(row["val_loss"])) for row in rows()] == [
        (str(epoch), history.history["val_loss"][epoch]) for epoch in range(2)
    ]
    line().fit(X, Y, epochs=1, verbose=0, validation_split=0.25, callbacks=[log])
    assert len(rows()) == 1  # a new fit writes anew
    line().fit(X, Y, epochs=1, verbose=0, validation_split=0.25, callbacks=[CSVLogger(path, append=True)])
    assert len(rows()) == 2


@pytest.mark.parametrize(
    "number, reason", [(signal.SIGINT, "stopped by the user"), (signal.SIGTERM, "stopped by SIGTERM")]
)
def test_a_signal_ends_training_cleanly(number: int, reason: str) -> None:
    handler = signal.getsignal(number)
    steps: list[int] = []

    class Press(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            steps.append(batch)
            if len(steps) == 6:
                os.kill(os.getpid(), number)

    model = line()
    history = model.fit(X, Y, batch_size=10, epochs=50, verbose=0, callbacks=[Press()])
    assert history.stopped == reason
    assert len(steps) == 6 and history.epoch == [0]  # one whole epoch of four steps, and two steps more
    assert signal.getsignal(number) == handler
    assert np.isfinite(model.predict(X)).all()
    assert len(model.fit(X, Y, epochs=2, verbose=0).epoch) == 2


def test_fit_works_off_the_main_thread() -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(line().fit(X, Y, verbose=0)))
    thread.start()
    thread.join()
    assert found[0].epoch == [0]


def test_a_fault_in_a_callback_leaves_a_usable_model() -> None:
    class Fails(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            raise RuntimeError("mine")

    model = line()
    before = model.get_weights()[0]
    with pytest.raises(RuntimeError, match="mine"):
        model.fit(X, Y, verbose=0, callbacks=[Fails()])
    assert not np.array_equal(model.get_weights()[0], before)
    assert len(model.fit(X, Y, verbose=0).epoch) == 1


def test_a_loss_that_is_no_number_stops_and_says_where() -> None:
    data = X.copy()
    data[3, 1] = np.nan
    where = "no longer finite at step 1: it first appeared in the data of input 'input'"
    with np.errstate(all="ignore"), pytest.raises(TrainingError, match=where):
        line().fit(data, Y, batch_size=10, shuffle=False, verbose=0)
    model = line()
    model.set_weights([np.full((3, 1), np.inf), np.zeros(1)])
    where = "at step 1: it first appeared in the weights 'dense/kernel'"
    with np.errstate(all="ignore"), pytest.raises(TrainingError, match=where):
        model.fit(X, Y, verbose=0)
    huge = Sequential([Input((3,)), Dense(3, name="small"), Dense(1, name="large", kernel_initializer=p.initializers
                                                                   .Constant(3e38))])  # fmt: skip
    huge.compile("sgd", "mse")
    before = huge.get_weights()
    with np.errstate(all="ignore"), pytest.raises(TrainingError, match=r"at step 1: .* result of layer 'large'\."):
        huge.fit(100 * X, Y, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, huge.get_weights(), strict=True))


def test_a_rate_far_too_high_names_a_later_step() -> None:
    model = line(rate=1e12)
    with np.errstate(all="ignore"), pytest.raises(TrainingError, match=r"the loss is no longer finite at step [2-9]"):
        model.fit(X, Y, batch_size=10, epochs=3, verbose=0)
    assert np.isfinite(model.get_weights()[0]).all()  # the last good step is kept
