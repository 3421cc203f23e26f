"""A terminal in a folder with shapes/: pictures of bright squares and dark bars on noise, with boxes.csv."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.terminal import Terminal

SIZE = (64, 80)  # rows, columns


def shapes(count: int, seed: int) -> tuple[np.ndarray, list[list[tuple[str, tuple[int, ...]]]]]:
    """(N,64,80,3) uint8 and the objects of each: one to three that do not touch."""
    random = np.random.default_rng(seed)
    pictures = random.integers(90, 140, (count, *SIZE, 3), dtype=np.uint8)
    objects: list[list[tuple[str, tuple[int, ...]]]] = []
    for picture in pictures:
        own: list[tuple[str, tuple[int, ...]]] = []
        free = np.ones(SIZE, bool)
        for _ in range(int(random.integers(1, 4))):
            name = ("square", "bar")[int(random.integers(2))]
            width, height = (random.integers(12, 22, 2) if name == "square" else (random.integers(24, 36),
                             random.integers(8, 12)))  # fmt: skip
            x, y = int(random.integers(0, SIZE[1] - width)), int(random.integers(0, SIZE[0] - height))
            if not free[y : y + height, x : x + width].all():
                continue
            free[max(0, y - 2) : y + height + 2, max(0, x - 2) : x + width + 2] = False
            picture[y : y + height, x : x + width] = (230, 200, 60) if name == "square" else (20, 40, 90)
            own.append((name, (x, y, x + int(width), y + int(height))))
        objects.append(own)
    return pictures, objects


def write_shapes(folder: Path, parts: dict[str, int]) -> None:
    """Pictures as PNG in folders of their parts, and boxes.csv."""
    lines = ["filename,class,xmin,ymin,xmax,ymax,split"]
    for seed, (part, count) in enumerate(parts.items()):
        (folder / part).mkdir(parents=True)
        for number, (picture, own) in enumerate(zip(*shapes(count, seed), strict=True)):
            path = f"{part}/{number}.png"
            Image.fromarray(picture).save(folder / path)
            lines += [f"{path},{name},{','.join(map(str, box))},{part}" for name, box in own]
            lines += [] if own else [f"{path},,,,,,{part}"]
    (folder / "boxes.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """In a folder with shapes/: 40 pictures to learn from, 12 for validation, 16 for the test."""
    monkeypatch.chdir(tmp_path)
    write_shapes(tmp_path / "shapes", {"train": 40, "val": 12, "test": 16})
    return Terminal(capsys)
