"""The page of stores: its figures are those of the committed result, its commands run as typed."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest

from pellucid.runs import finishing
from tests.cli.terminal import Terminal
from tests.docs.test_pages import COMMAND
from tests.stores.sets import write_folder
from tests.stores.table import PAGE, RESULT, page
from tests.stores.test_also_split import screen, shown_alone

SOON = ("--engine", "reference", "--model", "FC_4", "--no-checks")


def test_the_figures_are_those_of_the_result() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    assert all("fault" not in row for row in result["memory"]["sets"].values())
    assert all(row["store_over_memory"]["median"] >= 0.8 for row in result["speed"]["pictures"].values())


def test_the_commands_run_as_typed(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finishing, "write_pictures", shown_alone)
    write_folder(Path("photos"))
    table = screen(Path("."), experiments=4, wells=4).rename("screen.csv")
    lines = [line.replace(",E", ",P1,E", 1) for line in table.read_text(encoding="utf-8").splitlines()]
    table.write_text("\n".join(lines).replace("label,experiment", "label,plate,experiment"), encoding="utf-8")
    for place in Path().glob("E*/*.png"):
        inner = Path("plates", "ab"[int(place.name[0]) % 2], place.parent.name, place.name)
        inner.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(place, inner)
    commands = COMMAND.findall(PAGE.read_text(encoding="utf-8"))
    said = {}
    for command in commands:
        words = shlex.split(command)[1:]
        said[command] = terminal.type(*words, *(SOON if words[0] == "train" else ()))
    assert len(said) >= 7 and {command: typed.err for command, typed in said.items() if typed.code} == {}
    assert Path("runs/both/random-split/metrics.json").exists() and len(list(Path("photos-shards").glob("*.tar"))) == 1
