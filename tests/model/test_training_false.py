"""base(x, training=False): in training too the base does as in prediction, on both engines; files keep it.

Keras does so in a model written as a class; in one made of tensors fit's training=True replaces what was typed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.errors import UsageError
from tests.parity_keras.bridge import keras, numbers

X = np.random.default_rng(0).normal(size=(24, 6)).astype("float32")
Y = np.random.default_rng(1).normal(size=(24, 2)).astype("float32")


def network(page: Any, *, still: bool) -> Any:
    class Net(page.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.base = page.Sequential([page.Input((6,)), page.layers.Dense(5), page.layers.BatchNormalization(),
                                         page.layers.Dropout(0.5)])  # fmt: skip
            self.noise, self.norm = page.layers.Dropout(0.9), page.layers.BatchNormalization()
            self.head = page.layers.Dense(2)

        def call(self, x: Any, training: Any = None) -> Any:
            x = self.base(x, training=False) if still else self.base(x)
            return self.head(self.norm(self.noise(x, training=False), training=training))

    model = Net()
    model(X) if page is keras else model.build((None, 6))
    return model


def moving_mean_of_base(model: p.Model) -> np.ndarray:
    return next(w for key, w in model.weights_by_key().items() if key.startswith("seq") and "moving_mean" in key)


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_it_trains_as_keras_does(engine: str, tmp_path: Any) -> None:
    keras.config.set_floatx("float32")
    ours, theirs = network(p, still=True), network(keras, still=True)
    ours.set_weights([numbers(w) for w in theirs.weights])
    ours.compile(p.optimizers.SGD(0.1), "mse", engine=engine)
    theirs.compile(keras.optimizers.SGD(0.1), "mse")
    for model in (ours, theirs):
        model.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    for mine, other in zip(ours.get_weights(), map(numbers, theirs.weights), strict=True):
        np.testing.assert_allclose(mine, other, rtol=2e-4, atol=2e-5)
    assert not moving_mean_of_base(ours).any() and ours.weights_by_key()["batch_normalization/moving_mean"].any()
    ours.save(tmp_path / "m.safetensors")
    again = p.load_model(tmp_path / "m.safetensors")
    again.fit(X, Y, verbose=0)
    assert not moving_mean_of_base(again).any()


def test_of_tensors_it_holds_too_and_is_left_out_where_it_was_not_typed() -> None:
    for still in (True, False):
        inputs, base = p.Input((6,)), p.Sequential([p.Input((6,)), p.layers.BatchNormalization()])
        model = p.Model(inputs, p.layers.Dense(2)(base(inputs, training=False) if still else base(inputs)))
        model.compile("sgd", "mse")
        model.fit(X, Y, verbose=0)
        assert moving_mean_of_base(model).any() != still


def test_a_layer_in_a_sub_model_and_outside_it_is_not_learnt_twice() -> None:
    inputs, shared = p.Input((6,)), p.layers.Dense(6, name="shared")
    inner = p.Model(inputs, shared(inputs), name="inner")
    x = p.Input((6,))
    model = p.Model(x, shared(inner(x)))
    model.compile("sgd", "mse")
    assert model.predict(X, verbose=0).shape == (24, 6)
    with pytest.raises(UsageError, match="'inner/shared' and 'shared' are one layer, whose weights"):
        model.fit(X, X, verbose=0)
    shared.trainable = False
    frozen = p.Model(x, p.layers.Dense(6)(shared(inner(x))))
    frozen.compile("sgd", "mse")
    frozen.fit(X, X, verbose=0)
