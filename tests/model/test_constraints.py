"""Constraints: both engines bring weights back after each update as Keras does; files keep them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.constraints import MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from pellucid.errors import ArgumentError
from tests.parity_keras.bridge import keras, numbers


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_ten_updates_are_keras_own(engine: str, tmp_path: Any) -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(40, 6, 6, 2)).astype("float32"), random.normal(size=(40, 3)).astype("float32")

    def network(page: Any, constraints: Any) -> Any:
        return page.Sequential([
            page.Input((6, 6, 2)),
            page.layers.Conv2D(3, 3, kernel_constraint=constraints.MaxNorm(0.5, axis=[0, 1, 2])),
            page.layers.BatchNormalization(gamma_constraint="non_neg"),
            page.layers.Flatten(),
            page.layers.Dense(4, kernel_constraint=constraints.UnitNorm(), bias_constraint=constraints.NonNeg()),
            page.layers.Dense(3, kernel_constraint=constraints.MinMaxNorm(0.1, 0.2, 0.5)),
        ])  # fmt: skip

    keras.config.set_floatx("float32")
    ours, theirs = network(p, p.constraints), network(keras, keras.constraints)
    ours.set_weights([numbers(w) for w in theirs.weights])
    for model in (ours, theirs):
        more = {"engine": engine} if model is ours else {}
        model.compile(p.optimizers.SGD(0.1) if model is ours else keras.optimizers.SGD(0.1), "mse", **more)
        model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    for mine, other in zip(ours.get_weights(), map(numbers, theirs.weights), strict=True):
        np.testing.assert_allclose(mine, other, rtol=2e-3, atol=2e-4)
    assert np.linalg.norm(ours.get_weights()[0].reshape(-1, 3), axis=0).max() < 0.501
    ours.save(tmp_path / "m.safetensors")
    again = p.load_model(tmp_path / "m.safetensors")
    assert again.layers[0].kernel_constraint == MaxNorm(0.5, axis=(0, 1, 2))
    again.fit(x, y, verbose=0)
    assert np.linalg.norm(again.get_weights()[0].reshape(-1, 3), axis=0).max() < 0.501


def test_weights_of_layers_of_ones_own_and_shared_networks() -> None:
    class Scale(p.layers.Layer):
        def build(self, shape: Any) -> None:
            self.w = self.add_weight((shape[-1],), "ones", constraint="non_neg", name="w")

        def call(self, x: Any) -> Any:
            return x * self.w

    model = p.Sequential([p.Input((2,)), Scale()])
    model.compile(p.optimizers.SGD(10.0), "mse")
    model.fit(np.ones((4, 2)), -np.ones((4, 2)), verbose=0)
    assert model.get_weights()[0].tolist() == [0.0, 0.0]


def test_on_numbers_by_hand_and_by_word() -> None:
    w = np.array([[3.0, 0.3], [4.0, 0.4]])
    np.testing.assert_allclose(MaxNorm(1.0)(w), [[0.6, 0.3], [0.8, 0.4]], rtol=1e-6)
    np.testing.assert_allclose(UnitNorm(axis=1)(w)[0], w[0] / np.linalg.norm(w[0]), rtol=1e-6)
    np.testing.assert_allclose(MinMaxNorm(1.0, 2.0)(w), [[1.2, 0.6], [1.6, 0.8]], rtol=1e-5)
    assert NonNeg()(np.array([-1.0, 2.0])).tolist() == [0.0, 2.0]
    assert p.constraints.get("unit_norm") == UnitNorm()
    with pytest.raises(ArgumentError, match="Dense: kernel_constraint must be None or a constraint or one of"):
        p.layers.Dense(2, kernel_constraint="no_such")
