"""Weights and masks of places: any number of the target's leading axes, on both engines, as Keras means them."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from pellucid.errors import PellucidError
from pellucid.layers import Conv2D, Input
from pellucid.models import Model, Sequential

ENGINES = ["reference", *(["pytorch"] if find_spec("torch") else [])]
N, H, W, K = 6, 3, 4, 5


def maps(engine: str, loss: str, units: int = K, activation: str | None = "softmax") -> Model:
    model = Sequential([Input((H, W, 2)), Conv2D(units, 1, activation=activation)])
    weights = np.random.default_rng(1).normal(size=(1, 1, 2, units))
    model.set_weights([weights, np.zeros(units)])
    watched = ["accuracy"] if loss != "mse" else None
    model.compile("sgd", loss, weighted_metrics=watched, engine=engine, precision="float64")
    return model


def data(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.normal(size=(N, H, W, 2)), random.integers(0, K, (N, H, W))


def places(axes: int, kind: str) -> np.ndarray:
    random = np.random.default_rng(5)
    shape = (N, H, W)[:axes]
    return random.uniform(0, 2, shape) if kind == "weights" else random.random(shape) < 0.6


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_a_weight_of_each_place(engine: str, axes: int) -> None:
    """The mean over places of weight * loss, as Keras has it."""
    x, y = data()
    model, weights = maps(engine, "sparse_categorical_crossentropy"), places(axes, "weights")
    p = np.take_along_axis(model.predict(x), y[..., None], -1)[..., 0]
    spread = np.broadcast_to(weights.reshape(weights.shape + (1,) * (3 - axes)), (N, H, W))
    found = model.evaluate(x, y, batch_size=4, sample_weight=weights, return_dict=True)
    assert found["loss"] == pytest.approx(float((spread * -np.log(p)).mean()), rel=1e-9)
    right = model.predict(x).argmax(-1) == y
    assert found["accuracy"] == pytest.approx(float((right * spread).sum() / spread.sum()), rel=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_a_masked_place_counts_for_nothing(engine: str, axes: int) -> None:
    """Sum and count over the places that exist; what stands elsewhere may be anything, and no gradient comes of it."""
    x, y = data()
    present = places(axes, "masks")
    full = np.broadcast_to(present.reshape(present.shape + (1,) * (3 - axes)), (N, H, W))
    model = maps(engine, "mse", 1, None)
    target = np.where(full, y, np.nan)[..., None].astype(float)
    errors = (model.predict(x)[..., 0] - y) ** 2
    feed: dict[str, Any] = {"masks": present, "batch_size": N, "epochs": 1, "shuffle": False, "verbose": 0}
    before = model.get_weights()
    loss = model.fit(x, target, **feed).history["loss"][0]
    assert loss == pytest.approx(float(errors[full].mean()), rel=1e-9)
    after = model.get_weights()
    model.set_weights(before)
    model.fit(x, np.where(full, y, -77)[..., None].astype(float), **feed)
    for one, other in zip(after, model.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_axes_that_are_not_the_first_ones() -> None:
    x, y = data()
    model = maps("reference", "sparse_categorical_crossentropy")
    for wrong in (np.ones((N, W)), np.ones((N, H, W, K)), np.ones((N - 1, H))):
        with pytest.raises(PellucidError, match="one for each sample or place"):
            model.evaluate(x, y, sample_weight=wrong)
    with pytest.raises(PellucidError, match="Pass one number a sample or a place"):
        model.fit(x, y, masks=np.ones((N, W), bool), epochs=1, verbose=0)
