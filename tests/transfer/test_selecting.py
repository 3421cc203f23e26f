"""Which layers a few words mean."""

from __future__ import annotations

from typing import Any

import pytest

from pellucid.errors import ArgumentError
from pellucid.graph.selecting import head_of, select
from pellucid.layers import Add, Conv2D, Dense, GlobalAveragePooling2D, Input
from pellucid.models import Model, Sequential
from tests.transfer.nets import small

TRUNK = ("input", "conv1", "bn1", "conv2", "bn2", "flatten", "dropout")


@pytest.mark.parametrize(("selection", "wanted"), [
    ("all-but-head", TRUNK),
    ("head", ("out",)),
    ("conv*", ("conv1", "conv2")),
    ("bn2, conv1", ("conv1", "bn2")),
    ("*", (*TRUNK, "out")),
    (3, TRUNK[:3]),
    ("3", TRUNK[:3]),
    (-2, TRUNK[:6]),
    ("head,bn?", ("bn1", "bn2", "out")),
])  # fmt: skip
def test_words(selection: Any, wanted: tuple[str, ...]) -> None:
    assert select(small().graph, selection, "freeze") == wanted


@pytest.mark.parametrize(("selection", "words"), [
    ("block9*", r"freeze: layers must be names of layers such as input, conv1, .*, but it is 'block9\*'"),
    ("conv*,flat", "but it is 'flat'"),
    (0, "from 1 to 8 layers, but it is 0"),
    ("9", "from 1 to 8 layers, but it is 9"),
    ("", "names, a number or 'all-but-head', but it is ''"),
    (True, "but it is True"),
    (None, "but it is None"),
])  # fmt: skip
def test_words_that_mean_nothing(selection: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        select(small().graph, selection, "freeze")


def branched() -> Model:
    inner = Sequential([Input((6, 5, 2)), Conv2D(3, 3, name="a"), Conv2D(3, 1, name="b")], name="trunk")
    image = Input((6, 5, 2), name="image")
    seen = GlobalAveragePooling2D()(inner(image))
    kind, size = Dense(4, activation="softmax", name="kind")(seen), Dense(1, name="size")(seen)
    return Model(image, [kind, size, Add(name="sum")([size, Dense(1, name="side")(seen)])])


def test_several_heads_and_a_sub_model() -> None:
    graph = branched().graph
    assert set(head_of(graph)) == {"kind", "size", "side"}
    assert select(graph, "all-but-head", "freeze") == (
        "image", "trunk", "trunk/input", "trunk/a", "trunk/b", "global_average_pooling2d", "sum"
    )
    assert select(graph, "trunk/*", "freeze") == ("trunk/input", "trunk/a", "trunk/b")


def test_a_head_inside_a_sub_model() -> None:
    whole = Sequential([Input((7, 6, 2)), small()])
    assert head_of(whole.graph) == ("sequential/out",)
    assert "sequential" not in select(whole.graph, "all-but-head", "freeze")
    assert whole.freeze() == [f"sequential/{name}" for name in ("conv1", "bn1", "conv2", "bn2")]
