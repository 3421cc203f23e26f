"""Small trainings equal Keras's own from the same weights: weights, class and sample weights, several outputs."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import pellucid as p
from tests.parity_keras.bridge import keras

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras itself
random = np.random.default_rng(5)
IMAGES = random.normal(size=(64, 8, 8, 2)).astype("float32")
LABELS = random.integers(0, 3, 64)
CLOSE = {"rtol": 2e-4, "atol": 2e-6}  # float32, twenty steps; far below what one wrong factor would make


def twins(make: Callable[[Any], Any]) -> tuple[Any, Any]:
    """The same model from both libraries with the same weights."""
    keras.config.set_floatx("float32")
    p.set_random_seed(4)
    ours, theirs = make(p), make(keras)
    theirs.set_weights(ours.get_weights())
    return ours, theirs


def assert_same_weights(ours: Any, theirs: Any) -> None:
    for number, (a, b) in enumerate(zip(ours.get_weights(), theirs.get_weights(), strict=True)):
        np.testing.assert_allclose(a, b, err_msg=f"weight {number}", **CLOSE)


def convolutional(library: Any) -> Any:
    """Convolution, batch norm, pooling, dense: twenty steps of it do not amplify rounding."""
    layers = library.layers
    return library.models.Sequential([
        layers.Input((8, 8, 2)), layers.Conv2D(4, 3, padding="same", activation="elu"), layers.BatchNormalization(),
        layers.AveragePooling2D(2), layers.Flatten(), layers.Dense(6, activation="tanh"),
        layers.Dense(3, activation="softmax"),
    ])  # fmt: skip


def test_twenty_steps_of_gradient_descent() -> None:
    ours, theirs = twins(convolutional)
    for model, library in ((ours, p), (theirs, keras)):
        model.compile(library.optimizers.SGD(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    options = {"batch_size": 16, "epochs": 5, "shuffle": False, "verbose": 0, "validation_split": 0.25}
    a, b = ours.fit(IMAGES, LABELS, **options), theirs.fit(IMAGES, LABELS, **options)
    assert sorted(a.history) == sorted(b.history)
    for name in a.history:
        np.testing.assert_allclose(a.history[name], b.history[name], rtol=2e-4, err_msg=name)
    assert_same_weights(ours, theirs)
    np.testing.assert_allclose(ours.predict(IMAGES), theirs.predict(IMAGES, verbose=0), **CLOSE)
    np.testing.assert_allclose(ours.evaluate(IMAGES, LABELS), theirs.evaluate(IMAGES, LABELS, verbose=0), rtol=2e-4)


@pytest.mark.parametrize(
    "weights",
    [
        {"sample_weight": np.linspace(0, 3, 64)},
        {"class_weight": {0: 1.0, 1: 4.0, 2: 0.5}},
        {"class_weight": {1: 4.0}},  # a class that is not named counts 1
    ],
    ids=["sample", "class", "one class"],
)
def test_weighted_losses(weights: dict[str, Any]) -> None:
    ours, theirs = twins(convolutional)
    for model in (ours, theirs):
        model.compile("sgd", "sparse_categorical_crossentropy")
    options = {"batch_size": 24, "epochs": 2, "shuffle": False, "verbose": 0}  # the last batch holds 16
    a = ours.fit(IMAGES, LABELS, **options, **weights).history["loss"]
    b = theirs.fit(IMAGES, LABELS, **options, **weights).history["loss"]
    np.testing.assert_allclose(a, b, rtol=1e-4)
    assert_same_weights(ours, theirs)


def two_headed(library: Any) -> Any:
    layers = library.layers
    x = layers.Input((8, 8, 2), name="image")
    flat = layers.Flatten()(x)
    shared = layers.Dense(5, activation="tanh", kernel_regularizer="l2", name="shared")(flat)
    kind = layers.Dense(3, activation="softmax", name="kind")(shared)
    size = layers.Dense(1, name="size")(shared)
    return library.models.Model(x, [kind, size])


SIZES = random.normal(size=(64, 1)).astype("float32")


@pytest.mark.parametrize("by_name", [True, False], ids=["by name", "in order"])
def test_several_outputs_with_a_loss_each(by_name: bool) -> None:
    ours, theirs = twins(two_headed)
    losses: Any = {"kind": "sparse_categorical_crossentropy", "size": "mse"}
    factors: Any = {"kind": 1.0, "size": 0.3}
    metrics: Any = {"kind": ["accuracy"], "size": ["mae"]}
    y: Any = {"kind": LABELS, "size": SIZES}
    if not by_name:
        losses, factors, metrics, y = (list(given.values()) for given in (losses, factors, metrics, y))
    for model in (ours, theirs):
        model.compile("sgd", losses, loss_weights=factors, metrics=metrics)
    options = {"batch_size": 20, "epochs": 2, "shuffle": False, "verbose": 0}
    a, b = ours.fit(IMAGES, y, **options).history, theirs.fit(IMAGES, y, **options).history
    assert sorted(a) == sorted(b) == ["kind_accuracy", "kind_loss", "loss", "size_loss", "size_mae"]
    for name in a:
        np.testing.assert_allclose(a[name], b[name], rtol=1e-4, err_msg=name)
    assert_same_weights(ours, theirs)
    np.testing.assert_allclose(ours.evaluate(IMAGES, y), theirs.evaluate(IMAGES, y, verbose=0), rtol=1e-4)


def test_a_frozen_batch_norm_rests_as_in_keras() -> None:
    ours, theirs = twins(convolutional)
    moved = [np.full_like(weight, 0.5) if weight.shape == (4,) else weight for weight in ours.get_weights()]
    for model in (ours, theirs):
        model.set_weights(moved)
        model.layers[1].trainable = False  # its statistics rest too, and it uses the stored ones
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(IMAGES, LABELS, batch_size=16, shuffle=False, verbose=0)
    assert_same_weights(ours, theirs)
    for number in range(2, 6):
        np.testing.assert_array_equal(ours.get_weights()[number], moved[number])


@pytest.mark.parametrize("cooldown", [0, 1, 2])
def test_the_rate_falls_on_a_plateau_when_keras_lowers_it(cooldown: int) -> None:
    losses = [1.0, 0.9, 0.9, 0.95, 0.9, 0.91, 0.8, 0.85, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]
    options = {"monitor": "loss", "factor": 0.5, "patience": 2, "cooldown": cooldown, "min_lr": 0.02}

    def rates(library: Any, feed: Any) -> list[float]:
        callback = library.callbacks.ReduceLROnPlateau(**options)
        return feed(callback)

    def ours(callback: Any) -> list[float]:
        progress: Any = SimpleNamespace(rate=0.2, validates=False)
        progress.scale_rate = lambda factor: setattr(progress, "rate", progress.rate * factor)
        callback.begin(progress)
        found = []
        for epoch, loss in enumerate(losses, 1):
            callback.epoch(progress, {"epoch": epoch, "loss": loss})
            found.append(progress.rate)
        return found

    def theirs(callback: Any) -> list[float]:
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.2), "mse")
        callback.set_model(model)
        callback.on_train_begin()
        found = []
        for epoch, loss in enumerate(losses):
            callback.on_epoch_end(epoch, {"loss": loss})
            found.append(float(model.optimizer.learning_rate))
        return found

    np.testing.assert_allclose(rates(p, ours), rates(keras, theirs), rtol=1e-6)
    assert len(set(rates(p, ours))) > 2


@pytest.mark.parametrize("patience, min_delta", [(0, 0.0), (1, 0.0), (2, 0.0), (2, 0.06), (3, 0.0)])
def test_training_stops_early_when_keras_stops(patience: int, min_delta: float) -> None:
    losses = [1.0, 0.9, 0.95, 0.9, 0.89, 0.91, 0.85, 0.86, 0.87, 0.88, 0.9]
    ours = p.callbacks.EarlyStopping("loss", patience=patience, min_delta=min_delta)
    progress: Any = SimpleNamespace(stop="", validates=False)
    ours.begin(progress)
    epochs = 0
    for epochs, loss in enumerate(losses, 1):
        ours.epoch(progress, {"epoch": epochs, "loss": loss})
        if progress.stop:
            break
    theirs = keras.callbacks.EarlyStopping("loss", patience=patience, min_delta=min_delta)
    model: Any = SimpleNamespace(stop_training=False)
    theirs.set_model(model)
    theirs.on_train_begin()
    steps = 0
    for steps, loss in enumerate(losses, 1):
        theirs.on_epoch_end(steps - 1, {"loss": loss})
        if model.stop_training:
            break
    assert epochs == steps
