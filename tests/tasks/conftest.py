"""A terminal in a folder with tilted.npz: grey pictures of a bar, tilted by so many degrees, and how many."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.terminal import Terminal
from tests.diagnosis.conftest import pixels_for_figures  # noqa: F401  (the fixture)

SIDE = 12


def tilted(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(N, 12, 12, 1) uint8 images of a bar through the middle, and its angle (N,) from -40 to 40 degrees."""
    random = np.random.default_rng(seed)
    angles = random.uniform(-40, 40, count)
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    turn = np.radians(angles)[:, np.newaxis, np.newaxis]
    off = rows * np.cos(turn) - columns * np.sin(turn)
    light = 220 * np.exp(-(off**2) / 2) + random.uniform(0, 20, (count, SIDE, SIDE))
    return light.astype(np.uint8)[..., np.newaxis], angles


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """In a folder with tilted.npz: 240 images to learn from, 60 for the test."""
    monkeypatch.chdir(tmp_path)
    arrays = {}
    for number, (name, count) in enumerate({"train": 240, "test": 60}.items()):
        arrays[f"x_{name}"], arrays[f"y_{name}"] = tilted(count, number)
    np.savez("tilted.npz", **arrays)
    return Terminal(capsys)
