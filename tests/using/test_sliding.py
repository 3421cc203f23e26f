"""A classifier slid over a larger picture: each place is what the classifier says of that piece alone."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from pellucid.architectures.names import architecture
from pellucid.errors import UsageError
from pellucid.graph.slid import slid
from pellucid.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    Input,
    MaxPooling2D,
)
from pellucid.models import Sequential
from tests.cli.terminal import Terminal

BODY = [Input((20, 16, 3)), Conv2D(4, 3, activation="relu"), MaxPooling2D(2), Conv2D(5, 2, activation="relu"),
        MaxPooling2D(2)]  # fmt: skip


def classifier(end: list[object]) -> Sequential:
    """Without padding, of stride 4, for pictures of 20 x 16."""
    model = Sequential([*(type(one).from_config(one.get_config()) if not isinstance(one, type(BODY[0])) else one
                          for one in BODY), *end])  # type: ignore[list-item]
    model.class_names = ["ant", "bee", "cat"]
    return model


ENDS = {
    "flat": lambda: [Flatten(), Dropout(0.5), Dense(6, activation="relu"), BatchNormalization(),
                     Dense(3, activation="softmax")],
    "mean": lambda: [GlobalAveragePooling2D(), Dense(3, activation="softmax")],
    "largest": lambda: [GlobalMaxPooling2D(), Dense(3, activation="softmax")],
}  # fmt: skip


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
@pytest.mark.parametrize("end", ENDS)
def test_each_place_is_what_the_classifier_says_of_that_piece(terminal: Terminal, end: str, engine: str) -> None:
    if engine == "pytorch":
        pytest.importorskip("torch")
    model = classifier(ENDS[end]())
    model.save("model.safetensors")
    pixels = np.random.default_rng(0).integers(0, 256, (31, 27, 3), np.uint8)
    Image.fromarray(pixels).save("big.png")
    typed = terminal.type("predict", "model.safetensors", "big.png", "--slide", "--engine", engine, "--json")
    assert typed.code == 0, typed.err
    (told,) = json.loads(typed.out)["predictions"]
    places = told["places"]
    assert (places["rows"], places["columns"], places["step"]) == (6, 6, 2.0)  # (31 - 20) // 2 + 1, (27 - 16) // 2 + 1
    pieces = np.stack([pixels[2 * i : 2 * i + 20, 2 * j : 2 * j + 16] for i in range(6) for j in range(6)])
    alone = model.predict(pieces.astype(np.float32) / 255).reshape(6, 6, 3)
    assert np.allclose(places["probabilities"], alone.max(axis=2), atol=1e-4)
    names = np.array(model.class_names)[alone.argmax(axis=2)]
    assert names.tolist() == places["classes"]
    mean = {one["class"]: one["probability"] for one in told["classes"]}
    assert np.allclose([mean[name] for name in ("ant", "bee", "cat")], alone.mean(axis=(0, 1)), atol=1e-5)


def test_a_network_of_224_pixels_has_121_places_in_384() -> None:
    found = slid(architecture("vgg16").graph)
    assert found.stride == 32 and found.kernels["fc1/kernel"] == (7, 7, 512, 4096)
    (shape,) = found.at((384, 384, 3)).output_shapes.values()
    (shifted,) = found.at((368, 368, 3)).output_shapes.values()
    assert shape[:2] == (6, 6) and shifted[:2] == (5, 5) and (6 + 5) ** 2 == 121


@pytest.mark.parametrize(("name", "said"), [("seresnet50", "weighs a map by its own mean"), ("cifarresnet20", "fixes")])
def test_a_network_that_does_not_slide_is_named(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"cannot be slid over a picture: .*{said}"):
        slid(architecture(name).graph)


def test_what_does_not_go_with_sliding_is_refused(terminal: Terminal) -> None:
    classifier(ENDS["mean"]()).save("model.safetensors")
    Image.fromarray(np.zeros((12, 40, 3), np.uint8)).save("small.png")
    typed = terminal.type("predict", "model.safetensors", "small.png", "--slide")
    assert typed.code == 1 and "at least 20x16 pixels, the network's, but it is 12x40" in typed.err
    terminal.refused(2, ["--slide does not go with --tta"], "predict", "model.safetensors", "x.png", "--slide", "--tta")
