"""A terminal in a folder with kites/: pictures of a kite of four coloured corners on noise, with points.csv."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.terminal import Terminal

SIZE = (40, 48)  # rows, columns
NAMES = ("nose", "left_wing", "right_wing", "tail")
COLOURS = np.array([(250, 250, 240), (240, 60, 50), (60, 90, 240), (50, 220, 70)])


def kites(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(N,40,48,3) uint8, and the corners of each (N,4,2) in pixels, pixel centres at .5."""
    random = np.random.default_rng(seed)
    turn, size = random.uniform(-0.6, 0.6, count), random.uniform(7, 11, count)
    middle = np.stack([random.uniform(16, 32, count), random.uniform(15, 25, count)], axis=1)
    shape = np.array([(0, -1.0), (-0.8, -0.2), (0.8, -0.2), (0, 1.1)])
    spin = np.stack([np.cos(turn), -np.sin(turn), np.sin(turn), np.cos(turn)], axis=1).reshape(-1, 2, 2)
    xy = middle[:, None] + size[:, None, None] * (shape @ spin.swapaxes(1, 2))
    pictures = random.integers(90, 130, (count, *SIZE, 3)).astype(np.float64)
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    for k, colour in enumerate(COLOURS):
        square = (columns - xy[:, k, 0, None, None]) ** 2 + (rows - xy[:, k, 1, None, None]) ** 2
        share = np.exp(-square / 5)[..., None]
        pictures = (1 - share) * pictures + share * colour
    return pictures.astype(np.uint8), xy


def write_kites(folder: Path, parts: dict[str, int]) -> None:
    """Pictures as PNG in folders of their parts, and points.csv, in which whole numbers are pixels from 0."""
    folder.mkdir(exist_ok=True)
    lines = [",".join(["image", *(f"{name}_{axis}" for name in NAMES for axis in "xy"), "split"])]
    for seed, (part, count) in enumerate(parts.items()):
        (folder / part).mkdir()
        for number, (picture, own) in enumerate(zip(*kites(count, seed), strict=True)):
            path = f"{part}/{number}.png"
            Image.fromarray(picture).save(folder / path)
            lines.append(",".join([path, *(f"{value - 0.5:.3f}" for value in own.ravel()), part]))
    (folder / "points.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """In a folder with kites/: 64 pictures to learn from, 16 for validation, 24 for the test."""
    monkeypatch.chdir(tmp_path)
    write_kites(tmp_path / "kites", {"train": 64, "val": 16, "test": 24})
    return Terminal(capsys)
