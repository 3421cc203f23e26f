"""Weights as an engine gets them: in the network's order, whatever the process hashes names with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid.callbacks import Callback
from pellucid.engines.reference import ReferenceEngine
from pellucid.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, Reshape
from pellucid.model import weights
from pellucid.model.weights import native
from pellucid.models import Sequential


def test_moving_statistics_come_in_the_order_of_the_layers() -> None:
    """A set of 24 names has had this order by chance once in 24! processes; checkpoints keep the order."""
    model = Sequential([Input((2, 2, 1)), *(BatchNormalization() for _ in range(12))])
    params, state = native(model.built, ReferenceEngine())
    assert len(state) == 24 and list(state) == [key for key in model.graph.weights if "/moving_" in key]
    assert list(params) == [key for key in model.graph.weights if "/moving_" not in key]


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_a_prediction_is_that_of_the_weights_as_they_are_now(engine: str) -> None:
    """Between two predictions their form in the engine is kept; each way to change one of them is noticed."""
    model = Sequential([Input((6, 5, 2)), Conv2D(3, 3), BatchNormalization(), Flatten(), Dense(4)])
    model.compile("sgd", "mse", engine=engine)
    x = np.random.default_rng(0).random((3, 6, 5, 2), np.float32)
    kernel, middle = model.layers[0].weights["kernel"], model.layers[1].weights["moving_mean"]

    def set_it() -> None:
        model.layers[0].set_weights([kernel + 1, np.ones(3, np.float32)])

    def set_all() -> None:
        model.set_weights([value * np.float32(0.5) for value in model.get_weights()])

    def write_into_it() -> None:
        model.layers[0].weights["kernel"][0, 1] += 1

    def write_into_the_middle() -> None:
        middle[1] = 3

    def hang_another() -> None:
        model.layers[3].weights["kernel"] = np.ones((36, 4), np.float32)

    def learn() -> None:
        model.fit(x, np.ones((3, 4), np.float32), epochs=1, verbose=0)

    before = model.predict(x)
    for change in (write_into_the_middle, set_it, set_all, write_into_it, hang_another, learn):
        assert np.array_equal(model.predict(x), before), change.__name__
        change()
        now = model.predict(x)
        fresh = model.engine.forward(model.graph, *native(model.built, model.engine), {"input": x}, training=False)
        assert not np.array_equal(now, before), change.__name__
        assert np.array_equal(now, model.engine.get(fresh.outputs)["output"]), change.__name__
        before = now


def test_arrays_that_a_layer_no_longer_has_are_not_read() -> None:
    """The reference engine reads the model's own arrays; a copy of the same bytes in their place is another array."""
    model = Sequential([Input((4,)), Dense(2)])
    model.compile("sgd", "mse", engine="reference")
    x, old = np.ones((1, 4), np.float32), model.layers[0].weights["kernel"]
    before = model.predict(x)
    model.layers[0].set_weights(model.layers[0].get_weights())
    model.predict(x)
    old += 1
    assert np.array_equal(model.predict(x), before)


def test_weights_are_made_once_for_predictions_that_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as nothing changes; those of a network above the border are not kept."""
    model = Sequential([Input((4,)), Dense(2)])
    model.compile("sgd", "mse", engine="pytorch")
    first, again = model.at_rest(model.engine), model.at_rest(model.engine)
    assert first.native is again.native and first.again is None and again.again is not None
    assert model.at_rest(model.engine) is again
    monkeypatch.setattr(weights, "MOST", 39)     # bytes; it has 40
    larger = Sequential([Input((4,)), Dense(2)])
    larger.compile("sgd", "mse", engine="pytorch")
    kept = larger.at_rest(larger.engine)
    assert larger._resting is None and larger.at_rest(larger.engine) is not kept


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_a_prediction_is_the_callers_own_also_where_a_network_hands_its_input_on(engine: str) -> None:
    """Whoever writes into an answer changes neither what was asked nor the next answer."""
    model = Sequential([Input((2, 3)), Reshape((6,)), Dropout(0.5)])
    model.compile("sgd", "mse", engine=engine)
    asked = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    for _ in range(4):
        found = model.predict(asked, verbose=0)
        np.testing.assert_array_equal(found, [[0, 1, 2, 3, 4, 5]])
        assert not np.shares_memory(found, asked)
        found[:] = 9


def test_a_type_error_of_the_work_is_no_mistake_in_the_arguments() -> None:
    """What a callback of one's own raises reaches whoever wrote it, as it is."""
    class Wrong(Callback):
        def on_predict_begin(self, logs: Any = None) -> None:
            raise TypeError("mine")

    model = Sequential([Input((2,)), Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match=r"^mine$"):
        model.predict(np.zeros((1, 2)), verbose=0, callbacks=[Wrong()])


def test_what_a_callback_was_shown_is_not_what_the_caller_gets() -> None:
    shown: list[Any] = []

    class Keeping(Callback):
        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
            shown.append(logs["outputs"])

    model = Sequential([Input((2,)), Dense(1)])
    model.compile("sgd", "mse")
    found = model.predict(np.ones((3, 2)), verbose=0, callbacks=[Keeping()])
    assert len(shown) == 1 and np.array_equal(shown[0], found) and not np.shares_memory(shown[0], found)
