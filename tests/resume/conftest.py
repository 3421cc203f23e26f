"""A driver, a run that was never stopped, and runs that are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.resume.comparing import SETTINGS, write_network, write_numbers
from tests.resume.driver import Driver


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    folder = tmp_path_factory.mktemp("runs")
    write_network(folder / "seed.safetensors")
    write_numbers(folder / "turned.npz")
    started = Driver(folder)
    yield started
    started.close()


@pytest.fixture(scope="session")
def whole(driver: Driver) -> Path:
    """The folder of a run that was never stopped."""
    answer = driver.command("train", "digits", *SETTINGS, "--out", "whole")
    assert answer.code == 0, answer.err
    return driver.folder / "whole"
