"""TensorBoard: the events that lie in its files, read back record by record with their checksums."""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.callbacks import TensorBoard
from pellucid.errors import ArgumentError, UsageError
from pellucid.layers import Conv2D, Dense, Flatten, Input

masked_crc32c: Any = pytest.importorskip("tensorboardX.record_writer", reason="tensorboardX is absent").masked_crc32c
X = np.random.default_rng(1).random((12, 5, 5, 1)).astype("float32")
Y = np.eye(2)[np.arange(12) % 2]


def events(folder: Path) -> list[Any]:
    """Every event of the one file of a folder."""
    from tensorboardX.proto.event_pb2 import Event

    (file,) = folder.iterdir()
    held, found = file.read_bytes(), []
    while held:
        (size,) = struct.unpack("<Q", held[:8])
        assert struct.unpack("<I", held[8:12])[0] == masked_crc32c(held[:8])
        found.append(Event.FromString(held[12 : 12 + size]))
        held = held[16 + size :]
    return found


def scalars(listed: list[Any]) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for event in listed:
        for entry in event.summary.value:
            if entry.WhichOneof("value") == "simple_value":
                found.setdefault(entry.tag, []).append((event.step, entry.simple_value))
    return found


def test_scalars_histograms_and_the_network_lie_where_keras_puts_them(tmp_path: Path) -> None:
    model = p.Sequential([Input((5, 5, 1)), Conv2D(2, 3, name="stem"), Flatten(), Dense(2, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    board = TensorBoard(tmp_path, histogram_freq=2, write_images=True, update_freq=2)
    told = model.fit(X, Y, epochs=3, batch_size=4, validation_split=1 / 3, verbose=0, callbacks=[board]).history
    train, validation = events(tmp_path / "train"), events(tmp_path / "validation")
    for name in ("loss", "accuracy"):
        for listed, key in ((train, name), (validation, f"val_{name}")):
            steps, values = zip(*scalars(listed)[f"epoch_{name}"], strict=True)
            assert steps == (0, 1, 2)
            np.testing.assert_allclose(values, told[key], rtol=1e-6)
    assert [step for step, _ in scalars(train)["batch_loss"]] == [2, 4, 6]
    assert [step for step, _ in scalars(validation)["evaluation_loss_vs_iterations"]] == [2, 4, 6]
    assert scalars(train)["epoch_learning_rate"][0] == (0, pytest.approx(0.01))
    tags = {(entry.tag, event.step) for event in train for entry in event.summary.value}
    assert {("stem/kernel/histogram", 0), ("stem/kernel/histogram", 2), ("dense/kernel/image", 2)} <= tags
    assert ("stem/kernel/histogram", 1) not in tags
    from tensorboardX.proto.graph_pb2 import GraphDef

    (drawn,) = [GraphDef.FromString(event.graph_def) for event in train if event.graph_def]
    assert [(node.op, list(node.input)) for node in drawn.node][:2] == [("InputLayer", []), ("Conv2D", ["input"])]


def test_what_is_not_written_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArgumentError, match="profile_batch must be left out"):
        TensorBoard(profile_batch=2)
    with pytest.raises(ArgumentError, match="update_freq must be 'epoch', 'batch'"):
        TensorBoard(update_freq="step")
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(UsageError, match=r'pip install "pellucid\[tensorboard\]"'):
        TensorBoard()
