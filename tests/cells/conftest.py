"""A terminal to type commands in, and a small screen of three channels in files of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.terminal import Terminal

PATTERN = "w1=nuclei,w2=er,w3=actin"


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(capsys)


@pytest.fixture
def plate(terminal: Terminal) -> Path:
    """plate/{low,high}/F_w1.tif ..: 40 pictures 17x16 of 16 bits; one class is brighter in its second channel alone."""
    random = np.random.default_rng(3)
    for place in range(40):
        word = ("low", "high")[place % 2]
        for channel in range(3):
            pixels = random.integers(300, 900, (17, 16)) + 2500 * (channel == 1 and word == "high")
            file = Path("plate") / word / f"f{place}_w{channel + 1}.tif"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint16)).save(file)
    return Path("plate")
