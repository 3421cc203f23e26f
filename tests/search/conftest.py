"""Small data to search on, a terminal, and runs without pictures: drawing takes longer than all their training."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pellucid.runs import finishing
from pellucid.search import search as searching
from pellucid.search.space import Value
from pellucid.search.trials import COMPLETE, Trial
from pellucid.storage.writer import write_bytes
from pellucid.tasks.classification.evaluation import ACCURACY
from tests.cli.terminal import Terminal, write_npz

ROOT = Path(__file__).resolve().parents[2]
SEARCH = ["search", "data.npz", "--model", "FC_4", "--batch-size", "8", "--val-fraction", "0.25"]


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    write_npz(Path("data.npz"))
    monkeypatch.setattr(finishing, "write_pictures", write_pixels)
    monkeypatch.setattr(searching, "draw_search", lambda *given: (pixel(), "<svg></svg>"))
    return Terminal(capsys)


def pixel() -> bytes:
    """The smallest picture."""
    held = io.BytesIO()
    Image.new("L", (1, 1)).save(held, "PNG")
    return held.getvalue()


def write_pixels(folder: Any, **left_out: Any) -> None:
    """A pixel for each picture of a run, and nothing for its report."""
    for path in (folder.curves, folder.confusion, folder.mistakes):
        write_bytes(path, pixel())


MakeTrial = Callable[..., Trial]


@pytest.fixture
def trial() -> MakeTrial:
    def make(number: int, score: float | None, state: str = COMPLETE, **values: Value) -> Trial:
        return Trial(number, round=0, epochs=2, values=values, state=state, score=score, loss=1.0, by=ACCURACY)

    return make
