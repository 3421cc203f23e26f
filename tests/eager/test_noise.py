"""Noise keeps what it promises to keep, drops what it says, and does nothing in prediction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid import layers
from pellucid.errors import ShapeError

X = np.random.default_rng(0).normal(size=(400, 5, 6, 4)).astype("float32")


@pytest.mark.parametrize(("name", "given"), [
    ("GaussianNoise", 0.5), ("GaussianDropout", 0.2), ("AlphaDropout", 0.3), ("SpatialDropout2D", 0.25),
])  # fmt: skip
def test_mean_and_spread_are_as_told(name: str, given: float) -> None:
    layer: Any = getattr(layers, name)(given)
    y = layer(X, training=True)
    wanted = {"GaussianNoise": 1 + given**2, "GaussianDropout": 1 / (1 - given), "AlphaDropout": 1.0,
              "SpatialDropout2D": 1 / (1 - given)}[name]  # fmt: skip
    assert abs(y.mean()) < 0.03 and abs(y.var() / wanted - 1) < 0.05
    np.testing.assert_array_equal(layer(X), X)
    assert not np.array_equal(layer(X, training=True), y)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_whole_channels_are_dropped(rank: int) -> None:
    x = np.ones((200, *(3, 4, 2)[:rank], 5), "float32")
    y = getattr(layers, f"SpatialDropout{rank}D")(0.5)(x, training=True).reshape(200, -1, 5)
    assert np.ptp(y, axis=1).max() == 0 and set(np.unique(y)) == {0.0, 2.0}
    assert 0.4 < (y[:, 0] == 0).mean() < 0.6
    with pytest.raises(ShapeError, match=rf"input must be of {rank + 2} axes, the channels last"):
        getattr(layers, f"SpatialDropout{rank}D")(0.5)(np.ones((2, 3)))
