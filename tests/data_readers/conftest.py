"""Small pictures on disk, and a cache folder of its own for every test."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

Save = Callable[..., np.ndarray]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.delenv("PELLUCID_DATA", raising=False)
    return folder / "pellucid"


def png_bytes(pixels: np.ndarray, **options: object) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", **options)
    return buffer.getvalue()


@pytest.fixture
def save_png() -> Save:
    """save_png(path, shape=(5, 4, 3), seed=0): a random picture; returns its pixels."""
    def save(path: Path, shape: tuple[int, ...] = (5, 4, 3), seed: int = 0) -> np.ndarray:
        pixels = np.random.default_rng([seed, *path.name.encode()]).integers(0, 256, shape, dtype=np.uint8)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png_bytes(pixels))
        return pixels

    return save


@pytest.fixture
def class_folder(save_png: Save) -> Callable[..., Path]:
    """class_folder(root, "Training/cat", "Test/dog", each=3): pictures in those folders."""
    def make(root: Path, *folders: str, each: int = 3) -> Path:
        for folder in folders:
            for i in range(each):
                save_png(root / folder / f"{folder.replace('/', '_')}_{i}.png")
        return root

    return make
