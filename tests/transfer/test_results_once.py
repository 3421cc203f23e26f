"""What frozen layers make of pictures is made once, and what is learnt is what would be learnt without that."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from pellucid import Model, Sequential, set_random_seed
from pellucid.graph.tail import tail_of
from pellucid.layers import (
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GaussianNoise,
    Input,
    Layer,
    RandomBrightness,
    RandomFlip,
    SpatialDropout2D,
)
from pellucid.model import load_model
from pellucid.runs import learning
from tests.cli.terminal import Terminal

HEAD = ("--model", "seed.safetensors", "--new-head", "--freeze", "all-but-head", "--limit", "120", "--epochs", "3",
        "--no-checks", "--engine", "reference")  # fmt: skip


def write_network(path: Path) -> None:
    set_random_seed(5)
    Sequential([Input((8, 8, 1)), Conv2D(4, 3, activation="relu"), BatchNormalization(), Flatten(),
                Dense(10, activation="softmax")]).save(path)  # fmt: skip


@pytest.mark.parametrize(("words", "said"), [
    (("--augment", "none"), "made once, of 120 pictures"),
    (("--augment", "flip"), "made once, of 228 pictures, mirror images among them"),
])  # fmt: skip
def test_a_head_learns_what_it_learns_from_pictures(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    write_network(Path("seed.safetensors"))
    once = terminal.type("train", "digits", *HEAD, *words, "--out", "once")
    assert once.code == 0 and said in once.out, once
    monkeypatch.setattr(learning, "on_results", lambda prepared, state: prepared)
    each = terminal.type("train", "digits", *HEAD, *words, "--out", "each")
    assert each.code == 0 and "made once" not in each.out, each
    for wanted, got in zip(rows("each"), rows("once"), strict=True):
        assert got == pytest.approx(wanted, rel=1e-4)
    models = [load_model(Path(run) / "model.safetensors").weights_by_key() for run in ("each", "once")]
    assert models[0].keys() == models[1].keys()
    assert all(np.allclose(models[0][key], models[1][key], atol=1e-5) for key in models[0])


def rows(run: str) -> list[dict[str, float]]:
    with (Path(run) / "history.csv").open() as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


@pytest.mark.parametrize("words", [("--augment", "shift=1"), ("--unfreeze-after", "1"), ("--precision", "float64")])
def test_what_cannot_be_kept_is_not(terminal: Terminal, words: tuple[str, ...]) -> None:
    write_network(Path("seed.safetensors"))
    typed = terminal.type("train", "digits", *HEAD, *words, "--out", "run")
    assert typed.code == 0 and "made once" not in typed.out, typed


def branched(*frozen: str) -> Model:
    image = Input((6, 6, 3))
    x = Conv2D(4, 3, padding="same", name="first")(image)
    both = Add(name="both")([Conv2D(4, 1, name="left")(x), BatchNormalization(name="right")(x)])
    model = Model(image, Dense(2, name="head")(Flatten()(Dropout(0.5, name="noise")(both))))
    for name in frozen:
        model.get_layer(name).trainable = False
    return model


@pytest.mark.parametrize(("frozen", "layer", "left"), [
    ((), None, ()),
    (("left",), None, ()),                     # what lies before it still changes
    (("first",), "first", ("left", "both", "right", "noise", "flatten", "head")),
    (("first", "left"), None, ()),             # training looks at two results
    (("first", "left", "right"), "both", ("noise", "flatten", "head")),
    (("first", "left", "right", "head"), "both", ("noise", "flatten", "head")),
])  # fmt: skip
def test_where_a_network_is_cut(frozen: tuple[str, ...], layer: str | None, left: tuple[str, ...]) -> None:
    model = branched(*frozen)
    found = tail_of(model.graph)
    assert (None if found is None else found[0]) == layer
    if found is None:
        return
    tail = found[1]
    assert {entry.name for entry in tail.layers} == {layer, *left}
    assert tail.weights == {key: weight for key, weight in model.graph.weights.items() if key.split("/")[0] in left}
    assert tail.output_shapes == model.graph.output_shapes


@pytest.mark.parametrize("drawing", [GaussianNoise(0.1), SpatialDropout2D(0.2), RandomFlip(), RandomBrightness(0.2)],
                         ids=lambda layer: type(layer).__name__)  # fmt: skip
def test_what_draws_anew_is_not_kept(drawing: Layer) -> None:
    image = Input((6, 6, 3))
    frozen = Conv2D(4, 1, name="later")(drawing(Conv2D(3, 1, name="first")(image)))
    model = Model(image, Dense(2, name="head")(Flatten()(frozen)))
    model.freeze("first,later")
    found = tail_of(model.graph)
    assert found is not None and found[0] == "first"
