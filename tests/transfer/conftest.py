"""A process that types commands, which a test may kill; and a terminal in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.resume.comparing import write_network
from tests.resume.driver import Driver


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    folder = tmp_path_factory.mktemp("staged")
    write_network(folder / "seed.safetensors")
    started = Driver(folder)
    yield started
    started.close()


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """Commands typed in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Terminal(capsys)
