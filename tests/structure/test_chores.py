"""What continuous integration and the pages call exists in the Makefile, under that name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUN = re.compile(r"^\s*(?:- )?run: (.+)$", re.MULTILINE)


def targets() -> set[str]:
    """The names a person may type after make."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))


def unknown(commands: list[str]) -> list[str]:
    """The commands that are not `make TARGET` with a target there is."""
    return [command for command in commands if not (command.startswith("make ") and command.split()[1] in targets())]


@pytest.mark.parametrize("workflow", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.name)
def test_every_command_of_a_workflow_is_a_target(workflow: Path) -> None:
    commands = RUN.findall(workflow.read_text(encoding="utf-8"))
    assert commands, f"{workflow.name} runs nothing"
    assert unknown(commands) == []


def test_a_command_that_is_no_target_is_noticed() -> None:
    assert unknown(["make test", "make tests", "pytest"]) == ["make tests", "pytest"]


def test_every_target_on_the_contributors_page_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z]+)", text)) | set(re.findall(r"^\$ make ([a-z]+)", text, re.MULTILINE))
    assert named and named <= targets()
