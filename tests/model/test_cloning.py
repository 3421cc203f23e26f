"""Copies of models, their configurations and their JSON: the same network, weights of its own."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid import layers
from pellucid.errors import ArgumentError, ShapeError
from pellucid.models import Model, Sequential, clone_model, model_from_json

X = np.random.default_rng(0).random((4, 6, 6, 2)).astype("float32")


def functional() -> Any:
    x = p.Input((6, 6, 2), name="photo")
    y = layers.Conv2D(3, 3, padding="same", activation="relu", name="stem")(x)
    shared = layers.Dense(3, name="shared")
    inner = Sequential([p.Input((3,)), layers.Dense(4, activation="tanh", name="deep")], name="inner")
    y = layers.GlobalAveragePooling2D()(layers.BatchNormalization()(y) + y)
    return Model(x, [inner(y), shared(shared(y))], name="two")


class Own(Model):
    def __init__(self) -> None:
        super().__init__()
        self.flat, self.head = layers.Flatten(), layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.head(self.flat(x) * 2.0)


def stacked() -> Any:
    return Sequential([p.Input((6, 6, 2)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(3)], name="stack")


def own() -> Any:
    model = Own()
    model.build((None, 6, 6, 2))
    return model


def outputs(model: Any) -> list[np.ndarray]:
    found = model.predict(X, verbose=0)
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize("make", [functional, stacked, own])
@pytest.mark.parametrize("again", [clone_model, lambda m: type(m).from_config(m.get_config()),
                                   lambda m: model_from_json(m.to_json(indent=1))])  # fmt: skip
def test_a_copy_is_the_same_network_with_weights_of_its_own(make: Any, again: Any) -> None:
    model = make()
    copy = again(model)
    assert copy.graph.to_json() == model.graph.to_json() and copy.name == model.name
    assert isinstance(copy, Sequential) == isinstance(model, Sequential)
    assert any(np.abs(a - b).max() > 1e-3 for a, b in zip(outputs(copy), outputs(model), strict=True))
    copy.set_weights(model.get_weights())
    for a, b in zip(outputs(copy), outputs(model), strict=True):
        np.testing.assert_array_equal(a, b)
    copy.set_weights([w + 1 for w in copy.get_weights()])
    assert np.abs(outputs(copy)[0] - outputs(model)[0]).max() > 1e-2
    json.dumps(model.get_config())


def test_a_function_says_what_stands_in_a_layers_place_and_inputs_may_be_others() -> None:
    def wider(layer: Any) -> Any:
        return layers.Dense(7, name=layer.name) if layer.name in ("deep", "dense") else layer

    copy = clone_model(stacked(), clone_function=wider)
    assert copy.output_shape == (None, 7)
    assert clone_model(functional(), clone_function=wider, recursive=True).output_shape["inner"] == (None, 7)
    model = functional()
    given = p.Input((6, 6, 2), name="other")
    assert clone_model(model, input_tensors=given).inputs[0] is given
    same = clone_model(model, clone_function=lambda layer: layer)
    np.testing.assert_array_equal(outputs(same)[1], outputs(model)[1])  # the layers themselves: weights are shared


def test_shapes_of_outputs_are_told_for_shapes_of_inputs() -> None:
    assert stacked().compute_output_shape((5, 6, 6, 2)) == (5, 3)
    assert functional().compute_output_shape((None, 6, 6, 2)) == [(None, 4), (None, 3)]
    with pytest.raises(ShapeError):
        stacked().compute_output_shape((None, 6, 6, 3))


@pytest.mark.parametrize(("call", "told"), [
    (lambda: clone_model(3), "a model"), (lambda: model_from_json("{"), "a model as JSON"),
    (lambda: model_from_json('{"config": {"layers": []}}'), "of a model"),
    (lambda: Model.from_config({"graph": {"layers": 3}}), "damaged"),
    (lambda: clone_model(stacked(), clone_function=lambda layer: 3), "a layer"),
    (lambda: clone_model(stacked(), input_tensors=[p.Input((2,)), p.Input((2,))]), "must be 1"),
])  # fmt: skip
def test_bad_input_is_a_sentence(call: Any, told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        call()
