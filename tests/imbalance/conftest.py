"""A small set with classes of very different sizes, and a terminal to train on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.terminal import Terminal

SIZES = (60, 20, 4)  # training images of each class


def uneven(sizes: tuple[int, ...] = SIZES, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(N, 7, 6, 1) uint8 images with a bright stripe where their class is, and labels (N,)."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    x = np.random.default_rng(seed).integers(0, 150, (len(labels), 7, 6, 1), dtype=np.uint8)
    for image, label in zip(x, labels, strict=True):
        image[2 * label : 2 * label + 2] += 60
    return x, labels


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """In a folder with uneven.npz: 84 images to learn from, 30 for validation, 30 for the test."""
    monkeypatch.chdir(tmp_path)
    arrays = {}
    for number, (name, sizes) in enumerate({"train": SIZES, "val": (10, 10, 10), "test": (10, 10, 10)}.items()):
        arrays[f"x_{name}"], arrays[f"y_{name}"] = uneven(sizes, number)
    np.savez("uneven.npz", **arrays)
    return Terminal(capsys)
