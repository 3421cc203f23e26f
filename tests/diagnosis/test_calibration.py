"""Calibration: bins and ECE by hand, the temperature against a search and in both engines, files and tables."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss

from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.calibration import edges_of, reliability
from pellucid.diagnosis.temperature import calibrated, fit_temperature, logits_of, nll, softmax
from pellucid.errors import ArgumentError, DataError, ShapeError
from pellucid.graph.summary import table
from pellucid.graph.temperature import temperature_of, with_temperature
from pellucid.layers import Activation, Conv2D, Dense, Flatten, Input, Softmax
from pellucid.model import Model, Sequential, load_model


def sure(confidence: list[float], right: list[int]) -> Answers:
    """Answers of two classes, each with its confidence, right or wrong."""
    top = np.array(confidence)
    return Answers(1 - np.array(right), np.stack([top, 1 - top], axis=1), ("a", "b"))


def test_ece_by_hand() -> None:
    # five bins: (0.4, 0.6] holds 0.55 right and 0.6 wrong: |0.5 - 0.575| = 0.075
    #            (0.8, 1.0] holds 0.9 right, 0.9 wrong, 1.0 right: |2/3 - 0.9333| = 0.2667
    answers = sure([0.55, 0.6, 0.9, 0.9, 1.0], [1, 0, 1, 0, 1])
    found = reliability(answers, bins=5)
    assert found.ece == pytest.approx(2 / 5 * 0.075 + 3 / 5 * (0.9 + 0.9 + 1.0 - 2) / 3)
    assert [one.n for one in found.bins] == [0, 0, 2, 0, 3] and found.n == 5
    assert found.bins[2].confidence == pytest.approx(0.575) and found.bins[2].accuracy == 0.5
    assert found.bins[0].accuracy is None and found.bins[0].confidence is None
    assert found.to_json()["bins"][4]["n"] == 3


def test_an_ece_that_chance_gives_honest_confidences_is_no_fault() -> None:
    random, alarms = np.random.default_rng(0), 0
    for _ in range(100):
        confidence = random.uniform(0.5, 1, 60)
        alarms += not reliability(sure(list(confidence), list((random.random(60) < confidence).astype(int)))).earned
    assert alarms <= 10  # 1 in 20 is meant
    assert not reliability(sure([0.95] * 60, [1, 0] * 30)).earned


def test_bins_of_equal_mass_by_hand() -> None:
    answers = sure([0.5, 0.6, 0.7, 0.8, 0.9, 1.0], [1, 0, 1, 1, 1, 1])
    found = reliability(answers, kind="mass", bins=3)
    assert [(one.high, one.n) for one in found.bins] == [(0.6, 2), (0.8, 2), (1.0, 2)]
    assert found.ece == pytest.approx((abs(1 - 1.1) + abs(2 - 1.5) + abs(2 - 1.9)) / 6)
    tied = reliability(sure([0.5, 0.9, 0.9, 0.9, 0.9, 0.9], [1, 1, 1, 1, 1, 0]), kind="mass", bins=3)
    assert [one.n for one in tied.bins] == [6, 0]  # equal confidences are never torn apart


def test_scikit_learn_draws_the_same_curve() -> None:
    random = np.random.default_rng(0)
    chance = random.random(500)
    right = random.random(500) < chance**2
    answers = sure(list(np.maximum(chance, 0.5)), list(right.astype(int)))
    shares, means = calibration_curve(answers.right, answers.confidence, n_bins=15)
    found = [one for one in reliability(answers).bins if one.n]
    assert [one.accuracy for one in found] == pytest.approx(shares)
    assert [one.confidence for one in found] == pytest.approx(means)


def test_a_perfect_and_a_boastful_model() -> None:
    random = np.random.default_rng(1)
    top = random.uniform(0.5, 1, 20_000)
    honest = sure(list(top), list((random.random(20_000) < top).astype(int)))
    assert reliability(honest).ece < 0.02
    assert reliability(sure([1.0] * 10, [1, 0] * 5)).ece == pytest.approx(0.5)


def test_kinds_and_bins_that_are_not_there() -> None:
    with pytest.raises(ArgumentError, match="kind must be 'width' or 'mass', but it is 'height'"):
        edges_of(np.array([0.5]), "height", 3)
    with pytest.raises(ArgumentError, match="bins must be 1 or more"):
        edges_of(np.array([0.5]), "width", 0)


def drawn(temperature: float, seed: int = 0, n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N,4) that are `temperature` times too large for the labels drawn from them."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (n, 4))
    chances = softmax(logits)
    labels = (random.random((n, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    return logits * temperature, np.minimum(labels, 3)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_was_planted_is_found(temperature: float) -> None:
    logits, labels = drawn(temperature)
    found = fit_temperature(logits, labels)
    assert found.value == pytest.approx(temperature, rel=0.06) and found.note == ""
    tried = [nll(logits / t, labels) for t in np.geomspace(0.2, 5, 400)]
    assert found.nll_after <= min(tried) + 1e-9
    assert found.nll_after == pytest.approx(log_loss(labels, softmax(logits / found.value)), abs=1e-9)
    assert found.ece_after < 0.03 and found.n == 4000
    if temperature != 1:
        assert found.ece_before > 0.06 and found.nll_before > found.nll_after


def test_what_cannot_be_fitted_says_so() -> None:
    logits, labels = drawn(1.0, n=60)
    perfect = fit_temperature(np.eye(4)[labels] * 5, labels)
    assert perfect.value == 1.0 and "no sample is wrong" in perfect.note
    almost = fit_temperature(np.eye(4)[np.append(labels[:-1], (labels[-1] + 1) % 4)] * 5, labels)
    assert almost.note == "only 1 of 60 samples are wrong, so the temperature is rough" and almost.value < 1
    assert "limit of the search, 20" in fit_temperature(np.eye(4)[(labels + 1) % 4] * 50, labels).note
    with pytest.raises(DataError, match=r"samples must be at least 50, .* but it is 49\. Hold more out"):
        fit_temperature(logits[:49], labels[:49])
    with pytest.raises(DataError, match="the logits are not all finite"):
        fit_temperature(np.full((60, 4), np.inf), labels)
    with pytest.raises(ShapeError, match=r"logits and labels must be \(N, K\) and \(N,\), but it is \(60, 4\)"):
        fit_temperature(logits, labels[:5])


X = np.random.default_rng(3).normal(0, 1, (80, 5, 6, 2)).astype(np.float32)


def network(ending: str) -> Model:
    """A network of four classes that ends in a softmax, written in one of the ways there are."""
    x = Input((5, 6, 2))
    y = Flatten()(Conv2D(3, 2, activation="relu", name="conv")(x))
    if ending == "word":
        return Model(x, Dense(4, activation="softmax", name="last")(y))
    y = Dense(4, name="last")(y)
    if ending == "sequential":
        return Sequential([Input((5, 6, 2)), Flatten(), Dense(4, activation="softmax", name="last")])
    return Model(x, (Softmax() if ending == "layer" else Activation("softmax"))(y))


@pytest.mark.parametrize("ending", ["word", "layer", "activation", "sequential"])
@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_the_logits_are_divided_in_both_engines(ending: str, engine: str) -> None:
    if engine == "pytorch":
        pytest.importorskip("torch")
    model = network(ending)
    before, logits = model.predict(X, verbose=0), logits_of(model, [X[:50], X[50:]])
    assert softmax(logits) == pytest.approx(before, abs=1e-6)
    cooled = model.with_temperature(2.5)
    cooled.compile("sgd", "sparse_categorical_crossentropy", engine=engine)
    after = cooled.predict(X, verbose=0)
    assert after == pytest.approx(softmax(logits / 2.5), abs=1e-6)
    assert (after.argmax(axis=1) == before.argmax(axis=1)).all() and np.abs(after - before).max() > 0.01
    assert model.temperature == 1.0 and model.predict(X, verbose=0) == pytest.approx(before, abs=0)
    assert cooled.temperature == 2.5 and type(cooled) is type(model)
    again = cooled.with_temperature(0.5)  # replaces the old one
    assert again.temperature == 0.5 and len(again.graph.layers) == len(cooled.graph.layers)
    assert logits_of(again, [X]) == pytest.approx(logits, abs=1e-6)


def test_accuracy_stays_to_the_sample() -> None:
    model = network("word")
    labels = np.random.default_rng(0).integers(0, 4, 80)
    right = (model.predict(X, verbose=0).argmax(axis=1) == labels).sum()
    for value in (0.05, 0.3, 1.0, 1.7, 20.0):
        assert (model.with_temperature(value).predict(X, verbose=0).argmax(axis=1) == labels).sum() == right


@pytest.mark.parametrize("ending", ["word", "layer", "sequential"])
def test_tables_and_files_keep_it(ending: str, tmp_path: Path) -> None:
    cooled = network(ending).with_temperature(1.75)
    assert "temperature (Temperature 1.75)" in table(cooled.graph)
    cooled.save(tmp_path / "cooled.safetensors")
    read = load_model(tmp_path / "cooled.safetensors")
    assert read.temperature == 1.75
    assert np.array_equal(read.predict(X, verbose=0), cooled.predict(X, verbose=0))


def test_a_cooled_model_learns_on() -> None:
    model = network("sequential").with_temperature(2.0)
    model.compile("adam", "sparse_categorical_crossentropy")
    before = model.weights_by_key()["last/kernel"].copy()
    model.fit(X, np.arange(80) % 4, epochs=1, verbose=0)
    assert model.temperature == 2.0 and not np.array_equal(before, model.weights_by_key()["last/kernel"])


def test_an_inner_reader_of_the_softmax_still_reads_it() -> None:
    x = Input((3,))
    chances = Dense(4, activation="softmax", name="last")(x)
    graph = Model(x, chances).graph
    cooled = with_temperature(graph, 3.0)
    assert [entry.name for entry in cooled.layers] == ["input", "last", "temperature", "softmax"]
    assert cooled.outputs[0][1] == (3, 0) and temperature_of(cooled) == 3.0 and temperature_of(graph) == 1.0


def test_names_that_are_taken() -> None:
    x = Input((3,))
    y = Dense(4, activation="softmax", name="last")(Dense(3, name="temperature")(x))
    names = [entry.name for entry in with_temperature(Model(x, y).graph, 3.0).layers]
    assert names == ["input", "temperature", "last", "temperature_1", "softmax"]


def test_models_that_have_no_one_softmax() -> None:
    x = Input((3,))
    with pytest.raises(ArgumentError, match=r"ends in a softmax, but it is 'last' without one\. Give its last layer"):
        Model(x, Dense(4, name="last")(x)).with_temperature(2.0)
    two = Model(x, [Dense(4, activation="softmax", name="one")(x), Dense(4, activation="softmax", name="two")(x)])
    with pytest.raises(ArgumentError, match="ends in a softmax, but it is one with outputs one, two"):
        two.with_temperature(2.0)
    with pytest.raises(ArgumentError, match="value must be a number > 0, but it is 0"):
        network("word").with_temperature(0)


def test_calibrated_is_both_steps() -> None:
    logits, labels = drawn(3.0, n=400)
    x = Input((4,))
    kernel, bias = np.eye(4, dtype=np.float32), np.zeros(4, np.float32)
    model = Model(x, Dense(4, activation="softmax")(x))
    model.set_weights([kernel, bias])
    cooled, fitted = calibrated(model, logits.astype(np.float32), labels)
    assert cooled.temperature == fitted.value == pytest.approx(fit_temperature(logits, labels).value, rel=1e-4)
    assert math.isclose(fitted.nll_after, log_loss(labels, cooled.predict(logits, verbose=0)), rel_tol=1e-5)
