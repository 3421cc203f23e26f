"""A packed file: small, read back to the same bits of every answer, refused where damaged or of another kind."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.engines.packed.measuring import measured_speed_ups
from pellucid.errors import ArgumentError, FileError, UsageError
from pellucid.graph.bits import rows_of_bits
from pellucid.layers import BatchNormalization, Dense, Flatten, Input, QuantConv2D, QuantDense, QuantDepthwiseConv2D
from pellucid.models import Sequential
from pellucid.storage.tensors import read_tensors, write_tensors
from tests.cli.terminal import Terminal
from tests.docs.made import page_with
from tests.packed.pictures import EXAMPLE, example
from tests.packed.table import MAKER, MEASURED, OF_ACCURACIES, PAGE, table
from tests.packed.test_packed import ONE, PLAIN


def model() -> Sequential:
    """Every kind of layer of bits, and floats around them."""
    made = Sequential([
        Input((9, 8, 2)), QuantConv2D(16, 3, kernel_quantizer="magnitude_aware_sign"), BatchNormalization(),
        QuantDepthwiseConv2D(3, input_quantizer="ste_sign", depthwise_quantizer="magnitude_aware_sign"),
        BatchNormalization(), QuantConv2D(9, 3, **PLAIN), Flatten(), BatchNormalization(), QuantDense(20, **ONE),
        Dense(3, "softmax"),
    ])  # fmt: skip
    made.compile("adam", "mse", engine="reference")
    random = np.random.default_rng(0)
    made.fit(random.normal(size=(32, 9, 8, 2)), random.random(size=(32, 3)), verbose=0)
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = model()
    made.save(tmp_path / "floats.safetensors")
    told = made.export(tmp_path / "bits.safetensors", "packed")
    assert told["bits"] == 9 * 2 * 16 + 9 * 16 + 9 * 16 * 9 + 54 * 20
    return tmp_path / "bits.safetensors"


def test_it_comes_back_to_the_same_bits_of_every_answer(file: Path) -> None:
    x = np.random.default_rng(1).normal(size=(7, 9, 8, 2)).astype("float32")
    floats, again = p.load_model(file.parent / "floats.safetensors"), p.load_model(file)
    for one in (floats, again):
        one.compile("adam", "mse", engine="reference")
    answers = [one.predict(x, verbose=0) for one in (floats, again)]
    np.testing.assert_array_equal(*answers)
    again.compile("adam", "mse", engine="packed")
    np.testing.assert_array_equal(again.predict(x, verbose=0), answers[0])
    kernel = again.layers[0].get_weights()[0]
    assert len(np.unique(np.abs(kernel[..., 0]))) == 1  # +-alpha of the filter
    again.export(file.parent / "twice.safetensors", "packed")
    ours, theirs = (read_tensors(file.parent / name)[0] for name in ("bits.safetensors", "twice.safetensors"))
    assert all((ours[key] == theirs[key]).all() for key in ours)


def test_a_layer_that_is_called_twice_is_kept_once(tmp_path: Path) -> None:
    inputs, twice = Input((8,)), QuantDense(8, **ONE)
    made = p.Model(inputs, Dense(2)(twice(twice(inputs))))
    assert made.export(tmp_path / "m.safetensors", "packed")["bits"] == 64
    np.testing.assert_array_equal(*(np.sign(one.layers[1].get_weights()[0])
                                    for one in (made, p.load_model(tmp_path / "m.safetensors"))))  # fmt: skip
    (row,) = rows_of_bits(made.graph)
    assert (row.weights, row.products) == (64, 128)


def test_vgg_small_is_a_twenty_fifth_of_its_floats(tmp_path: Path) -> None:
    told = p.architectures.VGGSmall().export(tmp_path / "vgg.safetensors", "packed")
    assert told["bytes"] < told["bytes_of_floats"] / 25


def changed(file: Path, change: Any) -> Path:
    """The file with another record or other arrays."""
    arrays, record = read_tensors(file)
    record = {key: value for key, value in record.items() if key not in ("format", "checksums")}
    change(arrays, record)
    write_tensors(file, arrays, record)
    return file


@pytest.mark.parametrize(("change", "told"), [
    (lambda a, r: r.update(packed=2), "bits of format 2"),
    (lambda a, r: a.update({"quant_dense/kernel": a["quant_dense/kernel"][:-1]}), "do not fit its graph"),
    (lambda a, r: a.pop("quant_conv2d/kernel:alpha"), "do not fit its graph"),
    (lambda a, r: a.update({"quant_conv2d/kernel:alpha": np.full(16, np.nan, np.float32)}), "do not fit its graph"),
    (lambda a, r: a.update({"quant_conv2d/kernel:alpha": np.full(16, np.inf, np.float32)}), "NaN or infinity"),
    (lambda a, r: a.update({"quant_conv2d/kernel:alpha": np.full(16, -1, np.float32)}), "do not fit its graph"),
    (lambda a, r: a.update({"quant_conv2d/kernel:alpha": np.ones(16, np.int64)}), "do not fit its graph"),
    (lambda a, r: a.update({"dense/kernel": np.full((20, 3), np.nan, np.float32)}), "NaN or infinity"),
], ids=["format", "short", "no scale", "NaN", "infinity", "negative", "other numbers", "NaN of floats"])  # fmt: skip
def test_a_damaged_file_is_a_sentence(file: Path, change: Any, told: str) -> None:
    with pytest.raises(FileError, match=told):
        p.load_model(changed(file, change))


def test_a_file_cut_short_is_a_sentence(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(FileError, match="cut short"):
        p.load_model(file)


def test_what_cannot_be_packed_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to pack"):
        Sequential([Input((3,)), Dense(2)]).export(tmp_path / "m.safetensors", "packed")
    with pytest.raises(ArgumentError, match=r"ends in \.safetensors"):
        model().export(tmp_path / "m.onnx", "packed")
    made = model()
    made.set_weights([np.full_like(value, np.nan) for value in made.get_weights()])
    with pytest.raises(UsageError, match="has no sign"):
        made.export(tmp_path / "m.safetensors", "packed")


def test_typed(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, run = Terminal(capsys), str(tmp_path / "run")
    net = "conv_8,pool,bconv_16,bFC_32"
    assert terminal.type("train", "digits", "--model", net, "--epochs", 1, "--no-checks", "--out", run).code == 0
    assert "times smaller" in terminal.type("export", run, "--format", "packed").out
    for which in (run, f"{run}/model.packed.safetensors"):
        found = json.loads(terminal.type("evaluate", which, "digits", "--engine", "packed", "--verify", "--json").out)
        assert found["verified"] == {"numbers": 3600, "different": 0} and found["engine"] == "packed"
    monkeypatch.setitem(sys.modules, "numba", None)
    typed = terminal.type("evaluate", run, "digits", "--engine", "packed", "--verify", "--json")
    assert json.loads(typed.out)["verified"]["different"] == 0 and 'pip install "pellucid[binary]"' in typed.err
    terminal.refused(2, ["--engine packed"], "evaluate", run, "--verify")
    terminal.refused(2, ["packed predicts"], "train", "digits", "--engine", "packed", "--out", tmp_path / "b")


def test_products_are_timed_where_there_are_any(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(capsys)
    told = json.loads(terminal.type("summary", "conv_8,pool,bconv_32,bwFC_16", "--measure", "--json").out)["bits"]
    assert [row["speed_up"] for row in told] == [33.88, None] and told[0]["measured"] > 0 and not told[1]["measured"]
    terminal.refused(2, ["products of signs"], "summary", "conv_8,pool", "--measure")


def test_timing_without_numba_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(UsageError, match=r"pellucid\[binary\]"):
        measured_speed_ups(model().graph)


def test_the_page_tells_what_was_measured() -> None:
    for maker, made in ((MAKER, table()), (OF_ACCURACIES, MEASURED.table())):
        assert page_with(PAGE, maker, made) == PAGE.read_text(encoding="utf-8"), "Type: python -m tests.packed.table"


def test_the_worked_example_is_drawn_as_the_program_draws_it() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == example(), "Type: python -m tests.packed.pictures"
    assert "a · b = 2 · 2 − 4 = 0" in example()  # CNN-book 13.2
