"""Small data to search on, a terminal, and runs without pictures: drawing takes longer than all their training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pellucid.search import search as searching
from pellucid.search.space import Value
from pellucid.search.trials import COMPLETE, Trial
from pellucid.tasks.classification.evaluation import ACCURACY
from tests.cli.terminal import Terminal, pixel, write_npz

ROOT = Path(__file__).resolve().parents[2]
SEARCH = ["search", "data.npz", "--model", "FC_4", "--batch-size", "8", "--val-fraction", "0.25"]


@pytest.fixture(scope="session", autouse=True)
def studies_without_waiting_for_the_disk() -> Iterator[None]:
    """As for our own files: SQLite hands over what it writes and goes on."""
    from sqlalchemy import Engine, event

    def hand_over(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", hand_over)
    yield
    event.remove(Engine, "connect", hand_over)


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    begin(tmp_path, monkeypatch)
    return Terminal(capsys)


def begin(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Stand in the folder, with the data and without drawing."""
    patch.chdir(folder)
    write_npz(Path("data.npz"))
    patch.setattr(searching, "draw_search", lambda *given: (pixel(), "<svg></svg>"))


MakeTrial = Callable[..., Trial]


@pytest.fixture
def trial() -> MakeTrial:
    def make(number: int, score: float | None, state: str = COMPLETE, **values: Value) -> Trial:
        return Trial(number, round=0, epochs=2, values=values, state=state, score=score, loss=1.0, by=ACCURACY)

    return make
