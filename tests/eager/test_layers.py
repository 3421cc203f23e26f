"""Layers called on numbers give what Keras's give, from the same weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid import activations, layers, ops
from pellucid.errors import ArgumentError
from tests.parity_keras.bridge import keras, numbers

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(2, 9, 4)).astype("float32")
VOLUME = RANDOM.normal(size=(2, 5, 4, 6, 3)).astype("float32")
MAP = RANDOM.normal(size=(2, 7, 5, 6)).astype("float32")
VECTORS = RANDOM.normal(size=(2, 6)).astype("float32")

CASES: list[tuple[str, dict[str, Any], Any]] = [
    ("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, ROWS),
    ("Conv1D", {"filters": 4, "kernel_size": 2, "strides": 2, "padding": "same", "groups": 2}, ROWS),
    ("Conv1DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2}, ROWS),
    ("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2}, ROWS),
    ("SeparableConv1D", {"filters": 5, "kernel_size": 3, "depth_multiplier": 2, "activation": "tanh"}, ROWS),
    ("MaxPooling1D", {}, ROWS),
    ("AveragePooling1D", {"pool_size": 3, "strides": 2}, ROWS),
    ("GlobalAveragePooling1D", {}, ROWS),
    ("GlobalMaxPooling1D", {"keepdims": True}, ROWS),
    ("GlobalAveragePooling3D", {}, VOLUME),
    ("GlobalMaxPooling3D", {}, VOLUME),
    ("ZeroPadding1D", {"padding": (1, 2)}, ROWS),
    ("ZeroPadding3D", {"padding": 2}, VOLUME),
    ("Cropping1D", {}, ROWS),
    ("Cropping2D", {"cropping": ((1, 2), (0, 1))}, MAP),
    ("Cropping3D", {}, VOLUME),
    ("UpSampling1D", {}, ROWS),
    ("UpSampling3D", {"size": (1, 2, 3)}, VOLUME),
    ("RepeatVector", {"n": 3}, VECTORS),
    ("Identity", {}, ROWS),
    ("LayerNormalization", {}, MAP),
    ("RMSNormalization", {}, ROWS),
    ("UnitNormalization", {"axis": 1}, ROWS),
    ("GroupNormalization", {"groups": 3}, MAP),
    ("GroupNormalization", {"groups": -1}, ROWS),
    ("Normalization", {"mean": [1.0, 2, 3, 4], "variance": [1.0, 4, 9, 2]}, ROWS),
    ("Permute", {"dims": (2, 1)}, ROWS),
    ("Maximum", {}, [ROWS, ROWS * 0.5]),
    ("Minimum", {}, [ROWS, ROWS * 0.5]),
    ("Subtract", {}, [ROWS, ROWS * 0.3]),
    ("Average", {}, [ROWS, ROWS * 0.5, ROWS * 2]),
    ("Dot", {"axes": 2}, [ROWS, ROWS * 0.5]),
    ("Dot", {"axes": (1, 1), "normalize": True}, [VECTORS, VECTORS[::-1].copy()]),
]


@pytest.mark.parametrize(("name", "arguments", "x"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_layer_on_numbers_is_keras_own(name: str, arguments: dict[str, Any], x: Any) -> None:
    keras.config.set_floatx("float32")
    ours, theirs = (getattr(page, name)(**arguments) for page in (layers, keras.layers))
    y = ours(x)
    theirs.build([part.shape for part in x] if isinstance(x, list) else x.shape)
    theirs.set_weights(ours.get_weights())
    wanted = numbers(theirs(x))
    assert y.shape == wanted.shape
    np.testing.assert_allclose(y, wanted, rtol=1e-4, atol=1e-5)


def test_a_layer_is_called_on_numbers_again_and_again() -> None:
    layer, x = layers.Dense(3), np.ones((2, 4), "float32")
    np.testing.assert_array_equal(layer(x), layer(x))
    assert layer(x[:1]).shape == (1, 3)


def test_functions_of_the_page_are_words() -> None:
    x = np.linspace(-2, 2, 12, dtype="float32").reshape(3, 4)
    for function in (activations.gelu, activations.silu, activations.exponential, activations.softmax):
        np.testing.assert_allclose(layers.Activation(function)(x), function(x), rtol=1e-6)
    assert layers.Dense(3, activation=activations.relu).activation == "relu"
    for other in (ops.gelu, np.tanh, lambda x: x):
        with pytest.raises(ArgumentError, match="activation must be None or one of linear, relu"):
            layers.Dense(3, activation=other)


def test_a_frozen_normalization_stands_still_on_numbers_too() -> None:
    layer, x = layers.BatchNormalization(epsilon=1e-9), np.random.default_rng(0).normal(5, 2, (20, 3)).astype("float32")
    layer.build((None, 3))
    layer.trainable = False
    np.testing.assert_allclose(layer(x, training=True), x, rtol=1e-5)
    layer.trainable = True
    np.testing.assert_allclose(layer(x, training=True).mean(axis=0), 0, atol=1e-5)
