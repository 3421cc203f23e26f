"""What a refused command quotes is cut: a name of five thousand letters leaves a sentence that can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal

LONG = "x" * 5_000
COMMANDS = {
    "an optimizer": ["train", "digits", "--limit", "40", "--optimizer", LONG],
    "a network": ["train", "digits", "--limit", "40", "--model", LONG],
    "augmentation": ["train", "digits", "--limit", "40", "--augment", "flip" * 900],
    "a data set": ["data", "info", LONG],
    "a run": ["diagnose", LONG],
    "a command": [LONG],
    "a flag": ["train", "digits", f"--{LONG}"],
    "words": ["summary", "conv_8 " * 30 + LONG],
}


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(capsys)


@pytest.mark.parametrize("what", COMMANDS)
def test_what_is_quoted_is_cut(terminal: Terminal, what: str) -> None:
    typed = terminal.type(*COMMANDS[what])
    assert typed.code in (1, 2), typed
    assert typed.err.startswith("pellucid: ") and len(typed.err) <= 1_600, len(typed.err)
    assert max(map(len, typed.err.split())) <= 250, typed.err
