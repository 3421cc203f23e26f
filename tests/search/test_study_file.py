"""A study that came from a stranger: one sentence names the file, and no other file is touched."""

from __future__ import annotations

import os
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest

from pellucid.errors import FileError, UsageError
from pellucid.runs.config import RunConfig
from pellucid.search.rounds import read_rounds
from pellucid.search.settings import Plan, parse_rounds
from pellucid.search.space import Range
from pellucid.search.storage import opened, sqlite_url
from pellucid.search.study_file import MAGIC
from pellucid.tasks.classification.evaluation import ACCURACY

PLAN = Plan(RunConfig(data="digits", model="FC_4"), (Range("lr", 1e-3, 1e-1, log=True),), 2, (1,), by=ACCURACY)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of one round whose places wait."""
    path = tmp_path / "study.sqlite3"
    read(path)
    return path


def read(path: Path) -> None:
    with opened(sqlite_url(path)) as storage:
        read_rounds(PLAN, "name", storage)


def test_a_journal_that_names_another_file(study: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("words")
    name = os.fsencode(precious)
    trailer = struct.pack(">I", 1 << 18) + name + struct.pack(">II", len(name), sum(name)) + MAGIC
    study.with_name("study.sqlite3-journal").write_bytes(MAGIC + bytes(504) + trailer)
    with pytest.raises(FileError, match=r"study\.sqlite3-journal was not left by a search"):
        read(study)
    assert precious.read_text() == "words"


@pytest.mark.parametrize("name", ["-wal", "-shm"])
def test_a_log_that_is_not_the_studys(study: Path, name: str) -> None:
    study.with_name(study.name + name).write_bytes(b"stranger")
    with pytest.raises(FileError, match=f"{name} is no file of this study"):
        read(study)


def test_a_second_name_of_another_file(study: Path, tmp_path: Path) -> None:
    os.link(study, tmp_path / "other.sqlite3")
    with pytest.raises(FileError, match="second name of another file"):
        read(study)


EDITS = [
    "CREATE VIEW endless AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c",
    "CREATE TRIGGER loud AFTER INSERT ON trials BEGIN DELETE FROM trials; END",
    "ALTER TABLE trials ADD COLUMN more INTEGER GENERATED ALWAYS AS (number + 1)",
    "CREATE TABLE other (x INTEGER)",
    "CREATE INDEX late ON trials (number + 1)",
    "UPDATE trials SET state = 'XX'",
    "UPDATE trials SET number = 5",
    "UPDATE trials SET datetime_start = 'x'",
    "UPDATE trials SET state = 'COMPLETE'",
    *(f"UPDATE trial_user_attributes SET value_json = '{value}' WHERE key = 'place'"
      for value in ('"x"', "[1]", "10000000", "-1", "1.5", "null", "{")),
    """UPDATE trial_system_attributes SET value_json = '{"lr": "abc"}' WHERE key = 'fixed_params'""",
    "UPDATE study_directions SET direction = 'MINIMIZE'",
]  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_what_no_search_has_written(study: Path, edit: str) -> None:
    with closing(sqlite3.connect(study)) as database, database:
        database.execute(edit)
    with pytest.raises(FileError, match=r"study\.sqlite3"):
        read(study)


@pytest.mark.parametrize(("trials", "rounds", "workers"), [(10**9, (1,), 1), (200, (1,) * 101, 1), (2, (1,), 10**8)])
def test_more_than_anybody_means(trials: int, rounds: tuple[int, ...], workers: int) -> None:
    with pytest.raises(UsageError, match="at most"):
        Plan(RunConfig(), PLAN.space, trials, rounds, workers=workers)


@pytest.mark.parametrize("text", ["9" * 5000, "\u00b2"])
def test_rounds_that_are_no_counts(text: str) -> None:
    with pytest.raises(UsageError, match="--rounds"):
        parse_rounds(text)
