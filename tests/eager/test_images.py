"""Layers on pictures give what Keras's give, where both draw the same numbers; in a network only training changes."""

from __future__ import annotations

import colorsys
from typing import Any

import numpy as np
import pytest
from PIL import Image

import pellucid as p
from pellucid import layers
from tests.parity_keras.bridge import keras, numbers

X = np.random.default_rng(0).uniform(0, 255, (3, 9, 12, 3)).astype("float32")
SAME: list[tuple[str, dict[str, Any]]] = [
    ("Resizing", {"height": 5, "width": 20}),
    ("Resizing", {"height": 4, "width": 4, "interpolation": "nearest"}),
    ("Resizing", {"height": 4, "width": 4, "crop_to_aspect_ratio": True, "antialias": True}),
    ("Resizing", {"height": 6, "width": 5, "pad_to_aspect_ratio": True, "fill_value": 7.0}),
    ("CenterCrop", {"height": 4, "width": 7}),
    ("CenterCrop", {"height": 14, "width": 7}),
    ("RandomTranslation", {"height_factor": (0.3, 0.3), "width_factor": (-0.2, -0.2), "fill_mode": "constant"}),
    ("RandomTranslation", {"height_factor": (0.3, 0.3), "width_factor": (0.1, 0.1), "fill_mode": "nearest",
                           "interpolation": "nearest"}),
    ("RandomRotation", {"factor": (0.1, 0.1), "fill_mode": "constant", "fill_value": 3.0}),
    ("RandomZoom", {"height_factor": (0.4, 0.4), "fill_mode": "constant"}),
    ("RandomZoom", {"height_factor": (-0.4, -0.4), "width_factor": (0.2, 0.2), "fill_mode": "nearest"}),
    ("RandomBrightness", {"factor": (0.2, 0.2)}),
    ("RandomColorDegeneration", {"factor": (0.3, 0.3)}),
    ("RandomGrayscale", {"factor": 1.0}),
    ("RandomInvert", {"factor": (1.0, 1.0)}),
    ("RandomHue", {"factor": (0.0, 0.0)}),
    ("RandomHue", {"factor": (1.0, 1.0)}),  # half a circle, to either side the same
    ("RandomSaturation", {"factor": (0.4, 0.4)}),
    ("RandomSaturation", {"factor": (0.8, 0.8), "value_range": (0.0, 1.0)}),
    ("RandomColorJitter", {"brightness_factor": (0.1, 0.1), "saturation_factor": (0.3, 0.3),
                           "hue_factor": (1.0, 1.0)}),
    ("RandomErasing", {"scale": (1.0, 1.0), "factor": (1.0, 1.0), "fill_value": (1.0, 300.0, 3.0)}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), SAME, ids=str)
def test_it_is_keras_own(name: str, arguments: dict[str, Any]) -> None:
    ours, theirs = getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments)
    wanted = numbers(theirs(X, training=True))
    np.testing.assert_allclose(ours(X), wanted, rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(ours(X[1]), wanted[1], rtol=1e-4, atol=1e-2)  # a picture without a batch axis
    again = type(ours).from_config(ours.get_config())
    np.testing.assert_allclose(again(X), ours(X), rtol=1e-5)  # half a circle may go either way


@pytest.mark.parametrize(("word", "filtered"), [
    ("bilinear", "BILINEAR"), ("bicubic", "BICUBIC"), ("lanczos3", "LANCZOS"),
])  # fmt: skip
def test_kernels_are_those_of_pillow(word: str, filtered: str) -> None:
    """Keras on PyTorch takes another cubic, a = -3/4, than on JAX and TensorFlow."""
    for height, width in ((15, 7), (4, 20)):
        found = layers.Resizing(height, width, word, antialias=True)(X)[0, :, :, 0]
        picture = Image.fromarray(X[0, :, :, 0]).resize((width, height), Image.Resampling[filtered])
        np.testing.assert_allclose(found, np.asarray(picture), rtol=1e-3, atol=0.05)


def test_smart_resize_is_keras_own() -> None:
    for x, size, word in ((X, (4, 8), "bilinear"), (X[0], (8, 4), "nearest")):
        theirs = keras.preprocessing.image.smart_resize(keras.ops.convert_to_tensor(x), size, word)
        ours = p.preprocessing.image.smart_resize(x, size, word)
        np.testing.assert_allclose(ours, numbers(theirs), rtol=1e-4, atol=1e-2)
    with pytest.raises(ValueError, match="smart_resize: size must be two integers, rows and columns, but it is 4"):
        p.utils.smart_resize(X, 4)


def test_borders_are_reflected_and_wrapped() -> None:
    by_three = {"height_factor": (1 / 3, 1 / 3), "width_factor": (0.0, 0.0)}
    y = layers.RandomTranslation(**by_three)(X)
    np.testing.assert_allclose(y, np.concatenate([X[:, 2::-1], X[:, :6]], 1), rtol=1e-5)
    y = layers.RandomTranslation(**by_three, fill_mode="wrap")(X)
    np.testing.assert_allclose(y, np.roll(X, 3, 1), rtol=1e-5)


def test_each_sample_draws_for_itself() -> None:
    x = np.repeat(X[:1], 200, 0)
    flipped = layers.RandomFlip("horizontal")(x)
    turned = (flipped == x[:, :, ::-1]).all((1, 2, 3))
    assert 70 < turned.sum() < 130 and (turned | (flipped == x).all((1, 2, 3))).all()
    parts = layers.RandomCrop(3, 4)(x)
    places = {np.argwhere(x[0, :, :, 0] == part[0, 0, 0]).tolist()[0].__repr__() for part in parts}
    assert len(places) > 30  # of 7 x 9
    middle = x.mean((1, 2), keepdims=True)
    y = layers.RandomContrast(0.9, value_range=(-1000, 1000))(x)
    factors = ((y - middle) / (x - middle)).reshape(200, -1)
    assert np.ptp(factors, axis=1).max() < 0.05
    assert factors.mean(1).min() < 1.1 and 1.8 < factors.mean(1).max() < 1.91


def test_hue_turns_to_either_side_and_saturation_ends_at_one() -> None:
    x = np.repeat(X[:1] / 255, 20, 0)
    found = {}
    for way, sign in (("left", -0.25), ("right", 0.25)):
        hsv = [colorsys.rgb_to_hsv(*pixel) for pixel in x[0].reshape(-1, 3)]
        found[way] = np.array([colorsys.hsv_to_rgb((h + sign) % 1, s, v) for h, s, v in hsv]).reshape(x[0].shape)
    y = layers.RandomHue((0.5, 0.5), (0, 1))(x)
    turned = [{way for way in found if np.allclose(one, found[way], atol=1e-5)} for one in y]
    assert all(len(ways) == 1 for ways in turned) and set.union(*turned) == {"left", "right"}
    full = layers.RandomSaturation((1.0, 1.0))(X)  # Keras's goes below 0 here, for its cut is at 255
    np.testing.assert_allclose(full.max(-1), X.max(-1))
    np.testing.assert_allclose(full.min(-1), 0, atol=1e-4)
    noise = layers.RandomErasing(1.0, (0.25, 0.25))(np.repeat(X, 40, 0))
    share = (noise != np.repeat(X, 40, 0)).any(-1).mean()
    assert 0.08 < share < 0.18  # half the time on the mean, half of each side
    assert layers.RandomErasing(0.0)(X) is not X and (layers.RandomErasing(0.0)(X) == X).all()


def test_two_pictures_are_mixed_and_their_labels() -> None:
    x = np.stack([np.full((8, 10, 3), number, "float32") for number in range(40)])
    for layer in (layers.MixUp(0.7), layers.CutMix()):
        found = layer({"images": x, "labels": np.eye(40, dtype="float32")})
        np.testing.assert_allclose(found["labels"].sum(1), 1, rtol=1e-5)
        own = found["labels"].diagonal()
        assert 0.2 < own.mean() < 0.8
        other = np.where(np.eye(40, dtype=bool), 0, found["labels"]).argmax(1)
        mean = own * np.arange(40) + (1 - own) * other
        rough = 1e-4 if isinstance(layer, layers.MixUp) else 8  # CutMix: whole pixels
        np.testing.assert_allclose(found["images"].mean((1, 2, 3)), mean, atol=rough)
        assert layer(x, training=False) is not None and (layer(x, training=False) == x).all()
    cut = layers.CutMix()({"images": x})["images"]
    assert all(len(np.unique(one)) <= 2 for one in cut)
    kept = layers.RandomFlip()({"images": x, "labels": np.arange(40)})
    assert kept["labels"].tolist() == list(range(40))
    with pytest.raises(ValueError, match=r"labels must be rows \(40, K\).*to_categorical"):
        layers.MixUp()({"images": x, "labels": np.arange(40)})
    with pytest.raises(ValueError, match="a mapping of images and labels, but it is with 'bounding_boxes'"):
        layers.RandomFlip()({"images": x, "bounding_boxes": {}})


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_in_a_network_only_training_draws(engine: str, tmp_path: Any) -> None:
    p.set_random_seed(3)
    model = p.Sequential([
        p.Input((9, 12, 3)), layers.RandomFlip(), layers.RandomRotation(0.1), layers.RandomContrast(0.2),
        layers.RandomColorJitter((0, 255), 0.1, 0.1, 0.6, 0.2), layers.RandomErasing(), layers.MixUp(),
        layers.RandomCrop(8, 8), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(2, activation="softmax"),
    ])  # fmt: skip
    model.compile("sgd", "sparse_categorical_crossentropy", engine=engine)
    model.fit(X, np.array([0, 1, 0]), epochs=3, verbose=0)
    first = model.predict(X, verbose=0)
    np.testing.assert_array_equal(first, model.predict(X, verbose=0))
    model.save(tmp_path / "m.safetensors")
    np.testing.assert_allclose(p.load_model(tmp_path / "m.safetensors").predict(X, verbose=0), first, rtol=1e-5)


def test_bad_arguments_are_said() -> None:
    with pytest.raises(ValueError, match="RandomRotation: factor must be a number, or two, from -1 to 1, but it is 2"):
        layers.RandomRotation(2)
    with pytest.raises(ValueError, match="pad_to_aspect_ratio must be False where crop_to_aspect_ratio is True"):
        layers.Resizing(3, 3, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True)
    with pytest.raises(ValueError, match="fill_value must be one number, or 3, but it is"):
        layers.RandomErasing(fill_value=(1, 2))(X)
    with pytest.raises(ValueError, match="input must be of 1 or 3 channels, but it is 2"):
        layers.RandomGrayscale()(np.ones((1, 3, 3, 2)))
