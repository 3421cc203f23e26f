"""Whenever a worker is killed, what it had in hand is done again, nothing twice, and a training goes on to its bits."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.conftest import leave, leave_predictions, results
from tests.resume.comparing import differences
from tests.resume.driver import Driver

JOBS = 60
MODEL = ("--model", "asked", "--until-empty")
SETTINGS = {"model": "conv_4,pool,FC_16", "limit": 100, "epochs": 2, "augment": "shift=1", "seed": 3,
            "engine": "reference"}  # fmt: skip


@pytest.fixture(scope="module")
def driver(asked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    folder = tmp_path_factory.mktemp("killed")
    shutil.copytree(asked, folder / "asked")
    started = Driver(folder)
    yield started
    started.close()


def faults() -> list[dict[str, Any]]:
    """A moment within each part of a job's end."""
    return [{"signal": 9, "file": f"j{number}.json", "count": 1, "moment": moment}
            for number, moment in ((9, "half"), (30, "written"), (47, "renamed"))]  # fmt: skip


def test_no_job_is_lost_and_none_done_twice(driver: Driver) -> None:
    spool = driver.folder / "spool"
    leave_predictions(spool, JOBS)
    kept: dict[str, float] = {}
    for fault in faults():
        assert driver.command("work", "spool", *MODEL, fault=fault).code == -9
        now = {path.name: path.stat().st_mtime_ns for path in (spool / "results").glob("*.json")}
        assert kept.items() <= now.items() and len(now) < JOBS  # none was written over
        kept = now
        assert len(os.listdir(spool / "incoming")) >= JOBS - len(now)  # what has no result still waits
    answer = driver.command("work", "spool", *MODEL)
    assert answer.code == 0, answer.err
    found = results(spool)
    assert sorted(found) == sorted(f"j{number}" for number in range(JOBS))
    assert {each["state"] for each in found.values()} == {"done"}
    for number in range(JOBS):  # a picture has one answer, whoever gave it
        assert found[f"j{number}"]["predictions"] == found[f"j{number % 5}"]["predictions"]
    assert os.listdir(spool / "incoming") == os.listdir(spool / "claims") == []


@pytest.mark.parametrize("number", [9, 15])
def test_a_training_that_was_cut_off_goes_on_to_the_same_bits(driver: Driver, number: int) -> None:
    spool = driver.folder / f"trained-{number}"
    for name in ("whole", "cut"):
        leave(spool, name, {"kind": "train", "data": "digits", "settings": SETTINGS})
        fault = {"signal": number, "step": 4} if name == "cut" else None
        answer = driver.command("work", spool.name, "--until-empty", fault=fault)
        if name == "cut":
            assert answer.code == (-9 if number == 9 else 0), answer.err
    assert list(results(spool)) == ["whole"] and os.listdir(spool / "incoming") == ["cut.json"]
    answer = driver.command("work", spool.name, "--until-empty")
    assert answer.code == 0 and "resuming" in answer.out, answer.err
    assert differences(spool / "runs" / "whole", spool / "runs" / "cut") == []
    assert sorted(results(spool)) == ["cut", "whole"]
