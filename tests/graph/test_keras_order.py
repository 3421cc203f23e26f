"""get_weights comes in Keras's order, and weights of a branched model move across by it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as p
from tests.parity_keras.bridge import keras

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras itself


def branched(library: Any) -> Any:
    """Layers made in another order than they are used, two inputs, a shared layer, a sub-model, two outputs."""
    layers = library.layers
    last = layers.Dense(3, name="last")
    shared = layers.Conv2D(4, 3, padding="same", name="shared")
    a, b = layers.Input((8, 6, 2), name="a"), layers.Input((8, 6, 2), name="b")
    block = library.models.Sequential(
        [layers.Input((8, 6, 4)), layers.BatchNormalization(), layers.DepthwiseConv2D(3, padding="same")], name="block"
    )
    left = block(shared(a))
    right = layers.SeparableConv2D(4, 3, padding="same", name="right")(shared(b))
    joined = layers.Concatenate()([left, layers.Add()([left, right])])
    flat = layers.GlobalAveragePooling2D()(joined)
    return library.models.Model([a, b], [last(flat), layers.Dense(2, name="side", activation="sigmoid")(flat)])


def test_a_branched_model_takes_keras_weights_by_order() -> None:
    keras.config.set_floatx("float32")
    ours, theirs = branched(p), branched(keras)
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]
    random = np.random.default_rng(0)
    values = [random.uniform(0.1, 1, weight.shape).astype("float32") for weight in theirs.get_weights()]
    theirs.set_weights(values)
    ours.set_weights(theirs.get_weights())
    x = [random.normal(size=(5, 8, 6, 2)).astype("float32") for _ in range(2)]
    for mine, yours in zip(ours.predict(x), theirs.predict(x, verbose=0), strict=True):
        np.testing.assert_allclose(mine, yours, rtol=1e-4, atol=1e-5)
