"""A model to serve, pictures to ask about, and a server that is asked without a socket."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from pellucid.data.annotations import Classes
from pellucid.data.dataset import Part
from pellucid.data.images import ArrayImages
from pellucid.data.preprocessing import Pipeline
from pellucid.data.steps import Scale
from pellucid.keys import Key
from pellucid.layers import Activation, Conv2D, Dense, Flatten, Input, MaxPooling2D
from pellucid.model.input.typical import looks_of
from pellucid.models import Sequential
from tests.diagnosis.conftest import pixels_for_figures  # noqa: F401  (the fixture)
from tests.serving.asking import Served, served


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits x (1797, 8, 8, 1) uint8 and y (1797,)."""
    x, y = load_digits(return_X_y=True)
    return np.round(x * 255 / 16).astype(np.uint8).reshape(-1, 8, 8, 1), y


def save_model(path: Path, seed: int) -> Path:
    """A network with weights drawn from a seed, as a run leaves it: it knows classes, scale and 300 digits."""
    net = Sequential([Input((8, 8, 1)), Conv2D(24, 3, activation="relu", padding="same"), MaxPooling2D(),
                      Conv2D(17, 3, activation="relu"), Flatten(), Dense(97, activation="relu"), Dense(10),
                      Activation("softmax")])  # fmt: skip
    random = np.random.default_rng(seed)
    net.set_weights([random.normal(0, 0.3, weight.shape).astype(np.float32) for weight in net.get_weights()])
    net.class_names, net.preprocessing = [str(number) for number in range(10)], Pipeline((Scale(255.0),))
    x, y = digits()
    part = Part(ArrayImages(x[:300]), Classes(y[:300]), [str(n) for n in range(300)], np.arange(300))
    net.input_record = {"height": 8, "width": 8, "channels": 1, "channel_names": ["gray"], "dtype": "uint8",
                        **looks_of(part, net.preprocessing, Key.of(0))}  # fmt: skip
    net.save(path)
    return path


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file called digits."""
    return save_model(tmp_path_factory.mktemp("serving") / "digits.safetensors", 1)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Eleven PNGs of digits."""
    folder = tmp_path_factory.mktemp("pictures")
    made = [folder / f"{number}.png" for number in range(11)]
    for pixels, path in zip(digits()[0][300:], made, strict=False):
        Image.fromarray(pixels[..., 0]).save(path)
    return made


@pytest.fixture(scope="module")
def server(run: Path) -> Served:
    """A server of that model with its usual settings, for tests that leave it as it is."""
    return served([str(run)])
