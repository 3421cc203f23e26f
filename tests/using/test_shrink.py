"""What a model makes of pictures that were small: they are shrunk, enlarged again and scored once more."""

from __future__ import annotations

import json

import numpy as np

from pellucid.data.images import ArrayImages
from pellucid.data.shrunk import ShrunkImages
from tests.cli.terminal import Terminal


def test_pictures_keep_their_size_and_lose_what_is_finer_than_the_small_ones() -> None:
    """Stripes of one pixel become grey, halves of the picture stay."""
    pixels = np.zeros((2, 24, 36, 1), np.uint8)
    pixels[0, ::2], pixels[1, :, :18] = 200, 200
    found = ShrunkImages(ArrayImages(pixels), 12)
    assert found.shape == pixels.shape and found.small == (12, 18) and len(found) == 2
    stripes, halves = found.take(np.array([0, 1]))
    assert np.abs(stripes[2:-2].astype(int) - 100).max() <= 25 and stripes.std() < 0.2 * pixels[0].std()
    assert (halves[:, :15] == 200).all() and (halves[:, 21:] == 0).all()


def test_scores_fall_with_the_size_that_pictures_had(terminal: Terminal) -> None:
    words = ["--model", "conv_8,FC_32", "--epochs", "6", "--no-checks", "--engine", "reference", "--augment", "none"]
    assert terminal.type("train", "digits", *words, "--out", "run").code == 0
    typed = terminal.type("evaluate", "run", "--shrink", "6", "--shrink", "3", "--shrink", "1", "--json")
    found = json.loads(typed.out)
    assert [one["side"] for one in found["shrunk"]] == [6, 3, 1]
    values = [found["accuracy"], *(one["value"] for one in found["shrunk"])]
    assert values[0] > 0.8 and values == sorted(values, reverse=True) and values[-1] < 0.3
    assert "shrunk to 3 pixels and enlarged: accuracy 0." in terminal.type("evaluate", "run", "--shrink", "3").out
    terminal.refused(2, ["--shrink must be from 1 to below 8", "but it is 8"], "evaluate", "run", "--shrink", "8")
