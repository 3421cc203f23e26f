"""Words that Keras programs type on models, files and pictures answer as they do there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pellucid as p
from pellucid.errors import ArgumentError, FileError
from tests.parity_keras.bridge import keras


def network() -> p.Model:
    model = p.Sequential([p.Input((4,)), p.layers.Dense(3, name="head", kernel_regularizer="l2")])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def test_a_model_answers(tmp_path: Path) -> None:
    model, lines = network(), []
    model.summary(line_length=80, expand_nested=True, print_fn=lines.append)
    model.summary(lines.append)
    assert lines[0] == lines[1] and "head (Dense)" in lines[0]
    assert [weight.name for weight in model.weights] == ["kernel", "bias"] and model.loss == "mse"
    model.weights[0][...] = 1  # the arrays themselves
    assert (model.get_weights()[0] == 1).all()
    history = model.fit(np.ones((4, 4)), np.ones((4, 3)), verbose=0)
    assert history.model is model and np.isclose(model.losses[0], 0.01 * (model.get_weights()[0] ** 2).sum())
    path = tmp_path / "m.safetensors"
    p.models.save_model(model, path)
    with pytest.raises(FileError, match=r"is there already. Choose another name, or pass overwrite=True"):
        model.save(path, overwrite=False)
    assert p.load_model(path, custom_objects={}).compiled and not p.load_model(path, compile=False).compiled
    with pytest.raises(AttributeError, match=r"Pass compile precision='bfloat16'"):
        p.mixed_precision  # noqa: B018


@pytest.mark.parametrize("told", [
    {}, {"target_size": (5, 9)}, {"target_size": (5, 9), "interpolation": "bilinear"},
    {"target_size": (3, 9), "keep_aspect_ratio": True}, {"color_mode": "grayscale", "target_size": (4, 4)},
], ids=str)  # fmt: skip
def test_a_picture_is_read_as_keras_reads_it(told: dict, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 8, 3), "uint8")
    Image.fromarray(pixels).save(tmp_path / "p.png")
    ours = p.utils.img_to_array(p.utils.load_img(tmp_path / "p.png", **told))
    np.testing.assert_array_equal(ours, keras.utils.img_to_array(keras.utils.load_img(tmp_path / "p.png", **told)))


def test_wrong_words_for_a_picture_are_said(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 4, 3), "uint8")).save(tmp_path / "p.png")
    with pytest.raises(ArgumentError, match="target_size must be two integers, height and width, but it is 64"):
        p.utils.load_img(tmp_path / "p.png", target_size=64)
    with pytest.raises(ArgumentError, match="interpolation must be one of nearest"):
        p.utils.load_img(tmp_path / "p.png", interpolation="area")
    with pytest.raises(ArgumentError, match="whole class numbers from 0"):
        p.utils.to_categorical(["a", "b"])


def test_models_without_sizes_stand_in_others_and_change_pictures() -> None:
    x = np.random.default_rng(0).uniform(0, 255, (8, 6, 6, 3)).astype("float32")

    def block() -> p.Model:
        return p.Sequential([p.layers.RandomFlip("horizontal"), p.layers.RandomContrast(0.5)])

    for first in ([], [p.Input((6, 6, 3))]):
        model = p.Sequential([*first, block(), p.layers.Flatten(), p.layers.Dense(2, activation="softmax")])
        model.compile("sgd", ["sparse_categorical_crossentropy"])
        model.fit(x, np.arange(8) % 2, verbose=0)
        assert len(model.layers) == 3
    assert not np.allclose(block()(x), x) and not np.allclose(block()(x, training=True), x)
    np.testing.assert_allclose(block()(x, training=False), x)
    assert p.Sequential([p.layers.Dense(4)]).compute_output_shape((None, 3)) == (None, 4)
    noisy = p.Sequential([p.Input((4,)), p.layers.Dense(3, bias_initializer="ones"), p.layers.Dropout(0.5)])
    assert (noisy(np.zeros((50, 4)), training=True) == 0).any() and (noisy(np.zeros((50, 4))) == 1).all()
