"""What the planted faults do not reach: penalties, batch norm, logits, learnt models, a run left alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pellucid.checks import learning_rate
from pellucid.checks.batch_leak import check_batch_leak, leak
from pellucid.checks.descent import Descent
from pellucid.checks.finding import Finding, graded, verdict
from pellucid.checks.gradients import check_gradients, slope
from pellucid.checks.initial_loss import check_initial_loss
from pellucid.checks.learning_rate import Range, range_test, read
from pellucid.checks.output import check_output
from pellucid.checks.series import check_all
from pellucid.checks.subject import has_penalties, without_noise
from pellucid.data.batches import Batches
from pellucid.engines.reference import engine as reference
from pellucid.graph.plan import plan
from pellucid.keys import Key
from pellucid.layers import (
    Dense,
    Dropout,
    Flatten,
    GaussianNoise,
    Input,
    RandomContrast,
    RandomFlip,
    ReLU,
    RReLU,
    Softmax,
)
from pellucid.models import Sequential
from pellucid.runs.weights import native_weights
from pellucid.spec.losses import SparseCategoricalCrossentropy
from pellucid.spec.optimizers import Adam
from tests.checks.faults import flat
from tests.checks.subjects import CLEAN, clean, convolutional, dataset, dense, digits, normed, penalized, subject


@pytest.mark.parametrize("name", CLEAN)
def test_checks_change_no_bit_of_the_run(name: str) -> None:
    """First weights and first batches are the same after all checks as they were before."""

    def beginning(whole: Any) -> list[bytes]:
        params, state = whole.weights(whole.engine)
        first = next(whole.batches.epoch(0))
        return [value.tobytes() for value in (*params.values(), *state.values(), *first.inputs.values(), first.ids)]

    whole = clean(name, 3)
    before = beginning(whole)
    assert len(list(check_all(whole))) == 16
    assert beginning(whole) == before


def test_the_same_seed_gives_the_same_findings() -> None:
    name = next(iter(CLEAN))
    assert list(check_all(clean(name, 1))) == list(check_all(clean(name, 1)))


def test_a_penalty_without_its_gradient_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = reference.penalties
    monkeypatch.setattr(reference, "penalties", lambda graph, weights, todo, found: right(graph, weights, todo, None))
    whole = subject(penalized(), dataset(*digits(0)))
    found = check_gradients(whole)
    assert found.status == "failure" and "'dense/kernel'" in found.meaning
    assert check_gradients(subject(convolutional(), dataset(*digits(0)))).status == "pass"


def test_gradients_name_the_tensor_and_see_biases_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    right = reference.ReferenceEngine.grad

    def without_last_bias(self: Any, *arguments: Any, **named: Any) -> Any:
        sums, found = right(self, *arguments, **named)
        found.parameters["dense_1/bias"] = found.parameters["dense_1/bias"] * 1.01
        return sums, found

    monkeypatch.setattr(reference.ReferenceEngine, "grad", without_last_bias)
    found = check_gradients(subject(convolutional(), dataset(*digits(0))))
    assert found.status == "failure" and "'dense_1/bias'" in found.meaning
    assert found.value == pytest.approx(0.005, rel=0.1)


def test_batch_norm_shares_a_batch_in_training_and_not_in_prediction() -> None:
    whole = subject(normed(), dataset(*digits(0)))
    in_training = leak(whole, training=True)
    assert in_training is not None and in_training > 1e-3
    found = check_batch_leak(whole)
    assert found.status == "pass" and found.value == 0 and "in training 1 batch norm layers share" in found.meaning


def test_a_network_that_does_not_see_the_image_is_told() -> None:
    whole = subject(dense(Dense(16, kernel_initializer="zeros")), dataset(*digits(0)))
    found = check_batch_leak(whole)
    assert (found.status, found.value) == ("warning", None)


def test_a_head_that_begins_at_zero_is_asked_with_another_kernel() -> None:
    head = Dense(10, activation="softmax", kernel_initializer="zeros")
    whole = subject(Sequential([Input((8, 8, 1)), Flatten(), head]), dataset(*digits(0)))
    found = check_batch_leak(whole)
    assert (found.status, found.value) == ("pass", 0)


def test_a_sample_of_large_images_is_small() -> None:
    images = {name: np.broadcast_to(np.uint8(7), (10, 1024, 1024, 1)) for name in ("train", "test")}
    whole = clean(next(iter(CLEAN)), 0)
    large = replace(whole, batches=Batches(dataset(images, dict.fromkeys(images, np.arange(10))).part("train"),
                                           batch_size=4, key=whole.key))  # fmt: skip
    assert len(large.drawn_at_random("scale", 512)) == 4 and len(whole.drawn_at_random("scale", 512)) == 150


@pytest.mark.parametrize(
    ("layers", "from_logits", "status"),
    [
        ([lambda: Dense(10)], True, "pass"),
        ([lambda: Dense(10, activation="softmax")], True, "failure"),
        ([lambda: Dense(10, activation="tanh")], True, "failure"),
        ([lambda: Dense(10), Softmax], False, "pass"),
        ([lambda: Dense(10), ReLU, lambda: Dropout(0.5), Softmax], False, "failure"),
        ([lambda: Dense(10), lambda: Dropout(0.5), Softmax], False, "pass"),
        ([lambda: Dense(10, activation="sigmoid")], False, "failure"),
    ],
)  # fmt: skip
def test_what_stands_before_the_loss(layers: list[Any], from_logits: bool, status: str) -> None:
    loss = SparseCategoricalCrossentropy(from_logits=from_logits)
    assert check_output(subject(flat(*layers)(), dataset(*digits(0)), loss=loss)).status == status


def test_a_model_that_has_learnt_may_begin_low_and_a_drawn_one_may_not() -> None:
    model = dense(Dense(32, activation="relu"))
    data = dataset(*digits(0))
    whole = subject(model, data, rule=Adam(0.01))
    part = data.part("train")
    model.compile(Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(part.images.take(np.arange(len(part))) / 255.0, part.labels, epochs=20, verbose=0)
    learnt = replace(whole, weights=lambda engine: native_weights(model, engine))
    assert check_initial_loss(learnt).status == "warning"
    assert check_initial_loss(replace(learnt, drawn=False)).status == "pass"


def test_a_quiet_network_draws_nothing_and_has_no_penalty_but_the_same_weights() -> None:
    inner = Sequential([Input((8, 8, 1)), RandomFlip(), GaussianNoise(0.5)])
    graph = Sequential([Input((8, 8, 1)), inner, RandomContrast(0.5), RReLU(), *convolutional().layers]).graph
    quiet, x = without_noise(graph, penalties=False), np.random.default_rng(0).random((4, 8, 8, 1)).astype("float32")
    assert sum(step.spec.noisy for step in plan(quiet).steps) == 5
    assert quiet.weights.keys() == graph.weights.keys()
    engine = reference.ReferenceEngine()
    params, state = engine.init(quiet, Key.of(0))
    given = engine.put({"input": x})
    seen = [engine.forward(quiet, params, state, given, training=training, key=Key.of(1)).outputs["output"]
            for training in (True, False)]  # fmt: skip
    np.testing.assert_array_equal(*seen)
    noisy = engine.forward(graph, params, state, given, training=True, key=Key.of(1)).outputs["output"]
    assert np.abs(noisy - seen[0]).max() > 1e-3
    tanh = subject(penalized(), dataset(*digits(0))).graph
    assert has_penalties(tanh) and has_penalties(without_noise(tanh, penalties=True))
    assert not has_penalties(without_noise(tanh, penalties=False))


def test_the_suggested_rate_is_half_way_down_and_the_limit_half_way_up() -> None:
    rates = np.array([1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0])
    found = read(rates, np.array([2.0, 1.9, 1.2, 0.4, 1.0, 1.9]))
    assert (found.suggested, found.limit) == (1e-2, 10.0)
    flat_line = read(rates, np.array([2.0, 2.0, 1.99, 2.1, 3.0, 9.0]))
    assert (flat_line.suggested, flat_line.limit) == (None, None)


@pytest.mark.parametrize("name", CLEAN)
def test_the_suggested_rate_learns_better_than_a_hundredth_of_it_and_than_the_limit(name: str) -> None:
    whole = clean(name, 0)
    found = range_test(whole)
    assert found.suggested is not None and found.limit is not None

    def loss_after(rate: float) -> float:
        descent = Descent(whole, whole.graph, whole.rule, whole.key)
        losses = [descent.step(batch, rate) for epoch in range(4) for batch in whole.batches.epoch(epoch)]
        return float(np.mean(losses[-10:]))

    suggested, lower, limit = (loss_after(rate) for rate in (found.suggested, found.suggested / 100, found.limit))
    assert suggested < 0.8 * lower and suggested < 0.8 * limit


def test_grades_and_the_verdict() -> None:
    assert [graded(value, warn=1, fail=2) for value in (0.5, 1, 2, float("nan"))] == [
        "pass", "warning", "failure", "failure",
    ]  # fmt: skip
    ordered = [Finding("a", status, 0, "") for status in ("pass", "failure", "warning")]
    assert [verdict(ordered[:1]), verdict(ordered), verdict(ordered[::2]), verdict([])] == [
        "pass", "failure", "warning", "pass",
    ]  # fmt: skip


def test_one_wrong_entry_of_a_large_tensor_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = reference.ReferenceEngine.grad

    def with_one_entry_wrong(self: Any, *arguments: Any, **named: Any) -> Any:
        sums, found = right(self, *arguments, **named)
        kernel = found.parameters["dense/kernel"]
        kernel[-1, -1] += np.sqrt(np.square(kernel).mean())
        return sums, found

    whole = subject(convolutional(), dataset(*digits(0)))
    clean_value = check_gradients(whole).value
    assert clean_value is not None and 0 < clean_value < 1e-7  # a difference of floats, not what a kink excuses
    monkeypatch.setattr(reference.ReferenceEngine, "grad", with_one_entry_wrong)
    found = check_gradients(whole)
    assert found.status == "failure" and "'dense/kernel'" in found.meaning


def test_a_kink_within_every_step_is_told_and_not_held_against_the_gradient() -> None:
    weight, along = np.zeros(1), np.ones(1)
    found = slope(lambda: float(max(weight[0] - 3e-8, 0.0)), weight, along, 0.0, 0.0, 1e-3)
    assert found.numeric == pytest.approx(0.35, rel=1e-6) and found.left_open == pytest.approx(0.7, rel=1e-6)
    assert found.difference == 0
    smooth = slope(lambda: float(np.exp(weight[0])), weight, along, 1.01, 1.0, 1e-3)  # its slope is 1
    assert smooth.difference == pytest.approx(0.01, rel=1e-4)


def test_an_unlucky_draw_is_told_apart_from_weights_that_are_too_large() -> None:
    whole = subject(dense(Dense(16, activation="relu")), dataset(*digits(0)))
    large, state = whole.weights(whole.engine)
    large["dense_1/kernel"] = large["dense_1/kernel"] * 30
    unlucky = replace(whole, weights=lambda engine: (large, state))
    found = check_initial_loss(unlucky)
    assert found.status == "pass" and found.value is not None and found.value > 8 and "unlucky draw" in found.meaning
    assert check_initial_loss(replace(unlucky, drawn=False)).status == "failure"


def test_a_rate_far_below_the_break_out_is_not_too_high(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = clean(next(iter(CLEAN)), 0)  # adam at 0.001
    for limit, status in ((0.3, "pass"), (0.02, "warning"), (None, "pass"), (0.0009, "failure")):
        found = Range(np.array([1e-5]), np.array([1.0]), 2e-5, limit)
        monkeypatch.setattr(learning_rate, "range_test", lambda subject, found=found: found)
        told = learning_rate.check_learning_rate(whole)
        assert told.status == status, limit
        assert ("suggested" in told.meaning) == (limit is not None)  # known by heart: no reason to advise a rate


def test_a_rate_at_which_the_loss_multiplies_is_very_high_though_all_is_known_by_heart() -> None:
    whole = subject(dense(Dense(16, activation="relu")), dataset(*digits(0)))
    for rate, status, words in ((0.001, "pass", "24 steps at 0.001 learn"), (5.0, "warning", "the loss rose from")):
        told = learning_rate.of_known_by_heart(whole, rate, 2e-5)
        assert told.status == status and words in told.meaning, told


def test_a_loss_that_is_no_longer_finite_has_broken_out() -> None:
    falling = np.array([2.0, 1.0, 0.5])
    assert read(np.array([1e-3, 1e-2, 1e-1]), falling, 1.0).limit == 1.0
    assert read(np.array([1e-3, 1e-2, 1e-1]), falling).limit is None
