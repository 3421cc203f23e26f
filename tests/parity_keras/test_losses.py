"""Each loss equals Keras's own: its value with sample weights, and its gradient by the prediction."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pellucid.engines.protocol import Objective, Term
from pellucid.engines.reference import ReferenceEngine
from pellucid.spec.activations import Activation
from pellucid.spec.base import rules
from pellucid.spec.losses import LossSpec, SparseCategoricalCrossentropy, SparseCategoricalFocalCrossentropy
from pellucid.spec.regularizers import L1, L1L2, L2
from tests.gradient.checking import network
from tests.gradient.test_losses import PAIRS, K, N, labels
from tests.parity_keras.bridge import TOLERANCE, assert_same, keras, numbers, tensor

SHARED = [
    pair for pair in PAIRS
    if hasattr(keras.losses, type(pair[0]).__name__) or isinstance(pair[0], SparseCategoricalFocalCrossentropy)
]  # fmt: skip


def predicted(activation: str, random: np.random.Generator) -> np.ndarray:
    """Random numbers in front of an activation, as the graph computes them."""
    return random.normal(0, 1.5, (N, K))


def keras_loss(loss: LossSpec) -> Callable[..., Any]:
    """Keras's loss of the same name and arguments; its focal loss wants one-hot labels."""
    arguments = {name: getattr(loss, name) for name in rules(type(loss))}
    if isinstance(loss, SparseCategoricalCrossentropy) and not arguments["label_smoothing"]:
        del arguments["label_smoothing"]  # ours alone
    if not isinstance(loss, SparseCategoricalFocalCrossentropy):
        return getattr(keras.losses, type(loss).__name__)(**arguments)
    focal = keras.losses.CategoricalFocalCrossentropy(**arguments)
    return lambda target, prediction, sample_weight: focal(np.eye(K)[target], prediction, sample_weight)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("loss", "activation"), SHARED, ids=lambda value: repr(value).replace(" ", ""))
def test_a_loss_is_keras_own(loss: LossSpec, activation: str, weighted: bool, dtype: str) -> None:
    random = np.random.default_rng(4)
    z = predicted(activation, random).astype(dtype)
    target = labels(loss, random, (N, K))
    weights = random.uniform(0.2, 3, N).astype(dtype)
    engine = ReferenceEngine(dtype)
    run = engine.forward(network(Activation(activation), (K,)), {}, {}, {"input": z}, training=True)
    batch = SimpleNamespace(targets={"output": target}, weights={"output": weights} if weighted else {}, masks={})
    objective = Objective((Term("output", loss),))
    sums, found = engine.grad(objective, run, batch, wrt=("inputs",))

    keras.config.set_floatx(dtype)
    theirs = keras_loss(loss)
    given = tensor(z, wants_gradient=True)
    prediction = keras.activations.get(activation)(given)
    value = theirs(target, prediction, sample_weight=weights if weighted else None)
    value.backward()
    ours = np.asarray(objective.report(sums)["loss"], dtype)
    limit = 1e-6 if dtype == "float64" else TOLERANCE[dtype]  # Keras sums in float32 along the way
    assert_same("loss", ours, numbers(value).astype(dtype), dtype, limit)
    assert_same("dz", found.inputs["input"], numbers(given.grad), dtype, limit)


@pytest.mark.parametrize("penalty", [L1(0.3), L2(0.3), L1L2(0.2, 0.5)], ids=repr)
def test_a_penalty_is_keras_own(penalty) -> None:
    from pellucid.spec.dense import Dense

    graph = network(Dense(3, kernel_regularizer=penalty), (4,))
    engine = ReferenceEngine("float64")
    random = np.random.default_rng(1)
    params = {"dense/kernel": random.normal(size=(4, 3)), "dense/bias": np.zeros(3)}
    run = engine.forward(graph, params, {}, {"input": np.zeros((2, 4))}, training=True)
    batch = SimpleNamespace(targets={}, weights={}, masks={})
    ours = Objective(()).report(engine.measure(Objective(()), run, batch))["loss"]
    theirs = keras.regularizers.L1L2(penalty.l1, penalty.l2)(tensor(params["dense/kernel"]))
    assert ours == pytest.approx(float(theirs), rel=1e-6)
