"""Losses, weights, masks, penalties and update rules worked with a pencil."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from pellucid.engines.protocol import Measure, Objective, Term
from pellucid.engines.reference import ReferenceEngine
from pellucid.spec.activations import Linear, Softmax
from pellucid.spec.dense import Dense
from pellucid.spec.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    Huber,
    LossSpec,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy,
    SparseCategoricalFocalCrossentropy,
    TopKCategoricalAccuracy,
)
from pellucid.spec.optimizers import SGD, Adagrad, Adam, OptimizerSpec, RMSprop, newton
from pellucid.spec.regularizers import L1L2
from tests.gradient.checking import network

ENGINE = ReferenceEngine("float64")
LN2 = math.log(2)


def value_of(loss: LossSpec, prediction: list, target: list, weights=None, mask=None, softmax: bool = False) -> float:
    """The loss of a batch, as a user reads it."""
    x = np.array(prediction, float)
    run = ENGINE.forward(network(Softmax() if softmax else Linear(), x.shape[1:]), {}, {}, {"input": x}, training=True)
    batch = SimpleNamespace(
        targets={"output": np.array(target)},
        weights={} if weights is None else {"output": np.array(weights, float)},
        masks={} if mask is None else {"output": np.array(mask)},
    )
    objective = Objective((Term("output", loss),))
    return objective.report(ENGINE.measure(objective, run, batch))["loss"]


def test_cross_entropy() -> None:
    # -ln 1/8 = 3 ln 2, and -ln 1/2 = ln 2: mean 2 ln 2, from probabilities and from logits alike
    rows, labels = [[1 / 2, 3 / 8, 1 / 8], [1 / 4, 1 / 2, 1 / 4]], [2, 1]
    assert value_of(SparseCategoricalCrossentropy(), rows, labels) == pytest.approx(2 * LN2)
    logits = np.log(rows) + 40
    assert value_of(SparseCategoricalCrossentropy(), logits, labels, softmax=True) == pytest.approx(2 * LN2)
    assert value_of(CategoricalCrossentropy(), rows, np.eye(3)[labels]) == pytest.approx(2 * LN2)
    # smoothing 0.3 of one-hot (0,1,0): t = (0.1, 0.8, 0.1) against (1/4, 1/2, 1/4): 0.2 * 2 ln 2 + 0.8 ln 2
    smoothed = value_of(CategoricalCrossentropy(label_smoothing=0.3), rows[1:], [[0, 1, 0]])
    assert smoothed == pytest.approx(1.2 * LN2)


def test_logits_of_a_thousand_are_no_overflow() -> None:
    # softmax (1000, 0): -ln of the second is 1000, of the first 0
    assert value_of(SparseCategoricalCrossentropy(), [[1000, 0]], [1], softmax=True) == pytest.approx(1000)
    assert value_of(BinaryCrossentropy(from_logits=True), [[-1000]], [[1]]) == pytest.approx(1000)


def test_weights_divide_by_n_and_masks_by_what_is_labelled() -> None:
    # losses 3 ln 2 and ln 2; weights 1 and 5: (3 + 5) ln 2 / 2; the first masked: ln 2 / 1
    rows, labels = [[1 / 2, 3 / 8, 1 / 8], [1 / 4, 1 / 2, 1 / 4]], [2, 1]
    loss = SparseCategoricalCrossentropy()
    assert value_of(loss, rows, labels, weights=[1, 5]) == pytest.approx(4 * LN2)
    assert value_of(loss, rows, labels, mask=[False, True]) == pytest.approx(LN2)
    assert value_of(loss, rows, labels, weights=[1, 5], mask=[False, True]) == pytest.approx(5 * LN2)
    assert value_of(loss, rows, labels, mask=[False, False]) == 0


def test_focal() -> None:
    # p = 1/2, alpha 1/4, gamma 2: 1/4 * (1/2)^2 * ln 2 = ln 2 / 16
    assert value_of(CategoricalFocalCrossentropy(), [[1 / 2, 1 / 2]], [[1, 0]]) == pytest.approx(LN2 / 16)
    assert value_of(SparseCategoricalFocalCrossentropy(), [[1 / 2, 1 / 2]], [0]) == pytest.approx(LN2 / 16)
    # p = 1/4, alpha 1, gamma 1: 3/4 * 2 ln 2
    loss = SparseCategoricalFocalCrossentropy(alpha=1.0, gamma=1.0)
    assert value_of(loss, [[1 / 4, 3 / 4]], [0]) == pytest.approx(1.5 * LN2)


def test_binary_cross_entropy() -> None:
    # yes at 1/4: 2 ln 2; no at 1/2: ln 2; mean 1.5 ln 2
    assert value_of(BinaryCrossentropy(), [[1 / 4, 1 / 2]], [[1, 0]]) == pytest.approx(1.5 * LN2)


def test_errors() -> None:
    # errors 0.5 and -3: squares 0.25 and 9, sizes 0.5 and 3, Huber 0.125 and 3 - 0.5
    assert value_of(MeanSquaredError(), [[0.5, -3]], [[0, 0]]) == 4.625
    assert value_of(MeanAbsoluteError(), [[0.5, -3]], [[0, 0]]) == 1.75
    assert value_of(Huber(), [[0.5, -3]], [[0, 0]]) == 1.3125
    assert value_of(Huber(2.0), [[0.5, -3]], [[0, 0]]) == (0.125 + 2 * 2) / 2  # 2 (3 - 2/2)


def test_penalty() -> None:
    # weights 1 and -2: 0.1 * 3 + 0.01 * 5 = 0.35 (no 1/2), bias untouched; slope 0.1 sign w + 0.02 w
    graph = network(Dense(1, kernel_regularizer=L1L2(0.1, 0.01)), (2,))
    params = {"dense/kernel": np.array([[1.0], [-2.0]]), "dense/bias": np.array([7.0])}
    run = ENGINE.forward(graph, params, {}, {"input": np.zeros((3, 2))}, training=True)
    batch = SimpleNamespace(targets={"output": np.full((3, 1), 7.0)}, weights={}, masks={})
    objective = Objective((Term("output", MeanSquaredError()),))
    sums, found = ENGINE.grad(objective, run, batch, wrt=("parameters",))
    assert objective.report(sums)["loss"] == pytest.approx(0.35)
    np.testing.assert_allclose(found.parameters["dense/kernel"], [[0.12], [-0.14]])
    np.testing.assert_allclose(found.parameters["dense/bias"], [0])


def test_metrics() -> None:
    # the largest is class 2, then 0, then 1: right for label 2, second for 0, third for 1
    rows, labels = [[3, 1, 5]] * 3, [2, 0, 1]
    x = np.array(rows, float)
    run = ENGINE.forward(network(Linear(), (3,)), {}, {}, {"input": x}, training=False)
    batch = SimpleNamespace(targets={"output": np.array(labels)}, weights={}, masks={})
    metrics = {"one": SparseCategoricalAccuracy(), "two": TopKCategoricalAccuracy(2)}
    measures = tuple(Measure("output", metric, name) for name, metric in metrics.items())
    sums = ENGINE.measure(Objective((), measures), run, batch)
    assert (sums["metric:one"], sums["metric:two"]) == ((1, 3), (2, 3))


def moved(rule: OptimizerSpec, *gradients: float) -> float:
    """Where a weight of 1 goes."""
    params = {"w": np.array([1.0])}
    slots = ENGINE.slots(rule, params)
    for step, gradient in enumerate(gradients):
        params, slots = ENGINE.update(rule, params, {"w": np.array([gradient])}, slots, step, rate=rule.learning_rate)
    return params["w"].item()


def test_update_rules() -> None:
    # 1 - 0.1 * 2
    assert moved(SGD(0.1), 2.0) == pytest.approx(0.8)
    # v = -0.2, then 0.5 * -0.2 - 0.2 = -0.3: 1 - 0.2 - 0.3
    assert moved(SGD(0.1, 0.5), 2.0, 2.0) == pytest.approx(0.5)
    # Nesterov looks ahead: 0.5 * -0.2 - 0.2 = -0.3, then 0.5 * -0.3 - 0.2 = -0.35
    assert moved(SGD(0.1, 0.5, True), 2.0, 2.0) == pytest.approx(0.35)
    # s = 5 + 2^2, epsilon 7 inside the root: 2 / sqrt(16)
    assert moved(Adagrad(0.1, 5.0, 7.0), 2.0) == pytest.approx(0.95)
    # s = 0.25 * 2^2 = 1, epsilon 3 inside the root: 2 / sqrt(4)
    assert moved(RMSprop(0.1, 0.75, epsilon=3.0), 2.0) == pytest.approx(0.9)
    # m = 0.5 * 2, v = 0.25 * 4, correction sqrt(0.25) / 0.5 = 1, epsilon 1 outside the root: 1 / (1 + 1)
    assert moved(Adam(0.1, 0.5, 0.75, 1.0), 2.0) == pytest.approx(0.95)


def test_amsgrad_never_forgets_a_large_gradient() -> None:
    # beta_1 = 0, beta_2 = 0.5, epsilon tiny: v = 0.5 * 16 = 8, then 4, while AMSGrad keeps 8
    # first step 4 / sqrt 8; the second, g = 0, moves nothing; the third, g = 1: v = 4 / 2 + 1 / 2, so 8 steps shorter
    plain, kept = (moved(Adam(0.1, 0.0, 0.5, 1e-9, ams), 4.0, 0.0, 1.0) for ams in (False, True))
    first = 1 - 0.1 * 4 * math.sqrt(0.5) / math.sqrt(8)
    v = 0.5 * (0.5 * 8) + 0.5
    assert plain == pytest.approx(first - 0.1 * math.sqrt(1 - 0.125) / math.sqrt(v))
    assert kept == pytest.approx(first - 0.1 * math.sqrt(1 - 0.125) / math.sqrt(8))


def test_newton_needs_one_step_on_a_parabola() -> None:
    # f = 3 (x - 2)^2: f' = 6 (x - 2), f'' = 6: 10 - 48 / 6 = 2
    assert newton(lambda x: 6 * (x - 2), lambda x: 6.0, 10.0, steps=1) == 2.0
