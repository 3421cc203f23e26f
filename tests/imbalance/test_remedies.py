"""The flags against rare classes: what they change, what they leave alone, what they say, what they refuse."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.checks.initial_loss import check_initial_loss
from pellucid.checks.tiny_subset import check_tiny_subset
from pellucid.data.batches import Batch
from pellucid.engines.protocol import Engine, mean
from pellucid.engines.reference import ReferenceEngine
from pellucid.keys import Key
from pellucid.layers import Dense, Input
from pellucid.model import Model
from pellucid.runs.checking import subject_of
from pellucid.runs.config import RunConfig
from pellucid.runs.preparation import prepare, understand
from pellucid.runs.prepared import Prepared
from pellucid.spec.losses import SparseCategoricalCrossentropy, SparseCategoricalFocalCrossentropy
from pellucid.tasks.classification.imbalance import loss_of
from pellucid.tasks.classification.settings import Settings
from pellucid.training.compiling import Wanted, make_objective
from tests.cli.terminal import Terminal

TRAIN = ("train", "uneven.npz", "--model", "FC_8", "--epochs", "2", "--no-checks")
REMEDIES: dict[str, dict[str, Any]] = {
    "class weights": {"class_weight": "balanced"}, "focal": {"loss": "focal"}, "over": {"sampler": "over"},
    "under": {"sampler": "under"}, "mining": {"mine_rounds": 1}, "over and mining": {"sampler": "over",
                                                                                     "mine_rounds": 1},
}  # fmt: skip


def prepared(**settings: Any) -> Prepared:
    config = RunConfig(data="uneven.npz", model="FC_8", epochs=3).changed(**settings)
    return prepare(config, understand(config))


def bytes_of(batches: Any) -> list[bytes]:
    return [array.tobytes() for batch in batches.epoch(0)
            for array in (*batch.inputs.values(), *batch.targets.values(), batch.ids)]  # fmt: skip


@pytest.mark.parametrize("remedy", REMEDIES)
def test_validation_and_test_are_left_alone(terminal: Terminal, remedy: str) -> None:
    plain, remedied = prepared(), prepared(**REMEDIES[remedy])
    assert plain.validation is not None and remedied.validation is not None
    assert bytes_of(remedied.validation) == bytes_of(plain.validation)
    assert all(not batch.weights for batch in remedied.validation.epoch(0)) and remedied.validation.sampler is None
    for name in ("validation", "test"):
        before, after = plain.dataset.part(name), remedied.dataset.part(name)
        assert np.array_equal(before.ids, after.ids) and np.array_equal(before.labels, after.labels)
    assert remedied.dataset.fingerprint == plain.dataset.fingerprint


def engines() -> list[Any]:
    from importlib.util import find_spec

    def pytorch() -> Engine:
        from pellucid.engines.pytorch.engine import PyTorchEngine

        return PyTorchEngine("float64")

    missing = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
    return [pytest.param(lambda: ReferenceEngine("float64"), id="reference"),
            pytest.param(pytorch, id="pytorch", marks=missing)]  # fmt: skip


@pytest.mark.parametrize("make", engines())
@pytest.mark.parametrize("loss", ["crossentropy", "focal:1.5:0.5"])
def test_weights_and_loss_reach_the_engine(terminal: Terminal, make: Any, loss: str) -> None:
    """sum_i w_i loss_i / N with w = N / (3 n_k): 84/180, 84/60, 84/12."""
    whole, engine = prepared(class_weight="balanced", loss=loss), make()
    batch = next(whole.batches.epoch(0))
    state = whole.program.start(engine, Key.of(0))
    inputs = engine.put(batch.inputs, batch.scales)
    run = engine.forward(whole.model.graph, state["params"], state["state"], inputs, training=True)
    sums, _ = engine.grad(whole.program.objective, run, batch, wrt=("parameters",))
    p = engine.get(run.outputs)["output"][np.arange(len(batch)), batch.targets["output"]]
    each = -np.log(p) if loss == "crossentropy" else -0.5 * (1 - p) ** 1.5 * np.log(p)
    factors = np.array([84 / 180, 84 / 60, 84 / 12])[batch.targets["output"]]
    assert mean(sums["loss:output"]) == pytest.approx((factors * each).sum() / len(batch), rel=1e-6)


@pytest.mark.parametrize("make", engines())
def test_weights_reach_outputs_for_training_only(make: Any) -> None:
    """The loss of a side output is sum_i w_i loss_i / N too, its share 0.3; so is the gradient of its bias."""
    entry = Input((3,))
    inner = Dense(4, activation="relu")(entry)
    side = Dense(2, activation="softmax", name="side")(inner)
    model = Model(entry, [Dense(2, activation="softmax")(inner), side], training_only=[side])
    random, engine = np.random.default_rng(8), make()
    x, y, w = random.normal(size=(5, 3)), np.array([0, 1, 1, 0, 1]), np.array([0.5, 3, 1, 0, 2])
    objective = make_objective(model.graph, Wanted(SparseCategoricalCrossentropy()))
    params = engine.put({key: random.normal(size=value.shape) for key, value in model.weights_by_key().items()})
    run = engine.forward(model.graph, params, {}, engine.put({"input": x}), training=True)
    batch = Batch({"input": x}, {"output": y}, {"output": w}, {}, np.arange(5))
    sums, found = engine.grad(objective, run, batch, wrt=("parameters",))
    p = engine.get(run.outputs)["side"]
    assert mean(sums["loss:side"]) == pytest.approx((w * -np.log(p[np.arange(5), y])).sum() / 5, rel=1e-9)
    by_hand = 0.3 * (w[:, None] * (p - np.eye(2)[y])).sum(axis=0) / 5
    assert engine.get(found.parameters)["side/bias"] == pytest.approx(by_hand, rel=1e-9)


def test_rare_classes_are_learnt_better(terminal: Terminal) -> None:
    """Recall of the rarest class in the test part, after equally many images."""
    found = {}
    for name, words in {"none": (), "over": ("--sampler", "over"), "weights": ("--class-weight", "balanced")}.items():
        epochs = "28" if name == "over" else "60"  # 180 images an epoch, or 84
        typed = terminal.type(*TRAIN, *words, "--epochs", epochs, "--lr", "0.01", "--out", name, "--json")
        assert typed.code == 0, typed.err
        found[name] = json.loads(typed.out)["per_class"][2]["recall"]
    assert found["over"] > found["none"] and found["weights"] > found["none"], found


def test_what_is_found_and_done_is_said(terminal: Terminal) -> None:
    typed = terminal.type(*TRAIN, "--out", "plain")
    assert "classes have 4 to 60 training images, 1 to 15: nothing is done about it" in typed.out
    typed = terminal.type(*TRAIN, "--sampler", "over", "--loss", "focal:1", "--out", "both")
    assert "1 to 15: --sampler over, --loss focal:1\n" in typed.out and "learnt by heart" not in typed.out
    settings = json.loads(Path("both/config.json").read_text(encoding="utf-8"))["settings"]
    assert (settings["sampler"], settings["loss"]) == ("over", "focal:1")
    assert "focal:1" in Path("both/report.html").read_text(encoding="utf-8")


def test_an_image_shown_too_often_is_a_warning(terminal: Terminal) -> None:
    with np.load("uneven.npz") as kept:
        arrays = dict(kept)
    chosen = np.r_[0:60, 60:64, 80:82]
    arrays |= {"x_train": arrays["x_train"][chosen], "y_train": arrays["y_train"][chosen]}
    np.savez("uneven.npz", **arrays)
    words = "over-sampling shows images of the rarest class 30 times an epoch; beyond 20 they are learnt by heart"
    assert words + ", more so without --augment" in terminal.type(*TRAIN, "--sampler", "over", "--out", "a").out
    typed = terminal.type(*TRAIN, "--sampler", "over", "--augment", "shift=1", "--out", "b")
    assert words + "\n" in typed.out


def test_the_loss_of_a_score_is_cross_entropy_whatever_was_trained_with(terminal: Terminal) -> None:
    typed = terminal.type(*TRAIN, "--loss", "focal", "--out", "run", "--json")
    assert typed.code == 0
    again = terminal.type("evaluate", "run", "--json")
    assert json.loads(again.out)["loss"] == pytest.approx(json.loads(typed.out)["loss"], rel=1e-4)


def test_the_words_of_the_loss() -> None:
    assert loss_of(Settings("CrossEntropy")) == SparseCategoricalCrossentropy()
    smoothed = loss_of(Settings("crossentropy", label_smoothing=0.1))
    assert smoothed == SparseCategoricalCrossentropy(label_smoothing=0.1)
    assert loss_of(Settings("focal")) == SparseCategoricalFocalCrossentropy(alpha=0.25, gamma=2.0)
    assert loss_of(Settings("focal:1.5")) == SparseCategoricalFocalCrossentropy(alpha=0.25, gamma=1.5)
    assert loss_of(Settings("focal:0:1")) == SparseCategoricalFocalCrossentropy(alpha=1.0, gamma=0.0)


@pytest.mark.parametrize(("parts", "words"), [
    (["--loss", "focal[:GAMMA[:ALPHA]]", "'hinge'"], ("--loss", "hinge")),
    (["--loss", "'focal:x'"], ("--loss", "focal:x")),
    (["--label-smoothing goes with --loss crossentropy"], ("--loss", "focal", "--label-smoothing", "0.1")),
    (["--loss", "'focal:-1'"], ("--loss", "focal:-1")),
    (["--loss", "'focal:1:2:3'"], ("--loss", "focal:1:2:3")),
    (["--loss", "'crossentropy:2'"], ("--loss", "crossentropy:2")),
    (["--sampler", "'none', 'over' or 'under'", "'both'"], ("--sampler", "both")),
    (["count twice", "Leave one out"], ("--sampler", "over", "--class-weight", "balanced")),
    (["--mine-rounds", "at least 0"], ("--mine-rounds", "-1")),
    (["--mine-rounds must be below the number of epochs, 2", "--epochs"], ("--mine-rounds", "2")),
])  # fmt: skip
def test_what_cannot_be_meant_is_one_sentence(terminal: Terminal, parts: list[str], words: tuple[str, ...]) -> None:
    terminal.refused(2, parts, *TRAIN, *words, "--out", "run")
    assert not Path("run").exists()


def test_the_checks_know_what_focal_loss_begins_with(terminal: Terminal) -> None:
    whole = subject_of(prepared(loss="focal:2:0.5", lr=0.01))
    assert whole.chance is not None and whole.chance.loss == pytest.approx(0.5 * (2 / 3) ** 2 * math.log(3))
    for check in (check_initial_loss, check_tiny_subset):
        assert check(whole).status == "pass" and check(whole).value is not None
