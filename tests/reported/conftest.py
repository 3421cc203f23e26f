"""Inputs made after public reports that came out wrong: each is made, its commands are run, their output is judged.

A case is a folder of ../shared/cases (beside the real data sets) with make.py and cmd; a check here says what is right.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TYPED = Path(__file__).resolve().parent / "typed.py"
PLAIN = Path(__file__).resolve().parent / "plain"  # hides PyTorch


@pytest.fixture(scope="session")
def warm(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a process that has imported Pellucid and forks for each command: most cases are a dozen."""
    address = tmp_path_factory.mktemp("warm") / "door"
    process = subprocess.Popen([sys.executable, "-P", "-m", "tests.reported.warm", address], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, env=environment_of(shared_data.parent / "cases"))  # fmt: skip
    with process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        yield str(address)


def environment_of(cases: Path) -> dict[str, str]:
    """Without PyTorch, and with the cases' own module."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200",
            "PYTHONPATH": os.pathsep.join(map(str, (PLAIN, cases, ROOT)))}  # fmt: skip


@pytest.fixture
def case(shared_data: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Run a case by name in a scratch folder; what its commands print, both streams, is the answer.

    `raises` says that a program of the case ends with an error; `measured`, that the case measures a process: it starts
    real ones then, and else has a warm one forked.
    """
    cases = shared_data.parent / "cases"
    if not cases.is_dir():
        pytest.skip(f"the reported cases are not at {cases}")

    def run(name: str, raises: bool = False, measured: bool = False) -> str:
        # -P keeps the scratch folder off the path: cases hold folders whose names could be modules
        python = [sys.executable, *([] if measured else ["-S", "-E", str(TYPED), request.getfixturevalue("warm")])]
        environment = environment_of(cases) | {
            "PEL": " ".join([*python, *(["-P"] if measured else []), "-m", "pellucid"]), "PY": " ".join(python),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
        }  # fmt: skip
        scratch = tmp_path / name
        scratch.mkdir()
        subprocess.run([*python, cases / name / "make.py"], cwd=scratch, env=environment, check=True)
        done = subprocess.run(["bash", cases / name / "cmd"], cwd=scratch, env=environment, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
        said = done.stdout.decode(errors="replace")
        if raises:  # a program that lets our error through: Python prints its lines, the last one is ours
            assert said.splitlines()[-1].startswith("pellucid.errors."), said
        else:
            assert "Traceback" not in said, said
        assert "a fault of Pellucid itself" not in said, said
        return said

    return run


def section(said: str, name: str) -> str:
    """What was printed under `[name]`, up to the next such heading."""
    found = re.search(rf"^\[{re.escape(name)}\]\s*(.*?)(?=^\[|\Z)", said, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no [{name}] in:\n{said}"
    return found[1]
