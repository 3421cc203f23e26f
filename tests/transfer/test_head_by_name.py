"""A head is taken over by the names of its classes: outputs change places, or the head is refused or made anew."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.errors import UsageError
from pellucid.graph.selecting import head_of
from pellucid.keys import Key
from pellucid.layers import Conv2D, Dense, Flatten, GlobalAveragePooling2D, Input, Softmax
from pellucid.model.heads_by_name import order_of, reordered
from pellucid.models import Model, Sequential, load_model
from pellucid.runs.config import RunConfig
from pellucid.runs.networks import make_model
from pellucid.tasks.classification.task import Classification
from tests.cli.terminal import Terminal, pictures

NAMES = ["ant", "bee", "cat"]
SHAPE = (7, 6, 3)
TRAIN = ["train", "data.npz", "--epochs", "1", "--out", "next", "--no-checks", "--engine", "reference"]


@pytest.fixture
def seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A network for NAMES, in seed.safetensors."""
    monkeypatch.chdir(tmp_path)
    return saved(NAMES)


def saved(names: list[str]) -> Model:
    """A network for these classes, in seed.safetensors."""
    config = RunConfig(model="FC_9", task="classification")
    model, _ = make_model(config, SHAPE, Classification(tuple(names)), Key.of(5))
    model.class_names = names
    model.save("seed.safetensors")
    return model


def begun(names: list[str], **settings: Any) -> Model:
    """The network that a run on data of these classes begins with."""
    return make_model(RunConfig(task="classification", **settings), SHAPE, Classification(tuple(names)), Key.of(6))[0]


def answers(model: Model, names: list[str]) -> dict[str, np.ndarray]:
    """The probability of each class, by the name that the run will save with it."""
    return dict(zip(names, model.predict(np.float32(pictures()) / 255).T, strict=True))


WAYS = [{"model": "seed.safetensors"}, {"model": "FC_9", "weights": "seed.safetensors"},
        {"model": "seed.safetensors", "freeze": "all-but-head"}]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("names", [["cat", "bee", "ant"], ["bee", "cat", "ant"], NAMES])
def test_every_order(seed: Model, way: dict[str, str], names: list[str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "pellucid")
    before, after = answers(seed, NAMES), answers(begun(names, **way), names)
    for name in NAMES:
        np.testing.assert_allclose(after[name], before[name], rtol=1e-5)
    assert ("put in the order of the data" in caplog.text) == (names != NAMES)


@pytest.mark.parametrize("names", [["ant", "bee", "dog"], ["ant", "bee"], [*NAMES, "dog"], ["x", "y", "z"]])
def test_other_classes(seed: Model, names: list[str]) -> None:
    """Another name, fewer, more: --model refuses with the remedy, --weights and --new-head begin with a fresh head."""
    with pytest.raises(UsageError, match="--new-head"):
        begun(names, model="seed.safetensors")
    fresh = begun(names, model="FC_9").weights_by_key()
    for way in ({"model": "seed.safetensors", "new_head": True}, {"model": "FC_9", "weights": "seed.safetensors"}):
        made = begun(names, **way).weights_by_key()
        np.testing.assert_array_equal(made["dense_1/kernel"], fresh["dense_1/kernel"])
        np.testing.assert_array_equal(made["dense/kernel"], seed.weights_by_key()["dense/kernel"])


def test_a_file_without_names_is_taken_as_it_lies(seed: Model) -> None:
    seed.class_names = None
    seed.save("seed.safetensors")
    for way in WAYS:
        after = begun(NAMES[::-1], **way).weights_by_key()
        np.testing.assert_array_equal(after["dense_1/kernel"], seed.weights_by_key()["dense_1/kernel"])


def test_one_name_in_two_forms_of_unicode(seed: Model) -> None:
    forms = [unicodedata.normalize(form, "hüpfer") for form in ("NFC", "NFD")]
    first, second = ["ant", "bee", forms[0]], [forms[1], "bee", "ant"]
    before = answers(saved(first), first)
    after = answers(begun(second, model="seed.safetensors"), second)
    np.testing.assert_allclose(after[forms[1]], before[forms[0]], rtol=1e-5)
    assert order_of(forms, forms[::-1]).tolist() == [1, 0]  # two classes that differ in the form alone stay two


def test_a_whole_run_and_its_resume(terminal: Terminal, seed: Model) -> None:
    """The saved model never has new names on old outputs; a resume before the first checkpoint begins alike."""
    labels = np.arange(24) % 3
    np.savez("data.npz", x_train=pictures(), y_train=labels, class_names=np.array(NAMES[::-1]))
    words = [*TRAIN, "--model", "seed.safetensors", "--lr", "1e-9", "--val-fraction", "0"]
    assert terminal.type(*words).code == 0
    made = load_model("next/model.safetensors")
    assert made.class_names == NAMES[::-1]
    for name, given in answers(made, NAMES[::-1]).items():
        np.testing.assert_allclose(given, answers(seed, NAMES)[name], atol=1e-5)
    first = Path("next/model.safetensors").read_bytes()
    for name in ("last.safetensors", "model.safetensors", "history.csv", "steps.csv", "metrics.json"):
        Path("next", name).unlink()
    assert terminal.type("train", "--resume", "next").code == 0
    assert Path("next/model.safetensors").read_bytes() == first


def test_an_older_run_keeps_its_head_as_it_lay(seed: Model) -> None:
    """A config.json from before the setting means what it meant: its resume is neither refused nor turned about."""
    older = RunConfig.from_json({"model": "seed.safetensors"}, "config.json")
    assert older.head_by_name is False and RunConfig().head_by_name is True
    for names in (NAMES[::-1], ["ant", "bee", "dog"]):
        made = make_model(older, SHAPE, Classification(tuple(names)), Key.of(6))[0].weights_by_key()
        np.testing.assert_array_equal(made["dense_1/kernel"], seed.weights_by_key()["dense_1/kernel"])


def test_every_head_moves() -> None:
    """Two heads, one for training only, dense and convolution."""
    entry = Input((6, 6, 2))
    middle = Conv2D(5, 3)(entry)
    last = Dense(3, activation="softmax")(Flatten()(middle))
    side = Softmax()(GlobalAveragePooling2D()(Conv2D(3, 1, name="side")(middle)))
    model = Model(entry, [last, side], training_only=[side])
    assert len(head_of(model.graph, side=True)) == 2
    before = {key: value.copy() for key, value in model.weights_by_key().items()}
    order = np.array([2, 0, 1])
    assert reordered(model, order) and not reordered(model, np.arange(3))
    for key, value in model.weights_by_key().items():
        moved = key.startswith(("dense/", "side/"))
        np.testing.assert_array_equal(value, before[key][..., order] if moved else before[key])


def test_a_sigmoid_of_two_classes_has_no_order(seed: Model) -> None:
    model = Sequential([Input(SHAPE), Flatten(), Dense(1, activation="sigmoid")])
    model.class_names = ["cat", "dog"]
    model.save("seed.safetensors")
    with pytest.raises(UsageError, match="--new-head"):
        begun(["dog", "cat"], model="seed.safetensors")


def test_a_network_of_two_heads_is_refused(seed: Model) -> None:
    entry = Input(SHAPE)
    flat = Flatten()(entry)
    Model(entry, [Dense(3)(flat), Dense(3)(flat)]).save("seed.safetensors")
    with pytest.raises(UsageError, match="several"):
        begun(NAMES, model="seed.safetensors")
