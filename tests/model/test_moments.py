"""Moments of callbacks in fit, evaluate and predict come as Keras's do, with the numbers it hands over."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras

import pellucid as p

X = np.random.default_rng(1).normal(size=(40, 3)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32") + 1
MOMENTS = [f"on_{what}{edge}" for what in ("train_", "epoch_", "train_batch_", "test_", "test_batch_", "predict_",
                                           "predict_batch_") for edge in ("begin", "end")]  # fmt: skip


def diary(library: Any, calls: list[Any]) -> Any:
    """A callback that notes every moment with its number and its logs."""

    def note(moment: str) -> Any:
        def write(self: Any, *given: Any) -> None:
            logs = dict(given[-1] or {})
            numbers = {name: float(value) for name, value in logs.items() if name not in ("outputs", "learning_rate")}
            shapes = {name: tuple(value.shape) for name, value in logs.items() if name == "outputs"}
            calls.append((moment, given[:-1], numbers, shapes))

        return lambda self, first=None, logs=None: write(self, *([first] if first is not None else []), logs) \
            if "batch" in moment or "epoch" in moment else write(self, first or logs)  # fmt: skip

    return type("Diary", (library.callbacks.Callback,), {moment: note(moment) for moment in MOMENTS})()


def tell(library: Any, work: Any) -> list[Any]:
    layers = [library.layers.Input((3,)), library.layers.Dense(1)]
    model = library.models.Sequential(layers)
    kernel = np.array([[0.3], [0.1], [-0.2]], "float32")
    model.set_weights([kernel, np.zeros(1, "float32")])
    model.compile(library.optimizers.SGD(0.05), "mse", metrics=["mae"])
    calls: list[Any] = []
    work(model, diary(library, calls))
    return calls


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # of a tensor that Keras on torch joins by NumPy
@pytest.mark.parametrize(
    "work",
    [
        lambda model, note: model.fit(X, Y, batch_size=15, epochs=2, shuffle=False, verbose=0, callbacks=[note],
                                      validation_data=(X[:20], Y[:20]), validation_batch_size=15),
        lambda model, note: model.fit(X, Y, epochs=3, shuffle=False, verbose=0, callbacks=[note],
                                      validation_data=(X, Y), validation_freq=2),
        lambda model, note: model.evaluate(X, Y, batch_size=15, verbose=0, callbacks=[note]),
        lambda model, note: model.predict(X, batch_size=15, verbose=0, callbacks=[note]),
    ],
    ids=["fit", "validation now and then", "evaluate", "predict"],
)  # fmt: skip
def test_moments_are_keras_own(work: Any) -> None:
    ours, theirs = tell(p, work), tell(keras, work)
    assert [(moment, number) for moment, number, *_ in ours] == [(moment, number) for moment, number, *_ in theirs]
    for (moment, _, numbers, shapes), (_, _, expected, sizes) in zip(ours, theirs, strict=True):
        assert numbers == pytest.approx(expected, rel=1e-4), moment
        assert shapes == sizes


def test_the_older_names_of_the_batch_moments_are_called() -> None:
    steps: list[Any] = []

    class Older(p.callbacks.Callback):
        def on_batch_begin(self, batch: int, logs: Any = None) -> None:
            steps.append(batch)

        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            steps.append(sorted(logs))

    tell(p, lambda model, note: model.fit(X, Y, batch_size=20, verbose=0, callbacks=[Older()]))
    assert steps == [0, ["loss", "mae"], 1, ["loss", "mae"]]


def test_weighted_metrics_are_keras_own() -> None:
    def work(model: Any, weights: Any) -> Any:
        model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mae", "mse"])
        fitted = model.fit(X, Y, 15, 1, 0, shuffle=False, sample_weight=weights, validation_data=(X, Y, weights))
        scores = model.evaluate(X, Y, sample_weight=weights, verbose=0, return_dict=True)
        history = {name: float(value) for name, (value,) in fitted.history.items()}
        return history, {name: float(value) for name, value in scores.items()}

    found: list[Any] = []
    for library in (p, keras):
        tell(library, lambda model, note: found.append(work(model, np.arange(40.0) % 3)))
    (ours, scores), (theirs, expected) = found
    assert ours == pytest.approx(theirs, rel=1e-4)
    assert scores == pytest.approx(expected, rel=1e-4)
    assert {"mae", "weighted_mae", "mse", "val_weighted_mae"} < set(ours) and ours["mae"] != ours["weighted_mae"]


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_weighted_metrics_of_both_engines_leave_out_what_is_masked(engine: str, tmp_path: Any) -> None:
    model = p.Sequential([p.layers.Input((1,)), p.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(p.optimizers.SGD(0.0), "mse", weighted_metrics=["mae"], metrics=["mae"], engine=engine)
    history = model.fit(np.ones((4, 1)), np.array([1.0, 2.0, 3.0, 9.0]), verbose=0, masks=np.array([1, 1, 1, 0]),
                        sample_weight=np.array([1.0, 0.0, 3.0, 5.0])).history  # fmt: skip
    assert history["mae"] == [pytest.approx(2.0)]
    assert history["weighted_mae"] == [pytest.approx((1 + 9) / 4)]
    model.save(tmp_path / "a.safetensors")
    again = p.models.load_model(tmp_path / "a.safetensors")
    row = again.evaluate(np.ones((2, 1)), np.array([1.0, 3.0]), sample_weight=np.array([3.0, 1.0]), return_dict=True)
    assert row["weighted_mae"] == pytest.approx(1.5) and row["mae"] == pytest.approx(2.0)
