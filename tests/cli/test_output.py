"""Lines on the terminal and in log.txt, and tables."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from pellucid.cli.output import FileLines, show_lines, table
from pellucid.storage.finite import finite


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    logger = logging.getLogger("pellucid")
    before = logger.handlers, logger.level, logger.propagate
    yield
    logger.handlers, logger.level, logger.propagate = before


def test_lines_go_where_standard_output_is_now() -> None:
    """A progress bar takes standard output over, so that lines stand above it and not within it."""
    logger, bar = show_lines(as_json=False), io.StringIO()
    with contextlib.redirect_stdout(bar):
        logger.info("epoch 1/3")
    assert bar.getvalue() == "epoch 1/3\n"
    logger, errors = show_lines(as_json=True), io.StringIO()
    with contextlib.redirect_stdout(bar), contextlib.redirect_stderr(errors):
        logger.info("epoch 2/3")
    assert (bar.getvalue(), errors.getvalue()) == ("epoch 1/3\n", "epoch 2/3\n")


def test_the_log_waits_for_the_run(tmp_path: Path) -> None:
    lines = FileLines(tmp_path / "log.txt", after=tmp_path / "config.json")
    logger = show_lines(as_json=True)
    logger.handlers = [lines]
    logger.info("engine")
    assert not (tmp_path / "log.txt").exists()
    (tmp_path / "config.json").touch()
    for words in ("data", "model"):
        logger.info(words)
    assert (tmp_path / "log.txt").read_text(encoding="utf-8") == "engine\ndata\nmodel\n"


def test_a_table_has_numbers_to_the_right() -> None:
    assert table([["cat", "1,200", "0.5"], ["guinea pig", "7", "-"]], ["class", "n", "F1"]).splitlines() == [
        "class           n   F1",
        "----------------------",
        "cat         1,200  0.5",
        "guinea pig      7    -",
    ]
    assert table([], ["class", "n"]).splitlines()[0] == "class  n"


def test_json_has_no_nan() -> None:
    assert finite({"a": [float("nan"), 1.5], "b": (float("inf"), 2)}) == {"a": [None, 1.5], "b": [None, 2]}
