"""A trace shows the numbers that the engine computes, and gradients that differences confirm."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid
from pellucid.errors import ArgumentError, UsageError
from pellucid.graph.spelled import spelled
from pellucid.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    Input,
    MaxPooling2D,
    SeparableConv2D,
)
from pellucid.models import Sequential


@pytest.fixture
def model() -> Sequential:
    pellucid.set_random_seed(3)
    net = Sequential([
        Input((6, 5, 2)), Conv2D(3, 3, padding="same", activation="relu", name="first"), BatchNormalization(),
        SeparableConv2D(4, 3, activation="tanh", name="second"), MaxPooling2D(), Flatten(),
        Dense(3, activation="softmax", name="last"),
    ])
    net.compile("sgd", "sparse_categorical_crossentropy")
    return net


X = np.random.default_rng(0).normal(size=(2, 6, 5, 2))
Y = np.array([0, 2])


def test_the_steps_follow_one_another_and_end_in_the_prediction(model: Sequential) -> None:
    trace = model.trace(X)
    assert [step.name for step in trace] == [
        "input", "first", "first.re_lu", "batch_normalization", "second", "second.conv2d", "second.tanh",
        "max_pooling2d", "flatten", "last", "last.softmax",
    ]
    for before, step in zip(list(trace)[:-1], list(trace)[1:], strict=True):
        np.testing.assert_array_equal(step.inputs[0], before.output)
    np.testing.assert_allclose(trace[-1].output, model.predict(X), rtol=1e-5)
    np.testing.assert_array_equal(trace["first.re_lu"].output, np.maximum(trace["first"].output, 0))
    assert trace["second"].weights["depthwise_kernel"].shape == (3, 3, 3, 1)
    assert trace["second.conv2d"].weights["kernel"].shape == (1, 1, 3, 4)
    assert all(step.gradient is None for step in trace) and trace.loss is None


def test_a_gradient_in_the_middle_is_what_a_small_change_there_does_to_the_loss(model: Sequential) -> None:
    trace = model.trace(X, Y)
    step = trace["first"]
    place, h = (1, 2, 3, 1), 1e-5
    kernel = step.weight_gradients["kernel"]
    assert step.gradient is not None and abs(step.gradient[place]) > 1e-4
    changed = model.get_weights()
    slopes = []
    for sign in (1, -1):  # a change of one bias moves the filter's whole map, so its gradients add up
        weights = [value.astype(np.float64) for value in changed]
        weights[1] = weights[1] + sign * h * np.eye(3)[1]
        slopes.append(loss_with(model, weights))
    difference = (slopes[0] - slopes[1]) / (2 * h)
    np.testing.assert_allclose(step.gradient[..., 1].sum(), difference, rtol=1e-6)
    np.testing.assert_allclose(step.weight_gradients["bias"], step.gradient.sum(axis=(0, 1, 2)), rtol=1e-12)
    assert kernel.shape == (3, 3, 2, 3)


def loss_with(model: Sequential, weights: list[np.ndarray]) -> float:
    """The float64 loss of other weights, through the engine itself."""
    from pellucid.data.batches import Batch
    from pellucid.engines.protocol import Objective, Term
    from pellucid.engines.reference import ReferenceEngine
    from pellucid.spec.losses import SparseCategoricalCrossentropy

    engine, graph = ReferenceEngine("float64"), model.graph
    values = dict(zip(graph.weights, weights, strict=True))
    run = engine.forward(graph, values, values, {"input": X}, training=False)
    batch = Batch({"input": X}, {"output": Y})
    objective = Objective((Term("output", SparseCategoricalCrossentropy()),))
    return objective.report(engine.measure(objective, run, batch))["loss"]


def test_loss_and_words(model: Sequential) -> None:
    trace = model.trace(X, Y)
    assert trace.loss == pytest.approx(-np.log(trace[-1].output[[0, 1], Y]).mean(), rel=1e-9)
    text = str(trace)
    assert "first (Conv2D): y[n,i,j,f] = bias[f] + sum_uvc" in text
    assert f"loss {trace.loss:.6f}" in text
    with pytest.raises(KeyError, match="no step 'third'; there are input, first"):
        trace["third"]


def test_every_layer_has_a_formula() -> None:
    from pellucid.spec.formulas import FORMULAS
    from pellucid.spec.layer import LAYERS

    own = {owner for owner in LAYERS if owner.__module__.startswith("pellucid.")}
    assert set(FORMULAS) <= {owner.__name__ for owner in own}
    assert all((owner.__doc__ or "").strip() and not owner.__doc__.startswith(owner.__name__) for owner in own)


def test_the_spelled_graph_has_the_same_weights(model: Sequential) -> None:
    graph, keys = spelled(model.graph)
    assert set(keys.values()) == set(model.graph.weights)
    for new, old in keys.items():
        assert graph.weights[new].shape == model.graph.weights[old].shape


def test_targets_need_a_compiled_model_and_inputs_the_right_name() -> None:
    bare = Sequential([Input((4,)), Dense(2)])
    with pytest.raises(UsageError, match="not compiled"):
        bare.trace(np.zeros((1, 4)), np.zeros(1))
    with pytest.raises(ArgumentError, match="keyed by input"):
        bare.trace({"pixels": np.zeros((1, 4))})
