"""The index of runs: finished, unfinished and broken ones side by side, and never a crash."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pellucid.errors import FileError
from pellucid.runs.index import list_runs
from pellucid.storage.claims import started

CONFIG = {"command": "pellucid train digits", "data": "digits", "model": "lenet5", "engine": "auto", "epochs": 12}
METRICS = {"accuracy": 0.975, "n": 360, "parameters": 33930, "seconds": 6.2, "engine": "reference", "state": "finished"}


def run(folder: Path, name: str, config: Any = None, metrics: Any = None) -> Path:
    path = folder / name
    path.mkdir()
    for file, content in (("config.json", config), ("metrics.json", metrics)):
        if content is not None:
            (path / file).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def began(path: Path, hour: int) -> None:
    """Say that a run began on the first of March 2026 at half past that hour."""
    moment = datetime(2026, 3, 1, hour, 30, tzinfo=UTC).timestamp()
    os.utime(path / "config.json", (moment, moment))


def test_a_finished_run_is_one_whole_row(tmp_path: Path) -> None:
    path = run(tmp_path, "first", CONFIG, METRICS)
    began(path, 12)
    whole = {
        "name": "first", "state": "finished", "began": "2026-03-01T12:30:00+00:00", "data": "digits", "split": None,
        "model": "lenet5", "engine": "reference",
        "headline": {"name": "accuracy", "value": 0.975, "low": pytest.approx(0.9532, abs=1e-4),
                     "high": pytest.approx(0.9868, abs=1e-4), "better": "more", "unit": "share"},
        "accuracy": 0.975, "n": 360, "epochs": 12, "parameters": 33930, "seconds": 6.2, "path": path.as_posix(),
    }  # fmt: skip
    assert list_runs(tmp_path) == [whole]
    assert list_runs(path) == [whole]  # the folder itself may be the run


def test_unfinished_and_broken_runs_are_rows_too(tmp_path: Path) -> None:
    run(tmp_path, "a unfinished", CONFIG)
    run(tmp_path, "b half written", '{"data": "dig', METRICS)
    run(tmp_path, "c list", "[1, 2]")
    run(tmp_path, "d no config", None, METRICS)
    run(tmp_path, "e bytes", CONFIG, METRICS)
    (tmp_path / "e bytes" / "metrics.json").write_bytes(b"\xff\xfe\x00")
    run(tmp_path, "f deep", "[" * 100_000)
    os.mkfifo(run(tmp_path, "g pipe", CONFIG) / "metrics.json")
    states = sorted((row["name"][0], row["state"]) for row in list_runs(str(tmp_path)))
    begins = [
        ("a", "unfinished"),
        ("b", "broken: config.json is not valid JSON (line 1, "),
        ("c", "broken: config.json holds no JSON object"),
        ("d", "broken: config.json is missing"),
        ("e", "broken: metrics.json is not UTF-8 text"),
        ("f", "broken: config.json"),
        ("g", "broken: metrics.json is a pipe, and only regular files are read"),
    ]
    assert [name for name, _ in states] == [name for name, _ in begins]
    assert [state for (_, state), (_, begin) in zip(states, begins, strict=True) if not state.startswith(begin)] == []
    assert all("\n" not in state for _, state in states)


def test_runs_that_did_not_end_are_told_apart(tmp_path: Path) -> None:
    for name, lines in (("failed", "engine x\nfailed: the loss is nan\n"), ("killed", "engine x\n"), ("empty", "")):
        (run(tmp_path, name, CONFIG) / "log.txt").write_text(lines, encoding="utf-8")
    records = {"running": {"pid": os.getpid()}, "gone": {"pid": 2**31 - 1}, "another": {"pid": 1},
               "elsewhere": {"host": "x"}}  # fmt: skip
    for name, record in records.items():
        lock = {"pid": 1, "host": platform.node(), "started": started(os.getpid())} | record
        (run(tmp_path, name, CONFIG) / "run.lock").write_text(json.dumps(lock), encoding="utf-8")
    (run(tmp_path, "torn", CONFIG) / "run.lock").write_text('{"pid', encoding="utf-8")
    assert {row["name"]: row["state"] for row in list_runs(tmp_path)} == {
        "failed": "failed: the loss is nan", "killed": "unfinished", "empty": "unfinished", "running": "running",
        "gone": "unfinished", "another": "unfinished", "elsewhere": "running", "torn": "unfinished",
    }  # fmt: skip


def test_data_sets_stay_together_and_the_newest_is_last(tmp_path: Path) -> None:
    for name, data, hour in (("a", "mnist", 3), ("b", "digits", 9), ("c", "mnist", 5), ("d", "digits", 1)):
        began(run(tmp_path, name, CONFIG | {"data": data}, METRICS), hour)
    run(tmp_path, "e", None, METRICS)
    assert [row["name"] for row in list_runs(tmp_path)] == ["e", "a", "c", "d", "b"]


def test_values_of_the_wrong_kind_are_none(tmp_path: Path) -> None:
    odd = {"accuracy": "high", "n": True, "parameters": None, "seconds": [1], "state": 3}
    run(tmp_path, "odd", CONFIG | {"model": {"name": "mine", "layers": []}, "data": 7, "epochs": [1]}, odd)
    (row,) = list_runs(tmp_path)
    assert row["model"] == "mine" and row["state"] == "finished"
    assert [row[key] for key in ("data", "headline", "n", "epochs", "parameters", "seconds")] == [None] * 6


def test_runs_of_several_tasks_have_a_score_each(tmp_path: Path) -> None:
    run(tmp_path, "classes", CONFIG, METRICS)
    degrees = {"name": "mae", "value": 6.5, "low": 6.4, "high": 6.6, "better": "less", "unit": "degrees"}
    run(tmp_path, "angles", CONFIG, METRICS | {"headline": degrees, "mae": 6.5})
    for number, told in enumerate((degrees | {"value": None}, degrees | {"name": "x" * 99}, {"name": "mae"}, 7)):
        run(tmp_path, f"odd {number}", CONFIG, METRICS | {"headline": told})
    rows = {row["name"]: row for row in list_runs(tmp_path)}
    assert rows["angles"]["headline"] == degrees
    assert [rows[name]["mae"] for name in ("classes", "angles", "odd 0")] == [None, 6.5, None]
    assert [rows[name]["accuracy"] for name in ("classes", "angles", "odd 0")] == [0.975, None, None]
    assert {row["headline"] for name, row in rows.items() if name.startswith("odd")} == {None}


def test_what_is_no_run_is_left_out(tmp_path: Path) -> None:
    run(tmp_path, "pictures")
    run(tmp_path, ".hidden", CONFIG)
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    deep = tmp_path / "deep"
    deep.mkdir()
    run(deep, "two levels down", CONFIG)
    assert list_runs(tmp_path) == []


def test_a_folder_that_cannot_be_listed_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileError, match=r"nowhere does not exist. Give the folder that holds run folders"):
        list_runs(tmp_path / "nowhere")
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    with pytest.raises(FileError, match=r"file is a file. Give the folder that holds run folders"):
        list_runs(file)

    def refuse(self: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(FileError, match=r"must be readable, but it is not \(Permission denied\)"):
        list_runs(tmp_path)


def test_a_run_that_cannot_be_read_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, "locked", CONFIG, METRICS)

    def refuse(path: object, flags: int) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    (row,) = list_runs(tmp_path)
    assert row["state"] == "broken: config.json cannot be read: permission denied"
