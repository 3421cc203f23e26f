"""A terminal to type commands in, and models that were trained on little pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.annotations import Classes
from pellucid.data.dataset import Part
from pellucid.data.images import ArrayImages
from pellucid.data.preprocessing import Pipeline
from pellucid.data.steps import Scale
from pellucid.keys import Key
from pellucid.layers import Activation, Flatten, Input
from pellucid.model.input.typical import looks_of
from pellucid.models import Sequential
from tests.cli.terminal import Terminal

CLASSES = ["left", "right"]


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(capsys)


def strokes(count: int, seed: int = 0) -> np.ndarray:
    """(count, 8, 8) uint8: a light stroke on black, by turns more on the left and more on the right."""
    random = np.random.default_rng(seed)
    x = random.integers(0, 12, (count, 8, 8))
    for number in range(count):
        x[number, 1:7, 2 + 3 * (number % 2)] += random.integers(120, 200)
    return x.astype(np.uint8)


@pytest.fixture
def model(terminal: Terminal) -> Path:
    """model.safetensors: the side of a stroke, by the sums of both halves; it knows 200 strokes."""
    from pellucid.layers import Dense

    net = Sequential([Input((8, 8, 1)), Flatten(), Dense(2), Activation("softmax")])
    kernel = np.zeros((8, 8, 2), np.float32)
    kernel[:, :4, 0] = kernel[:, 4:, 1] = 1.0
    net.set_weights([kernel.reshape(64, 2), np.zeros(2, np.float32)])
    net.class_names, net.preprocessing = CLASSES, Pipeline((Scale(255.0),))
    x = strokes(200)[..., np.newaxis]
    part = Part(ArrayImages(x), Classes(np.arange(200) % 2), [str(n) for n in range(200)], np.arange(200))
    net.input_record = {"height": 8, "width": 8, "channels": 1, "channel_names": ["gray"], "dtype": "uint8",
                        **looks_of(part, net.preprocessing, Key.of(0))}  # fmt: skip
    net.save("model.safetensors")
    return Path("model.safetensors")


def save(path: str, pixels: np.ndarray) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
