"""Categories, statistics and EinsumDense give what Keras's give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid import layers
from pellucid.errors import DataError, ShapeError, UsageError
from tests.parity_keras.bridge import keras, numbers

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(6, 3)).astype("float32")
CUBE = RANDOM.normal(size=(2, 3, 4)).astype("float32")


@pytest.mark.parametrize(("equation", "output", "bias"), [
    ("abc,cd->abd", (None, 5), "d"), ("...x,xy->...y", 5, None), ("ab...,bc->ac...", (5,), "c"),
    ("abc,cde->abde", (None, 2, 3), "de"),
])  # fmt: skip
def test_einsum_dense_is_keras_own(equation: str, output: Any, bias: str | None) -> None:
    keras.config.set_floatx("float32")
    ours = layers.EinsumDense(equation, output_shape=output, bias_axes=bias, activation="tanh")
    theirs = keras.layers.EinsumDense(equation, output_shape=output, bias_axes=bias, activation="tanh",
                                      bias_initializer="normal")  # fmt: skip
    wanted = numbers(theirs(CUBE))
    assert ours(CUBE).shape == wanted.shape
    ours.set_weights([numbers(weight) for weight in theirs.weights])
    np.testing.assert_allclose(ours(CUBE), wanted, rtol=1e-5, atol=1e-6)
    again = layers.EinsumDense.from_config(ours.get_config())
    assert again.compute_output_shape((None, 3, 4)) == ours.compute_output_shape((None, 3, 4))


@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count"])
def test_bins_and_rows_are_keras_own(mode: str) -> None:
    told: dict[str, Any] = {"bin_boundaries": [-0.5, 0.0, 0.7], "output_mode": mode}
    np.testing.assert_array_equal(layers.Discretization(**told)(X), numbers(keras.layers.Discretization(**told)(X)))
    if mode != "int":
        places = RANDOM.integers(0, 4, (5, 1 if mode == "one_hot" else 3))
        wanted = numbers(keras.layers.CategoryEncoding(4, output_mode=mode)(places))
        np.testing.assert_array_equal(layers.CategoryEncoding(4, output_mode=mode)(places), wanted)


def test_adapt_reads_arrays_and_batches() -> None:
    data = RANDOM.normal(3.0, 2.0, (100, 3)).astype("float32")
    ours, theirs = layers.Normalization(), keras.layers.Normalization()
    ours.adapt([data[:30], data[30:]])
    theirs.adapt(data)
    np.testing.assert_allclose(ours(X), numbers(theirs(X)), rtol=1e-4, atol=1e-5)
    bins = layers.Discretization(num_bins=4)
    bins.adapt(data)
    counts = np.bincount(bins(data[:, :1]).astype(int).ravel(), minlength=4)
    assert counts.sum() == 100 and counts.min() > 10 and len(bins.bin_boundaries) == 3
    with pytest.raises(DataError, match=r"Normalization.adapt: there are no data"):
        layers.Normalization().adapt(iter(()))
    with pytest.raises(UsageError, match="pass num_bins= instead of bin_boundaries="):
        layers.Discretization([0.0]).adapt(data)


def test_shapes_that_do_not_fit_are_said() -> None:
    with pytest.raises(ShapeError, match=r"einsum_dense: input must be of 3 axes, 'abc', the batch axis the first"):
        layers.EinsumDense("abc,cd->abd", output_shape=(3, 5))(X)
    with pytest.raises(ValueError, match=r"equation must be an equation such as"):
        layers.EinsumDense("ab,bc", output_shape=3)
    with pytest.raises(ShapeError, match=r"input must be with an axis of categories for multi_hot.*Pass x\[:, None\]"):
        layers.CategoryEncoding(3)(np.array([0, 1]))
