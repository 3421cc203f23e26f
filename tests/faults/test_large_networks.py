"""Networks and flags that ask for too much: refused before the work begins, with the number and what allows it."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.errors import ArgumentError, FileError
from pellucid.graph.footprint import kept, weight_count, widest
from pellucid.graph.notation import parse
from pellucid.layers import Conv2D, Dense, Flatten, Input
from pellucid.models import Model, Sequential, load_model
from pellucid.storage.memory import check_room
from tests.cli.terminal import Terminal, write_npz
from tests.faults.bounded import refusal

TRAIN = ["train", "data.npz", "--engine", "reference", "--epochs", "1", "--no-checks"]


@pytest.mark.parametrize(("words", "parts"), [
    (["FC_1*99999999"], ["a network may be at most 4,000 layers, but it is 99,999,999", "PELLUCID_MAX_LAYERS"]),
    (["FC_9" + "9" * 5000], ["'FC_99999", "is no word"]),
    (["FC_1000000000"], ["a network may be at most 2,147,483,648 weights", "PELLUCID_MAX_WEIGHTS=N"]),
    (["conv_8_999999999"], ["at most 2,147,483,648 weights"]),
    (["conv_8_5_9,pool", "--input", "20000x20000x1", "--explain"], ["20000x20000x1 makes"]),
    (["conv_8_1", "--input", "20000x20000x1", "--classes", "99999999999"], ["at most 2,147,483,648 weights"]),
    (["conv_8", "--input", "9" * 5000 + "x1"], ["--input must be HxWxC"]),
    (["conv_8", "--classes", "9" * 30], ["--classes must be at most 9223372036854775807"]),
    (["a" * 5000], ["--model aaa"]),
], ids=lambda value: str(value[0])[:20])  # fmt: skip
def test_summary(words: list[str], parts: list[str], terminal: Terminal) -> None:
    typed = terminal.type("summary", *words)
    assert typed.code == 2 and len(typed.err) < 2200, typed.err
    for part in parts:
        assert part in typed.err, typed.err


def test_forty_convolutions_in_words(terminal: Terminal) -> None:
    assert terminal.type("summary", ",".join(["conv_8"] * 40)).code == 0


def test_names_of_thousands_of_letters(terminal: Terminal) -> None:
    for words in (["predict", "a" * 5000, "x.png"], ["evaluate", "a" * 5000, "digits"], ["train", "a" * 5000],
                  ["data", "info", "a" * 5000],
                  ["train", "digits", "--engine", "reference", "--weights", "a" * 5000 + ".safetensors"]):  # fmt: skip
        typed = terminal.type(*words)
        assert typed.code in (1, 2) and "itself" not in typed.err and len(typed.err) < 2200, typed.err
    with pytest.raises(ArgumentError, match=r"the name of a layer may be at most 1,024 bytes, but it is 5,000"):
        Sequential([Input((4,)), Dense(3, name="a" * 5000)])


@pytest.mark.parametrize("flag", [
    "--threads", "--epochs", "--batch-size", "--limit", "--seed", "--patience", "--checkpoint-every", "--split-seed",
])  # fmt: skip
def test_gigantic_numbers(flag: str, terminal: Terminal) -> None:
    typed = terminal.type("train", "digits", flag, "9" * 20)
    assert typed.code == 2 and f"{flag} must be at most 9223372036854775807" in typed.err, typed.err


def test_more_threads_than_there_can_be(terminal: Terminal) -> None:
    typed = terminal.type("train", "digits", "--threads", "10000000")
    assert typed.code == 2 and "--threads must be from 1 to 4,096, but it is 10000000" in typed.err


def test_a_run_that_cannot_fit(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    write_npz(Path("data.npz"))
    monkeypatch.setenv("PELLUCID_MAX_MEMORY", "1000000000")
    told: list[tuple[list[str], str]] = [
        (["--resize", "3000x3000", "--max-pixels", "9000000"], "train: a batch of 22: a training step needs about"),
        (["--model", "conv_900", "--resize", "400x400", "--max-pixels", "160000"],
         "of memory, and 1.0 GB are free. Pass a smaller --batch-size"),
        (["--model", "FC_40000,FC_10000"], "a training step needs about 6."),
        (["--resize", "99999x99999"], "--resize must be at most 50,000,000 pixels, but it is 99999x99999"),
        (["--resize", "9" * 5000 + "x1"], "--resize must be HxW in pixels"),
    ]
    for flags, words in told:
        typed = terminal.type(*TRAIN, *flags, "--out", "run")
        assert typed.code == 2 and words in typed.err, typed.err
        assert not Path("run").exists()
    check_room(10**6, "x", "a little", "")
    with pytest.raises(FileError, match=r"x: all of it needs about 2\.0 GB of memory, and 1\.0 GB are free\. Rest\."):
        check_room(2 * 10**9, "x", "all of it", "Rest.")
    monkeypatch.setenv("PELLUCID_MAX_MEMORY", "1000")
    check_room(10**7, "x", "nobody asks for so little", "")


def test_the_footprint_by_hand() -> None:
    layers = parse("conv_2,pool,FC_3", input_shape=(4, 6, 1), classes=5)
    graph = Sequential(layers).graph
    assert kept(graph) == 24 + 48 + 12 + 3 + 5
    assert widest(graph) == 24 + 48
    assert weight_count(graph) == (9 * 2 + 2) + (12 * 3 + 3) + (3 * 5 + 5)


def test_a_path_that_no_file_can_have(terminal: Terminal) -> None:
    typed = terminal.type("summary", "/".join(["a" * 300] * 3))
    assert typed.code == 1 and "does not exist: there is neither a run nor a model file" in typed.err, typed.err


# --- model files ------------------------------------------------------------------------------------------------------

def saved(path: Path, model: Model) -> dict[str, Any]:
    """The record of a model, written to `path`."""
    model.save(path)
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    record: dict[str, Any] = json.loads(header["__metadata__"]["pellucid"])
    return record


def written(path: Path, record: dict[str, Any]) -> None:
    record = {name: value for name, value in record.items() if "sum" not in name}
    text = json.dumps({"__metadata__": {"pellucid": json.dumps(record)}}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)


def test_a_file_with_a_graph_of_many_layers_or_calls(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    record = saved(path, Sequential([Input((4, 4, 1)), Flatten()]))
    graph = record["graph"]
    many = {**graph, "nodes": graph["nodes"] + graph["nodes"][-1:] * 20_000}
    inner = graph
    for _ in range(10):  # each calls the one within it eight times: 8^10 layers in 10 kB
        nested = {"name": "m", "trainable": True, "spec": {"type": "Nested", "graph": inner}}
        nodes = [{"layer": 0, "inputs": []}, *({"layer": 1, "inputs": [[0, 0]]} for _ in range(8))]
        inner = {**graph, "layers": [graph["layers"][0], nested], "nodes": nodes, "outputs": [["output", [1, 0]]]}
    deep = graph
    for _ in range(40):
        deep = {**graph, "layers": [{"name": "m", "trainable": True, "spec": {"type": "Nested", "graph": deep}}]}
    for changed, words in ((many, "at most 4,000 layers"), (inner, "at most 4,000 layers"), (deep, "")):
        written(path, {**record, "graph": changed})
        told = refusal(lambda: load_model(path))
        assert told.startswith("FileError") and str(path) in told and words in told, told


def test_a_file_with_weights_beyond_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    record = saved(path, Sequential([Input((4,)), Dense(3)]))
    text = json.dumps(record).replace('"units": 3', '"units": 3000000000')
    written(path, json.loads(text))
    told = refusal(lambda: load_model(path))
    assert told.startswith("FileError") and str(path) in told, told


def test_a_sparse_model_file(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    size = 4 * 10**9
    header = {"w": {"dtype": "F32", "shape": [10**9], "data_offsets": [0, size]}, "__metadata__": {"pellucid": "{}"}}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + size)
    told = refusal(lambda: load_model(path))
    assert told.startswith("FileError") and "beyond 64 MB" in told, told


def test_one_picture_that_a_network_would_swell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file whose layers give more numbers than there is memory for."""
    from pellucid.using.predicting import predict_files

    model = Sequential([Input((4, 4, 1)), Conv2D(1, 1, padding=(200_000, 200_000)), Flatten()])
    assert widest(model.graph) > 10**11
    model.save(tmp_path / "m.safetensors")
    np.save(tmp_path / "x.npy", np.zeros(3))
    from pellucid.errors import UsageError

    with pytest.raises(UsageError, match=r"predict: one image needs about [0-9,.]+ [GT]B of memory"):
        predict_files(str(tmp_path / "m.safetensors"), ["x.png"], top=1)


def test_limits_hold_in_calls_of_the_library() -> None:
    with pytest.raises(ArgumentError, match="at most 2,147,483,648 weights"):
        Sequential([Input((70_000,)), Dense(70_000)])
    with pytest.raises(FileError, match="x: a network may be"):
        from pellucid.storage.limits import WEIGHTS

        WEIGHTS.check(2**40, "x", what="a network")


@pytest.mark.parametrize("text", [
    "Unable to allocate 3.21 GiB for an array with shape (4000, 500, 5) and data type float32",
    "[enforce fail] data. DefaultCPUAllocator: can't allocate memory: you tried to allocate 3210000000 bytes.",
])  # fmt: skip
def test_a_refused_allocation_says_who_asked(text: str, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: Any, **more: Any) -> None:
        raise (MemoryError if text.startswith("Unable") else RuntimeError)(text)

    write_npz(Path("data.npz"))
    monkeypatch.setattr("pellucid.data.opening._open_file", refuse)
    typed = terminal.type("data", "info", "data.npz")
    assert typed.code == 1 and "data.npz: out of memory: 3.2" in typed.err and "--batch-size" not in typed.err
    monkeypatch.setattr("pellucid.using.opening.network_named", refuse)
    typed = terminal.type("summary", "FC_3")
    assert typed.code == 1 and "pellucid: out of memory: 3.2" in typed.err and "itself" not in typed.err


def test_a_picture_is_not_blown_up_unless_it_is_meant(terminal: Terminal, tmp_path: Path) -> None:
    data = write_npz(tmp_path / "data.npz")
    words = ["train", data, "--engine", "reference", "--epochs", "1", "--no-checks", "--model", "FC_4"]
    said = ["--resize 300x300 makes 90,000 pixels of 7x6", "--max-pixels 90000 beside it"]
    terminal.refused(2, said, *words, "--resize", "300x300")
    assert terminal.type(*words, "--resize", "20x20", "--out", "small").code == 0
    meant = ["--resize", "300x300", "--max-pixels", "90000", "--limit", "8", "--out", "meant"]
    assert terminal.type(*words, *meant).code == 0
    for name in ("ant", "bee"):
        folder = tmp_path / "set" / name
        folder.mkdir(parents=True)
        for number in range(3):
            Image.new("RGB", (6, 7), (number, 9, 9)).save(folder / f"{number}.png")
    terminal.refused(2, said, "data", "info", tmp_path / "set", "--resize", "300x300")
