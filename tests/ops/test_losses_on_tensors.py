"""Losses called on tensors, inside a loss or a step of one's own, are what they are on numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid import losses

RANDOM = np.random.default_rng(4)
P = RANDOM.dirichlet(np.ones(3), 6).astype("float32")
LOGITS = RANDOM.normal(size=(6, 3)).astype("float32")
ROWS, LABELS = np.eye(3, dtype="float32")[[0, 1, 2, 0, 1, 2]], np.array([0, 1, 2, 0, 1, 2])
CASES = [
    (losses.MeanSquaredError(), ROWS, LOGITS), (losses.MeanAbsoluteError(reduction="sum"), ROWS, LOGITS),
    (losses.Huber(0.7), ROWS, LOGITS), (losses.BinaryCrossentropy(), ROWS, P),
    (losses.BinaryCrossentropy(True, 0.1), ROWS, LOGITS), (losses.CategoricalCrossentropy(False, 0.2), ROWS, P),
    (losses.CategoricalCrossentropy(True), ROWS, LOGITS), (losses.SparseCategoricalCrossentropy(), LABELS, P),
    (losses.SparseCategoricalCrossentropy(True), LABELS[:, None], LOGITS), (losses.KLDivergence(), ROWS, P),
    (losses.mean_squared_error, ROWS, LOGITS), (losses.sparse_categorical_crossentropy, LABELS, P),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "target", "given"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_it_is_the_loss_of_numbers(loss: Any, target: Any, given: Any) -> None:
    found = []

    class Own(p.Model):
        def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, **others: Any) -> Any:
            value = loss(y, y_pred)
            found.append((np.asarray(value), np.asarray(loss(y, np.asarray(y_pred)))))
            return p.ops.mean(value)

    inputs = p.Input((3,))
    model = Own(inputs, p.layers.PReLU(alpha_initializer="ones")(inputs))
    model.compile("sgd")
    model.fit(given, target, batch_size=6, shuffle=False, verbose=0)
    np.testing.assert_allclose(*found[0], rtol=1e-5, atol=1e-6)


def test_one_without_a_formula_says_so() -> None:
    model = p.Sequential([p.Input((3,)), p.layers.Dense(3)])
    focal = losses.SparseCategoricalFocalCrossentropy()
    with pytest.raises(ValueError, match=r"y_pred must be numbers, but it is a tensor. Write it with pellucid.ops"):
        model.compile("sgd", lambda t, y: focal(t, y))
