"""Pictures that were changed at the same size and time: the resume says what it trusted, and --verify reads them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.runs import finishing
from tests.cli.terminal import Terminal

TRAIN = ["train", "data", "--model", "FC_4", "--epochs", "1", "--batch-size", "8", "--no-checks", "--engine",
         "reference", "--out", "run"]  # fmt: skip
LONG_AGO = (1_600_000_000, 1_600_000_000)


def write_picture(path: Path, value: int) -> None:
    Image.fromarray(np.full((8, 8), value, np.uint8)).save(path, "BMP")  # of one size whatever it shows
    os.utime(path, LONG_AGO)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(finishing, "write_pictures", lambda folder, **_: None)
    monkeypatch.setattr(finishing, "write_report", lambda folder, **_: None)


def test_what_was_trusted_is_said_and_verify_reads_it(terminal: Terminal) -> None:
    for name in ("cat", "dog"):
        Path("data", name).mkdir(parents=True)
        for number in range(10):
            write_picture(Path("data", name, f"{number}.bmp"), 9 * number + (name == "dog"))
    assert terminal.type(*TRAIN).code == 0
    said = terminal.type("train", "--resume", "run").out
    assert "taken as unchanged by size and time: 20 pictures; --verify reads them" in said
    said = terminal.type("train", "--resume", "run", "--verify").out
    assert "taken as unchanged" not in said
    write_picture(Path("data/cat/0.bmp"), 200)
    assert terminal.type("train", "--resume", "run").code == 0  # nobody can see it
    terminal.refused(1, ["the data data has changed since the run began"], "train", "--resume", "run", "--verify")


def test_a_folder_name_with_a_line_break_puts_no_line_into_the_log(terminal: Terminal) -> None:
    key = "x\nssh-ed25519 AAAA stranger"
    for name in (key, "dog\x1b[2J\u202e"):
        Path("data", name).mkdir(parents=True)
        for number in range(10):
            write_picture(Path("data", name, f"{number}.bmp"), 9 * number)
    Path("a\nb").mkdir()
    typed = terminal.type(*TRAIN[:-1], f"a\nb/{key}")
    assert typed.code == 0, typed.err
    log = Path(f"a\nb/{key}/log.txt").read_text(encoding="utf-8")
    for text in (log, typed.out, typed.err):
        assert not [line for line in text.splitlines() if line.startswith(("ssh-", "b/x"))]
        assert "\x1b" not in text and "\u202e" not in text
    assert "a\\nb/x\\nssh-ed25519 AAAA stranger" in log
