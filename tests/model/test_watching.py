"""What monitors watch: which way is better, baselines, checkpoints, and what they say."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras

import pellucid as p
from pellucid.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from pellucid.errors import ArgumentError, FileError
from pellucid.layers import Dense, Input
from pellucid.metrics import BinaryAccuracy, MeanSquaredError, TopKCategoricalAccuracy
from pellucid.models import Model, Sequential

random = np.random.default_rng(1)
X = random.normal(size=(40, 3)).astype("float32")
LABELS = (X[:, 0] > 0) * 1


def line(rate: float = 0.05) -> Sequential:
    p.set_random_seed(2)
    model = Sequential([Input((3,)), Dense(1)])
    model.compile(p.optimizers.SGD(rate), "mse", engine="reference")
    return model


def fit(model: Any, *callbacks: Any, **more: Any) -> Any:
    y = X[:, :1] if model.output_shape == (None, 1) else LABELS
    given = {"x": X, "y": y, "verbose": 0, "validation_data": (X, y), "callbacks": list(callbacks)} | more
    return model.fit(**given)


def test_auto_asks_the_loss_or_metric_behind_the_name() -> None:
    x = Input((3,))
    heads = [Dense(2, activation="softmax", name="accident")(x), Dense(1, name="leaf1")(x)]
    model = Model(x, heads)
    model.compile("sgd", {"accident": "sparse_categorical_crossentropy", "leaf1": "mse"}, engine="reference",
                  metrics={"accident": ["accuracy", TopKCategoricalAccuracy(1, name="hits")],
                           "leaf1": [MeanSquaredError(name="auc"), BinaryAccuracy(name="lossy")]},
                  weighted_metrics={"leaf1": ["mae"]})  # fmt: skip
    y = {"accident": LABELS, "leaf1": X[:, 0]}
    less = ["loss", "accident_loss", "leaf1_loss", "leaf1_auc", "leaf1_mae"]
    more = ["accident_accuracy", "accident_hits", "leaf1_lossy"]
    names = [f"{part}{name}" for name in less + more for part in ("", "val_")]
    stops = [EarlyStopping(name, patience=9) for name in names]
    fit(model, *stops, y=y, validation_data=(X, y))
    assert {stop.monitor for stop in stops if stop.sign == 1} == {n for n in names if n.removeprefix("val_") in more}
    assert all(stop.sign in (1, -1) for stop in stops)


@pytest.mark.parametrize("make", [EarlyStopping, ReduceLROnPlateau,
                                  lambda m: ModelCheckpoint("x.safetensors", m, save_best_only=True)])  # fmt: skip
def test_a_name_behind_which_nothing_is_known_is_refused_before_the_first_epoch(make: Any) -> None:
    begun: list[int] = []
    note = p.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(epoch))
    with pytest.raises(ArgumentError, match=r"is 'val_top3'\. .*say mode='min' or 'max'"):
        fit(line(), note, make("val_top3"))
    assert begun == []


def test_validation_data_that_was_passed_is_not_asked_for_again() -> None:
    model = line()
    model.compile("sgd", "mse", metrics=["mae"], engine="reference")
    with pytest.raises(ArgumentError, match="Did you mean 'val_mae'") as caught:
        fit(model, EarlyStopping("val_mea"))
    assert "Pass validation_data" not in str(caught.value)
    with pytest.raises(ArgumentError, match="Did you mean 'val_mae'") as caught:
        fit(model, EarlyStopping("val_mea", mode="min"))
    assert "Pass validation_data" not in str(caught.value)
    with pytest.raises(ArgumentError, match="Pass validation_data or validation_split"):
        fit(model, EarlyStopping("val_mae"), validation_data=None)


def test_a_number_of_ones_own_may_be_watched_and_is_in_the_history() -> None:
    class Mine(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["mine"] = [3.0, 5.0, 4.0, 3.0][epoch]

    stop = EarlyStopping("mine", patience=1, mode="max")
    history = fit(line(), Mine(), stop, epochs=4).history
    assert history["mine"] == [3.0, 5.0, 4.0] and stop.best == 5.0

    class Stops(EarlyStopping):  # a subclass's own moments are called, and the stopping still works
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["mine"] = float(epoch)
            super().on_epoch_end(epoch, logs)

    assert len(fit(line(), Stops("mine", patience=2, mode="min"), epochs=9).epoch) == 3


@pytest.mark.parametrize("baseline", [None, 0.5, 0.86, 0.895])
@pytest.mark.parametrize("patience", [0, 2, 3])
def test_a_baseline_is_keras_own(baseline: float | None, patience: int) -> None:
    losses = [1.0, 0.9, 0.95, 0.9, 0.89, 0.91, 0.85, 0.86, 0.87, 0.88, 0.9]
    options: Any = {"patience": patience, "baseline": baseline, "restore_best_weights": True}
    ours, theirs = EarlyStopping("loss", **options), keras.callbacks.EarlyStopping("loss", **options)
    engine = SimpleNamespace(get=lambda part: part, put=lambda part: part, copies=dict)
    state: dict[str, Any] = {"params": {}, "state": {}, "slots": {}}
    progress: Any = SimpleNamespace(stop="", validates=False, engine=engine, state=state)
    kept: list[int] = []
    model: Any = SimpleNamespace(stop_training=False, get_weights=lambda: epoch, set_weights=kept.append)
    ours.begin(progress)
    theirs.set_model(model)
    theirs.on_train_begin()
    for epoch, loss in enumerate(losses):
        progress.state["params"] = {"number": np.array(epoch)}
        ours.epoch(progress, {"epoch": epoch + 1, "loss": loss})
        theirs.on_epoch_end(epoch, {"loss": loss})
        assert bool(progress.stop) == model.stop_training, epoch
        if progress.stop:
            break
    ours.end(progress)
    theirs.on_train_end()
    assert [int(progress.state["params"]["number"])] == kept


def test_a_checkpoint_makes_its_folder_and_fills_in_names(tmp_path: Path) -> None:
    name = tmp_path / "new" / "deep" / "{epoch:02d}-{batch}-{loss:.1f}.safetensors"
    fit(line(), ModelCheckpoint(str(name), save_freq=3), batch_size=10, epochs=2)  # 4 steps an epoch, 8 in all
    assert [path.name[:4] for path in sorted((tmp_path / "new" / "deep").iterdir())] == ["01-3", "02-2"]
    with pytest.raises(ArgumentError, match=r"filepath must be made of names .*epoch, loss.* Did you mean 'val_loss'"):
        fit(line(), ModelCheckpoint(tmp_path / "{val_los}.safetensors"))
    with pytest.raises(ArgumentError, match="filepath must be a path with names such as"):
        fit(line(), ModelCheckpoint(tmp_path / "{epoch.safetensors"))
    with pytest.raises(FileError, match=r"Use the name best\.safetensors"):
        ModelCheckpoint("best.h5")
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="file is a file, so no folder"):
        fit(line(), ModelCheckpoint(tmp_path / "file" / "a.safetensors"))


def test_a_checkpoint_begins_from_its_threshold_and_keeps_its_best(tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    first = ModelCheckpoint(path, "loss", save_best_only=True)
    fit(line(), first, epochs=3)
    written = path.read_bytes()
    fit(line(1e-6), ModelCheckpoint(path, "loss", save_best_only=True, initial_value_threshold=first.best))
    assert path.read_bytes() == written
    fit(line(1e-6), first)  # its best lasts from one fit to the next, as in Keras
    assert path.read_bytes() == written


def test_callbacks_say_what_they_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.safetensors"
    fit(line(1.3), EarlyStopping("loss", patience=2, verbose=1, restore_best_weights=True),
        ReduceLROnPlateau("loss", 0.999, 1, verbose=1), LearningRateScheduler(lambda epoch: 1.3, verbose=1),
        ModelCheckpoint(path, "loss", verbose=1, save_best_only=True), epochs=9)  # fmt: skip
    said = capsys.readouterr().out
    for line_said in ("Epoch 4: early stopping", "Restoring model weights from the end of the best epoch: 2.",
                      "Epoch 3: ReduceLROnPlateau reducing learning rate to 1.2987",
                      "Epoch 1: LearningRateScheduler setting learning rate to 1.3.",
                      "Epoch 1: loss improved from None to ", f", saving model to {path}",
                      "Epoch 3: loss did not improve from "):  # fmt: skip
        assert line_said in said
    fit(line(1.3), EarlyStopping("loss", patience=2), LearningRateScheduler(lambda epoch: 1.3))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("freq, seen", [(2, [2, 4]), ([1, 4], [1, 4]), (9, []), (range(3, 5), [3, 4])])
def test_validation_in_some_epochs(freq: Any, seen: list[int], tmp_path: Path) -> None:
    watched: list[int] = []
    note = p.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: "val_loss" in logs and watched.append(epoch + 1))
    stop, save = EarlyStopping(patience=9), ModelCheckpoint(tmp_path / "a.safetensors", save_best_only=True)
    log = CSVLogger(tmp_path / "log.csv")
    history = fit(line(), note, stop, save, log, ReduceLROnPlateau(), epochs=4, validation_freq=freq).history
    assert watched == seen and len(history["loss"]) == 4 and len(history.get("val_loss", [])) == len(seen)
    assert (tmp_path / "a.safetensors").exists() == bool(seen)
