"""A run of handwritten digits to serve, pictures to ask about, and servers that are asked without a socket."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.cli.entry import main
from tests.serving.asking import Served, served


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder, trained for an epoch on some digits."""
    out = tmp_path_factory.mktemp("serving") / "digits"
    words = ["train", "digits", "--engine", "reference", "--epochs", "1", "--limit", "200", "--no-checks",
             "--augment", "none", "--patience", "0", "--out", str(out)]  # fmt: skip
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 0
    return out


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Eleven PNGs, 8x8, of noise of several strengths."""
    folder, random = tmp_path_factory.mktemp("pictures"), np.random.default_rng(3)
    made = [folder / f"{number}.png" for number in range(11)]
    for number, path in enumerate(made):
        Image.fromarray(random.integers(0, 40 + 20 * number, (8, 8), dtype=np.uint8)).save(path)
    return made


@pytest.fixture(scope="module")
def server(run: Path) -> Served:
    """A server of that run with its usual settings, for tests that leave it as it is."""
    return served([str(run)])
