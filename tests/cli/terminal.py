"""Typing a command, in this process: its exit code and what it printed; and small data sets to type it on."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.cli.entry import main
from pellucid.storage.writer import write_bytes


@dataclass(frozen=True)
class Typed:
    """What a command came to."""

    code: int
    out: str
    err: str


class Terminal:
    """Types commands."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self.capture = capture

    def type(self, *words: str | Path) -> Typed:
        """`pellucid WORDS`."""
        self.capture.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(word) for word in words])
        said = self.capture.readouterr()
        code = end.value.code
        assert isinstance(code, int)
        return Typed(code, said.out, said.err)

    def refused(self, code: int, parts: list[str], *words: str | Path) -> str:
        """The one sentence that a refused command leaves; it has every one of `parts`."""
        typed = self.type(*words)
        assert typed.code == code, typed
        assert "Traceback" not in typed.out + typed.err and "a fault of Pellucid itself" not in typed.err, typed
        assert typed.err.startswith("pellucid: ") and typed.err.count("\n") == 1, typed
        missing = [part for part in parts if part not in typed.err]
        assert missing == [], (missing, typed.err)
        return typed.err


def pixel() -> bytes:
    """The smallest picture."""
    held = io.BytesIO()
    Image.new("L", (1, 1)).save(held, "PNG")
    return held.getvalue()


def write_pixels(folder: Any, **left_out: Any) -> None:
    """Instead of `finishing.write_pictures`, whose drawing takes longer than all training of a test."""
    for path in (folder.curves, folder.path / "confusion.png", folder.path / "mistakes.png"):
        write_bytes(path, pixel())


def save_pixel(figure: Any, file: Any, *, format: str, **given: Any) -> None:
    """Instead of `Figure.savefig`: an empty drawing or the smallest picture."""
    file.write("<svg></svg>" if format == "svg" else pixel())


def pictures(seed: int = 0, count: int = 24, shape: tuple[int, ...] = (7, 6, 3)) -> np.ndarray:
    """(count, 7, 6, 3) uint8: images of two classes by turns, one darker at the top than the other."""
    x = np.random.default_rng(seed).integers(0, 120, (count, *shape), dtype=np.uint8)
    x[1::2, :3] += 120
    return x


def write_npz(path: Path, **changed: Any) -> Path:
    """An NPZ of 24 training and 12 test images in two classes; `changed` replaces arrays, None leaves one out."""
    arrays: dict[str, Any] = {
        "x_train": pictures(), "y_train": np.arange(24) % 2, "x_test": pictures(1, 12), "y_test": np.arange(12) % 2,
    } | changed  # fmt: skip
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


def write_folder(path: Path) -> Path:
    """An image folder: cat and dog, twelve pictures each."""
    for number, pixels in enumerate(pictures()):
        place = path / ("cat", "dog")[number % 2] / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place)
    return path
