"""Keras's helpers for pictures and arrays give Keras's numbers, and say what they do not take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid import saving, utils
from pellucid.errors import PellucidError
from tests.parity_keras.bridge import keras

RANDOM = np.random.default_rng(5)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("scale", [True, False])
def test_pictures_and_arrays_are_keras_own(channels: int, scale: bool) -> None:
    x = RANDOM.uniform(0, 200, (5, 7, channels)).astype("float32")
    ours, theirs = utils.array_to_img(x, scale=scale), keras.utils.array_to_img(x, scale=scale)
    assert ours.mode == theirs.mode and ours.size == theirs.size == (7, 5)
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    np.testing.assert_array_equal(utils.img_to_array(ours), keras.utils.img_to_array(theirs))


def test_a_picture_is_written_and_read(tmp_path: Path) -> None:
    x = RANDOM.integers(0, 256, (6, 9, 3)).astype("float32")
    utils.save_img(tmp_path / "a.png", x, scale=False)
    np.testing.assert_array_equal(utils.img_to_array(utils.load_img(tmp_path / "a.png")), x)
    small = utils.load_img(str(tmp_path / "a.png"), color_mode="grayscale", target_size=(3, 4))
    assert small.mode == "L" and small.size == (4, 3)


@pytest.mark.parametrize(
    "named", [{}, {"maxlen": 2}, {"maxlen": 5, "padding": "post", "value": 7}, {"maxlen": 2, "truncating": "post"}]
)
def test_sequences_are_brought_to_one_length(named: dict[str, Any]) -> None:
    rows: list[list[int]] = [[1], [2, 3, 4], [], [5, 6]]
    np.testing.assert_array_equal(utils.pad_sequences(rows, **named), keras.utils.pad_sequences(rows, **named))


def test_rows_of_length_one() -> None:
    x = RANDOM.normal(size=(4, 3))
    x[1] = 0
    np.testing.assert_allclose(utils.normalize(x), keras.utils.normalize(x))
    np.testing.assert_allclose(utils.normalize(x, 0, 1), x / np.abs(x).sum(0))


MISTAKES: dict[str, tuple[Any, str]] = {
    "channels first": (lambda: utils.array_to_img(np.ones((3, 4, 5)), "channels_first"), r"x\.transpose\(1, 2, 0\)"),
    "two channels": (lambda: utils.array_to_img(np.ones((3, 4, 2))), "C 1, 3 or 4, but it is of shape"),
    "no picture": (lambda: utils.img_to_array(np.ones(3)), r"a picture \(H, W\) or \(H, W, C\), but it is of shape"),
    "an unknown mode": (lambda: utils.load_img("a.png", color_mode="hsv"), "color_mode must be one of rgb, grayscale"),
    "an unknown side": (lambda: utils.pad_sequences([[1]], padding="left"), "padding must be 'pre' or 'post'"),
    "no sequences": (lambda: utils.pad_sequences([1, 2]), "a list of sequences, but it is one with a single entry"),
    "a download": (lambda: utils.get_file("a", "http://b"), "nothing is fetched from the network. Download http:"),
    "a scope": (lambda: saving.CustomObjectScope({}), "Leave it out: a file holds no code"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_is_not_taken_is_told(mistake: str) -> None:
    call, text = MISTAKES[mistake]
    with pytest.raises(PellucidError, match=text):
        call()


def test_a_registered_class_is_handed_back() -> None:
    @saving.register_keras_serializable(package="mine")
    class One: ...

    @utils.register_keras_serializable
    class Two: ...

    assert isinstance(One, type) and isinstance(Two, type)
