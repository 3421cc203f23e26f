"""plot_model: every call of a layer has a box, arrows come from what it reads, and no box lies on another."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import pellucid as p
from pellucid import layers
from pellucid.errors import ArgumentError
from pellucid.reports.network import boxes_of, laid_out, passing

SAID = dict.fromkeys(("shapes", "dtype", "names", "activations", "trainable"), True)


def model() -> Any:
    x = p.Input((6, 6, 2), name="photo")
    y = layers.Conv2D(3, 3, padding="same", activation="relu", name="a", trainable=False)(x)
    z = layers.Add(name="sum")([layers.BatchNormalization(name="b")(y), y])
    inner = p.Sequential([p.Input((3,)), layers.Dense(4, name="c")], name="inner")
    return p.Model(x, inner(layers.GlobalAveragePooling2D(name="d")(z)))


def test_boxes_say_what_is_asked_and_name_their_sources() -> None:
    boxes = boxes_of(model().graph, SAID, expanded=True)
    by_name = {box.lines[0]: box for box in boxes}
    assert list(by_name) == ["photo (InputLayer)", "a (Conv2D)", "b (BatchNormalization)", "sum (Add)",
                             "d (GlobalAveragePooling2D)", "inner/c (Dense)"]  # fmt: skip
    assert by_name["a (Conv2D)"].lines[1:] == ("activation: relu", "(N, 6, 6, 2) -> (N, 6, 6, 3)", "float32", "frozen")
    assert by_name["sum (Add)"].sources == (2, 1)
    plain = boxes_of(model().graph, dict.fromkeys(SAID, False), expanded=False)
    assert [box.lines for box in plain][-1] == ("Model",)


@pytest.mark.parametrize("across", [False, True])
def test_no_box_lies_on_another_nor_an_arrow_under_one(across: bool) -> None:
    net = p.architectures.GoogLeNet(input_shape=(96, 96, 3), classes=4)
    boxes = laid_out(passing(boxes_of(net.graph, SAID, expanded=False)), across=across)
    assert all(box.row == boxes[source].row + 1 for box in boxes for source in box.sources)
    for row in {box.row for box in boxes}:
        found = sorted((box.y if across else box.x, box.height if across else box.width) for box in boxes
                       if box.row == row)  # fmt: skip
        for (x, wide), (other, its) in pairwise(found):
            assert other - x >= (wide + its) / 2 + 0.3
    assert min(box.x - box.width / 2 for box in boxes) > 0 and min(box.y - box.height / 2 for box in boxes) > 0


def test_a_file_of_the_kind_asked_for_holds_the_names(tmp_path: Path) -> None:
    net = model()
    assert p.utils.plot_model(net, tmp_path / "m.png", dpi=30).read_bytes().startswith(b"\x89PNG")
    text = p.utils.plot_model(net, str(tmp_path / "m.svg"), show_layer_names=True).read_text(encoding="utf-8")
    assert all(re.search(name, text) for name in (r"photo \(InputLayer\)", r"sum \(Add\)"))
    wrong: dict[str, tuple[Any, str]] = {"to_file": ("m.jpg", "ends in .png"), "rankdir": ("BT", "'TB' or 'LR'"),
                                         "dpi": (2, "from 10")}  # fmt: skip
    for name, (given, told) in wrong.items():
        with pytest.raises(ArgumentError, match=told):
            p.utils.plot_model(net, **{name: given})
    with pytest.raises(ArgumentError, match="a model"):
        p.utils.plot_model(3)
