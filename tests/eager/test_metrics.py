"""Metrics on numbers and in training against Keras's own: two batches, with weights, and after a reset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid import metrics
from pellucid.errors import PellucidError
from tests.parity_keras.bridge import keras, numbers

RANDOM = np.random.default_rng(7)
YES = RANDOM.integers(0, 2, (12, 1)).astype("float32")
SAID = RANDOM.random((12, 1)).astype("float32")
HOT = np.eye(4, dtype="float32")[RANDOM.integers(0, 4, 12)]
SHARES = RANDOM.dirichlet(np.ones(4), 12).astype("float32")
CLASSES, GUESSES = RANDOM.integers(0, 4, 12), RANDOM.integers(0, 4, 12)
VALUES, NEAR = RANDOM.random((12, 3)).astype("float32") + 0.1, RANDOM.random((12, 3)).astype("float32") + 0.1
WEIGHTS = RANDOM.random(12).astype("float32")

CASES: dict[str, tuple[dict[str, Any], Any, Any]] = {
    **{word: ({}, YES, SAID) for word in (
        "TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives", "Precision", "Recall", "AUC", "BinaryIoU",
        "BinaryAccuracy", "BinaryCrossentropy",
    )},
    "AUC pr": ({"curve": "PR"}, YES, SAID),
    "AUC minoring": ({"summation_method": "minoring", "num_thresholds": 7}, YES, SAID),
    "AUC majoring": ({"curve": "PR", "summation_method": "majoring"}, YES, SAID),
    "AUC labels": ({"multi_label": True}, HOT, SHARES),
    "AUC thresholds": ({"thresholds": [0.2, 0.7]}, YES, SAID),
    "Precision several": ({"thresholds": [0.3, 0.6]}, YES, SAID),
    "Precision top_k": ({"top_k": 2}, HOT, SHARES),
    "Recall class_id": ({"class_id": 1, "thresholds": 0.3}, HOT, SHARES),
    "SensitivityAtSpecificity": ({"specificity": 0.4}, YES, SAID),
    "SpecificityAtSensitivity": ({"sensitivity": 0.4}, YES, SAID),
    "PrecisionAtRecall": ({"recall": 0.5}, YES, SAID),
    "RecallAtPrecision": ({"precision": 0.4}, YES, SAID),
    "F1Score": ({"average": "macro"}, HOT, SHARES),
    "F1Score each": ({}, HOT, SHARES),
    "FBetaScore": ({"average": "weighted", "beta": 2.0, "threshold": 0.3}, HOT, SHARES),
    "FBetaScore micro": ({"average": "micro", "beta": 0.5}, HOT, SHARES),
    "MeanIoU": ({"num_classes": 4}, CLASSES, GUESSES),
    "IoU": ({"num_classes": 4, "target_class_ids": [0, 2]}, CLASSES, GUESSES),
    "OneHotIoU": ({"num_classes": 4, "target_class_ids": [0, 2]}, HOT, HOT[::-1]),
    "OneHotMeanIoU": ({"num_classes": 4}, HOT, HOT[::-1]),
    "R2Score": ({}, VALUES, NEAR),
    "R2Score weighted": ({"class_aggregation": "variance_weighted_average"}, VALUES, NEAR),
    **{word: ({}, VALUES, NEAR) for word in (
        "RootMeanSquaredError", "MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError",
        "MeanSquaredLogarithmicError", "CosineSimilarity", "LogCoshError", "Poisson", "KLDivergence", "Hinge",
        "SquaredHinge", "CategoricalHinge", "PearsonCorrelation", "ConcordanceCorrelation",
    )},
    **{word: ({}, HOT, SHARES) for word in ("CategoricalAccuracy", "CategoricalCrossentropy")},
    "TopKCategoricalAccuracy 2": ({"k": 2}, HOT, SHARES),
    **{word: ({}, CLASSES, SHARES) for word in (
        "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy",
    )},
    "SparseTopKCategoricalAccuracy": ({"k": 2}, CLASSES, SHARES),
    "Accuracy": ({}, CLASSES, GUESSES),
}  # fmt: skip


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("case", CASES)
def test_a_metric_on_numbers_is_keras_own(case: str, weighted: bool) -> None:
    keras.config.set_floatx("float32")
    arguments, t, y = CASES[case]
    ours, theirs = (getattr(page, case.split()[0])(**arguments) for page in (metrics, keras.metrics))
    for part in (slice(0, 5), slice(5, 12)):
        whole = np.floor(WEIGHTS * 3).astype("int32") if "IoU" in case else WEIGHTS  # Keras counts places
        weights = (whole[part],) if weighted else ()
        ours.update_state(t[part], y[part], *weights)
        theirs.update_state(t[part], y[part], *weights)
    wanted = np.asarray(numbers(theirs.result()) if hasattr(theirs.result(), "detach") else theirs.result())
    np.testing.assert_allclose(ours.result(), wanted, rtol=2e-5, atol=2e-6)
    assert np.shape(ours.result()) == wanted.shape
    ours.reset_state()
    ours.update_state(t[:4], y[:4])
    fresh = getattr(metrics, case.split()[0])(**arguments)
    np.testing.assert_array_equal(ours.result(), fresh(t[:4], y[:4]))


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_evaluate_says_what_the_metric_says_of_all_predictions(engine: str) -> None:
    model = p.Sequential([p.Input((5,)), p.layers.Dense(4, activation="softmax")])
    x = RANDOM.random((50, 5)).astype("float32")
    t = np.eye(4, dtype="float32")[RANDOM.integers(0, 4, 50)]
    watched = [metrics.AUC(), metrics.Precision(), metrics.Recall(), metrics.RootMeanSquaredError(),
               metrics.F1Score(average="macro"), metrics.R2Score(), metrics.KLDivergence()]  # fmt: skip
    model.compile("sgd", "mse", metrics=watched, engine=engine)
    found = model.evaluate(x, t, batch_size=16, verbose=0, return_dict=True)
    y = model.predict(x, verbose=0)
    for metric in watched:
        wanted = type(metric).from_config(metric.get_config())(t, y)
        np.testing.assert_allclose(found[metric.name], wanted, rtol=1e-5, err_msg=metric.name)


class Largest(metrics.Metric):
    """How many predictions are above a half, over their number."""

    def __init__(self, name: str = "largest") -> None:
        super().__init__(name=name)
        self.above, self.number = self.add_weight(name="above"), self.add_weight(name="number")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.above.assign_add((np.asarray(y_pred) > 0.5).sum())
        self.number.assign_add(np.asarray(y_pred).size)

    def result(self) -> Any:
        return self.above / self.number


def off(y_true: Any, y_pred: Any) -> Any:
    return np.abs(y_true - y_pred).max(axis=-1)


class Silent(Largest):
    def result(self) -> Any:
        return None


def test_metrics_of_ones_own() -> None:
    model = p.Sequential([p.Input((5,)), p.layers.Dense(4, activation="sigmoid")])
    x, t = RANDOM.random((50, 5)).astype("float32"), RANDOM.random((50, 4)).astype("float32")
    model.compile("sgd", "mse", metrics=[Largest(), off])
    row = model.evaluate(x, t, batch_size=16, verbose=0, return_dict=True)
    y = model.predict(x, verbose=0)
    np.testing.assert_allclose([row["largest"], row["off"]], [(y > 0.5).mean(), off(t, y).mean()], rtol=1e-6)
    for metric, text in ((Silent(), "its result must be a number, but it is None"),
                         (lambda y_true, y_pred: None, "what it returns must be numbers, but it is None")):  # fmt: skip
        model.compile("sgd", "mse", metrics=[metric])
        with pytest.raises(PellucidError, match=text):
            model.evaluate(x, t, verbose=0)


def test_a_share_that_is_just_enough_counts() -> None:
    """4 of 5 is 0.8 in float32, on both sides; by hand: at a threshold below 0.5 the precision is 4 of 6."""
    y = np.array([0.0, 0.1, 0.2, 0.5, 0.6, 0.2, 0.5, 0.6, 0.8, 0.9], "float32")
    t = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    assert metrics.PrecisionAtRecall(0.8)(t, y) == pytest.approx(2 / 3)
    assert metrics.SensitivityAtSpecificity(0.4)(t, y) == pytest.approx(1.0)


def test_an_ignored_class_counts_as_in_keras() -> None:
    t, w = np.array([0, 1, 2]), np.array([0.5, 1.5, 2])
    y = np.array([[0.8, 0.1, 0.1], [0.05, 0.95, 0], [0.1, 0.8, 0.1]])
    for weights in ((), (w,)):
        ours, theirs = (page.SparseCategoricalCrossentropy(ignore_class=0) for page in (metrics, keras.metrics))
        ours.update_state(t, y, *weights)
        theirs.update_state(t, y, *weights)
        assert ours.result() == pytest.approx(float(theirs.result()), rel=1e-5)


def test_words_of_losses_are_metrics_too() -> None:
    model = p.Sequential([p.Input((5,)), p.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["hinge", "log_cosh"])
    x = RANDOM.random((8, 5)).astype("float32")
    row = model.evaluate(x, x[:, :1], verbose=0, return_dict=True)
    wanted = p.losses.Hinge()(x[:, :1], model.predict(x, verbose=0))
    assert row["hinge"] == pytest.approx(float(wanted), rel=1e-5) and "log_cosh" in row


def test_schedules_and_rules_tell_their_arguments() -> None:
    schedule = p.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)
    assert schedule(5) == pytest.approx(0.05)
    rule = p.optimizers.Adam(schedule, clipnorm=1.0)
    assert type(rule).from_config(rule.get_config()) == rule


def test_weights_of_a_layer_that_was_called() -> None:
    layer = p.layers.BatchNormalization()
    layer.build((None, 4))
    assert layer.built and [len(layer.trainable_weights), len(layer.non_trainable_weights)] == [2, 2]
    dense = p.layers.Dense(3)
    model = p.Model(x := p.Input(batch_shape=(None, 2)), dense(x))
    assert dense.kernel.shape == (2, 3) and dense.output_shape == (None, 3)
    assert [w.shape for w in model.trainable_variables] == [(2, 3), (3,)] and not model.non_trainable_weights
    dense.trainable = False
    assert not model.trainable_weights and len(dense.non_trainable_variables) == 2
    first = p.Sequential([p.layers.InputLayer(shape=(4,)), p.layers.Dense(2)])
    assert first.output_shape == (None, 2)
