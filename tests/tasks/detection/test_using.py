"""A detector used from a program and as an exported file: the same boxes as the command gives."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pellucid
from pellucid.data.single import read_image
from pellucid.errors import ArgumentError, ShapeError
from pellucid.models import load_model
from tests.cli.terminal import Terminal

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "detect_onnx.py"


def near(one: list[dict], other: list[dict]) -> bool:
    """Whether two answers are the same to 1e-4 of a score and a hundredth of a pixel."""
    pairs = list(zip(one, other, strict=True)) if len(one) == len(other) else []
    return len(one) == len(pairs) and all(
        a["class"] == b["class"] and abs(a["score"] - b["score"]) < 1e-4
        and np.abs(np.subtract(a["box"], b["box"])).max() < 0.01 for a, b in pairs)  # fmt: skip


def test_a_program_the_command_and_the_exported_file_find_the_same_boxes(terminal: Terminal) -> None:
    for name in ("torch", "onnxruntime", "onnxscript"):
        pytest.importorskip(name)
    train = ["train", "shapes", "--model", "center-small", "--batch-size", "4", "--lr", "0.004", "--epochs", "5"]
    assert terminal.type(*train, "--no-checks", "--engine", "pytorch", "--out", "run").code == 0
    with Image.open("shapes/test/1.png") as image:
        image.resize((230, 150)).save("other.png")
    files = ["shapes/test/0.png", "other.png"]
    told = json.loads(terminal.type("predict", "run", *files, "--json").out)["predictions"]
    model = load_model("run/model.safetensors")
    assert all(near(one["boxes"], other) for one, other in zip(told, pellucid.detect(model, files), strict=True))
    arrays = [read_image(file) for file in files]
    assert all(near(one["boxes"], other) for one, other in zip(told, model.detect(arrays), strict=True))
    many = pellucid.detect(model, arrays[0][None], score=0.02)[0]
    assert len(many) >= len(told[0]["boxes"])
    assert terminal.type("export", "run", "--format", "onnx", "--out", "shapes.onnx").code == 0
    detect = runpy.run_path(str(EXAMPLE))["detect"]
    assert all(near(one["boxes"], detect("shapes.onnx", file)) for one, file in zip(told, files, strict=True))
    with pytest.raises(ShapeError, match="pictures"):
        pellucid.detect(model, np.zeros((2, 10, 10, 1), np.uint8))
    with pytest.raises(ArgumentError, match="score"):
        pellucid.detect(model, files, score=2)
