"""Every Python block of README and docs runs, one page in one namespace, from top to bottom; README's commands too."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.terminal import Terminal, write_folder

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"^\$ (pellucid .*?)(?: +#.*)?$", re.MULTILINE)
SOON = ("--epochs", "1", "--limit", "60", "--engine", "reference", "--no-checks")  # after a training
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    namespace: dict[str, object] = {"__name__": "page"}
    for block in BLOCK.finditer(text):
        line = text[: block.start()].count("\n") + 1
        exec(compile("\n" * line + block[1], str(page), "exec"), namespace)


def test_the_commands_of_the_readme_run_as_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    terminal = Terminal(capsys)
    write_folder(Path("photos"))
    Image.new("L", (300, 280)).save("my-digit.png")
    commands = COMMAND.findall(PAGES[0].read_text(encoding="utf-8"))
    typed = {}
    for command in commands:
        words = shlex.split(command)[1:]
        typed[command] = terminal.type(*words, *(SOON if words[0] == "train" and "--resume" not in words else ()))
    assert len(typed) >= 8 and {command: said.err for command, said in typed.items() if said.code} == {}
    assert Path("runs/first/report.html").exists() and Path("compare.html").exists()


def test_the_readme_leads_to_every_page() -> None:
    readme = PAGES[0].read_text(encoding="utf-8")
    assert [page.name for page in PAGES[1:] if f"(docs/{page.name})" not in readme] == []
