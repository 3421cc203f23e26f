"""pellucid export on the command line: where it writes, what it says, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from pellucid.layers import Conv2D, Dense, Flatten, Input
from pellucid.models import Sequential
from tests.cli.terminal import Terminal


@pytest.fixture
def model(terminal: Terminal) -> Sequential:
    made = Sequential([Input((6, 5, 1)), Conv2D(2, 3), Flatten(), Dense(3, activation="softmax")], name="plain")
    made.class_names = ["a", "b", "c"]
    made.save("plain.safetensors")
    return made


def test_a_model_file_is_exported_beside_itself(terminal: Terminal, model: Sequential) -> None:
    typed = terminal.type("export", "plain.safetensors", "--json")
    made = json.loads(typed.out)
    assert typed.code == 0 and typed.out.count("\n") == 1
    assert made["file"] == "plain.onnx" and made["class_names"] == ["a", "b", "c"] and made["format"] == "onnx"
    images = np.random.default_rng(1).random((4, 6, 5, 1), np.float32)
    (found,) = onnxruntime.InferenceSession("plain.onnx").run(None, {"input": images})
    np.testing.assert_allclose(found, model.predict(images), rtol=0, atol=1e-5)
    said = terminal.type("export", "plain.safetensors", "--out", "other.onnx")
    assert said.code == 0 and said.out.startswith("other.onnx: ") and "opset 18" in said.out
    data = Path("other.onnx").read_bytes()
    assert data == Path("plain.onnx").read_bytes()
    assert b"/pellucid/" not in data and b".py" not in data  # no path of this machine


def test_what_cannot_be_exported_is_refused_in_one_sentence(terminal: Terminal, model: Sequential) -> None:
    terminal.refused(2, ["format must be 'onnx'", "'tflite'"], "export", "plain.safetensors", "--format", "tflite")
    terminal.refused(2, ["plain.onnx"], "export", "plain.safetensors", "--out", "plain.pb")
    terminal.refused(1, ["nothing.safetensors"], "export", "nothing.safetensors")
    terminal.refused(1, ["nowhere"], "export", "plain.safetensors", "--out", "nowhere/plain.onnx")
    assert sorted(path.name for path in Path().iterdir()) == ["plain.safetensors"]
