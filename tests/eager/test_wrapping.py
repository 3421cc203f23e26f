"""Pipeline and Wrapper hold layers, InputSpec says what a layer takes; adaptive pooling is Keras's and torch's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import pellucid as p
from pellucid import layers
from pellucid.errors import ArgumentError, ShapeError

X = np.random.default_rng(0).random((3, 7, 5, 2)).astype("float32")


class Twice(layers.Wrapper):
    """The layer's result and itself again."""

    def call(self, inputs: Any, training: Any = None) -> Any:
        return self.layer(inputs, training=training) * 2.0


def test_layers_that_hold_layers_are_saved_without_their_class(tmp_path: Path) -> None:
    chain = layers.Pipeline([layers.Rescaling(0.5), layers.Dropout(0.5), layers.Conv2D(3, 2)])
    model = p.Sequential([p.Input((7, 5, 2)), chain, Twice(layers.Flatten()), layers.Dense(2)])
    wanted = model.predict(X, verbose=0)
    np.testing.assert_allclose(chain(X), model.layers[0](X), rtol=1e-6)
    model.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(p.load_model(tmp_path / "m.safetensors").predict(X, verbose=0), wanted)
    with pytest.raises(ArgumentError, match="a list of layers"):
        layers.Pipeline([3])
    with pytest.raises(ArgumentError, match="layer must be a layer"):
        layers.Wrapper(3)


@pytest.mark.parametrize(("spec", "told"), [
    ({"ndim": 2}, "of 2 axes"), ({"min_ndim": 5}, "at least 5"), ({"max_ndim": 3}, "at most 3"),
    ({"axes": {-1: 3}}, "of size 3 on axis -1"), ({"shape": (None, 7, 6, 2)}, "of size 6 on axis 2"),
])  # fmt: skip
def test_an_input_that_the_spec_does_not_take_is_told(spec: dict[str, Any], told: str) -> None:
    class Own(layers.Layer):
        def __init__(self, **given: Any) -> None:
            super().__init__()
            self.input_spec = layers.InputSpec(**given)

        def call(self, x: Any) -> Any:
            return x * 2.0

    with pytest.raises(ShapeError, match=told):
        Own(**spec)(p.Input((7, 5, 2)))
    assert Own(ndim=4, axes={-1: 2})(p.Input((7, 5, 2))).shape == (None, 7, 5, 2)


@pytest.mark.parametrize("size", [(3, 4), (7, 1), (9, 2), 1])
def test_adaptive_pooling_is_torchs(size: Any) -> None:
    x = torch.from_numpy(X).permute(0, 3, 1, 2)
    means, most = torch.nn.functional.adaptive_avg_pool2d(x, size), torch.nn.functional.adaptive_max_pool2d(x, size)
    np.testing.assert_allclose(layers.AdaptiveAveragePooling2D(size)(X), means.permute(0, 2, 3, 1), rtol=1e-5)
    np.testing.assert_array_equal(layers.AdaptiveMaxPooling2D(size)(X), most.permute(0, 2, 3, 1))
    rows, long = X[:, :, 0], torch.from_numpy(X[:, :, 0]).permute(0, 2, 1)
    size = size if isinstance(size, int) else size[0]
    means = torch.nn.functional.adaptive_avg_pool1d(long, size)
    most = torch.nn.functional.adaptive_max_pool1d(long, size)
    np.testing.assert_allclose(layers.AdaptiveAveragePooling1D((size,))(rows), means.permute(0, 2, 1), rtol=1e-5)
    np.testing.assert_array_equal(layers.AdaptiveMaxPooling1D(size)(rows), most.permute(0, 2, 1))


def test_the_largest_of_parts_needs_known_sizes() -> None:
    with pytest.raises(ShapeError, match="Give Input a full shape"):
        model = p.Sequential([p.Input((None, None, 3)), layers.AdaptiveMaxPooling2D(2)])
        model.predict(np.zeros((1, 4, 4, 3)), verbose=0)


def test_two_rows_of_three_by_hand() -> None:
    x = np.array([1.0, 2.0, 6.0]).reshape(1, 3, 1, 1)
    assert layers.AdaptiveAveragePooling2D((2, 1))(x)[0, :, 0, 0].tolist() == [1.5, 4.0]  # rows 0-1 and 1-2
