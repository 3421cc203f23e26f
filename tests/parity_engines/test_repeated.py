"""Predictions made over and over by the same weights: the bits of the first one, and others once a weight changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid import Model, Sequential
from pellucid.architectures.names import architecture
from pellucid.errors import PellucidError, ShapeError
from pellucid.graph.vocabulary import (
    Activation,
    Add,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    LocalResponseNormalization,
)
from pellucid.tasks.keypoints.networks import maps_net
from pellucid.tasks.pose.networks import poses_net

pytest.importorskip("torch")
from pellucid.engines.pytorch import repeated

NETS: dict[str, Callable[[], Any]] = {
    "points": lambda: maps_net((32, 36, 1), 5, 16, 2),
    "people": lambda: poses_net((32, 48, 3), 8, 2, 12),
    "lenet5": lambda: architecture("lenet5", (32, 32, 1), 4),
}  # fmt: skip


def compiled(model: Any) -> Any:
    model.compile("sgd", "mse", engine="pytorch")
    return model


def pictures(model: Any, count: int = 1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, *model.input_shape[1:])).astype(np.float32)


def proven(model: Any) -> Any:
    """Whether a shorter way was found to give the walk's bits, once three predictions were made."""
    return model._resting.again.proven


@pytest.mark.parametrize("name", NETS)
def test_what_is_predicted_again_is_the_same_to_the_bit(name: str) -> None:
    model = compiled(NETS[name]())
    x, others = pictures(model), pictures(model, 3, seed=1)
    wanted = model.predict(others, batch_size=3)
    first = model.predict(x)
    assert proven(model), "a network of layers that torch has"
    for _ in range(2):
        assert np.array_equal(model.predict(x), first) and np.array_equal(model.predict(others, batch_size=3), wanted)
    model._resting = None
    assert np.array_equal(model.predict(x), first) and model._resting.again is None     # by the walk, once more


def small() -> Any:
    return compiled(Sequential([Input((6, 6, 3)), Conv2D(4, 3, activation="relu"), BatchNormalization(), Flatten(),
                                Dense(2)]))  # fmt: skip


def test_other_weights_give_other_answers() -> None:
    model = small()
    x = pictures(model)
    for _ in range(3):
        before = model.predict(x)
    assert proven(model)
    model.layers[-1].set_weights([2 * value for value in model.layers[-1].get_weights()])
    np.testing.assert_allclose(model.predict(x), 2 * before, rtol=1e-5)
    assert np.array_equal(model.predict(x), model.predict(x))


def test_many_samples_other_types_and_sizes_go_the_usual_way(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small()
    asked: list[int] = []
    made = repeated.Repeated.made
    monkeypatch.setattr(repeated.Repeated, "made", lambda self, inputs: asked.append(len(inputs[self.entry])) or made(
        self, inputs))  # type: ignore[func-returns-value]
    many = pictures(model, repeated.MOST + 1)
    for _ in range(3):
        model.predict(many)
    assert model._resting.again.proven is None, "nothing was built for them"
    for x in (many[:2], many[:2], many[:2].astype(np.float64), many):
        wanted = model.predict(many)[: len(x)]
        np.testing.assert_allclose(model.predict(x), wanted, rtol=1e-5, atol=1e-6)
    assert proven(model) and repeated.MOST + 1 in asked
    with pytest.raises(ShapeError):
        model.predict(np.ones((1, 7, 6, 3), np.float32))


def test_what_is_not_finite_is_told_as_ever() -> None:
    model = small()
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([1e30 * kernel, bias])
    x = pictures(model)
    for _ in range(3):
        model.predict(x)
    assert proven(model)
    for _ in range(2):
        with pytest.raises(PellucidError, match="finite"):
            model.predict(1e12 * x)


@pytest.mark.parametrize("layers", [
    [LocalResponseNormalization(), Flatten(), Dense(5)], [Dense(3)], [GlobalAveragePooling2D(), Dense(2)],
    [Conv2D(4, 1, strides=2)], [Activation("leaky_relu")],
], ids=["response", "dense on maps", "means", "skipping", "slope"])  # fmt: skip
def test_layers_that_torch_may_compute_in_another_order_are_walked(layers: list[Any]) -> None:
    model = compiled(Sequential([Input((9, 9, 3)), Conv2D(8, 3), *layers]))
    for _ in range(3):
        model.predict(np.zeros((1, 9, 9, 3), np.float32))   # a black picture would prove anything
    assert model._resting.again is None and model._resting.asked, "asked once"


def test_memory_in_another_order_changes_nothing() -> None:
    model = small()
    x = pictures(model, 3)
    first = model.predict(x)
    model.predict(x)
    other = np.asfortranarray(x)
    other.flags.writeable = False
    assert proven(model) and np.array_equal(model.predict(other), first)
    assert np.array_equal(model.predict(np.repeat(x, 2, axis=2)[:, :, ::2]), first)


def test_large_answers_are_finite_though_their_sum_is_not() -> None:
    model = compiled(Sequential([Input((6,)), Dense(8, use_bias=False)]))
    model.set_weights([np.full((6, 8), 1e37, np.float32)])
    found = [model.predict(np.ones((4, 6), np.float32)) for _ in range(4)]
    assert proven(model) and all(np.array_equal(one, found[0]) for one in found) and np.isfinite(found[0]).all()


def test_a_way_with_one_other_bit_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small()
    x, direct = pictures(model), repeated.direct
    monkeypatch.setattr(repeated, "direct", lambda part: lambda y: direct(part)(y) * (1 + 2**-22))
    found = [model.predict(x) for _ in range(4)]
    assert proven(model) is False and all(np.array_equal(one, found[0]) for one in found)


def test_networks_of_several_inputs_and_of_shared_layers() -> None:
    image, other = Input((5, 5, 2), name="image"), Input((5, 5, 2), name="other")
    shared = Conv2D(3, 3, padding="same", name="shared")
    two = compiled(Model([image, other], Add()([shared(image), shared(other)])))
    given = {"image": np.ones((1, 5, 5, 2), np.float32), "other": np.zeros((1, 5, 5, 2), np.float32)}
    first = two.predict(given)
    assert all(np.array_equal(two.predict(given), first) for _ in range(3)) and two._resting.again is None
    y = shared(image)
    one = compiled(Model(image, Concatenate()([Add()([y, y]), shared(image), image])))
    x = pictures(one)
    first = one.predict(x)
    assert all(np.array_equal(one.predict(x), first) for _ in range(3)) and proven(one)
    assert first.shape == (1, 5, 5, 8)
