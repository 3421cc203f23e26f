"""Inputs made after public reports that came out wrong: each is made, its commands are run, their output is judged.

A case is a folder of ../shared/cases (beside the real data sets) with make.py and cmd; a check here says what is right.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLAIN = Path(__file__).resolve().parent / "plain"  # hides PyTorch


@pytest.fixture
def case(shared_data: Path, tmp_path: Path) -> Callable[..., str]:
    """Run a case by name in a scratch folder; what its commands print, both streams, is the answer."""
    cases = shared_data.parent / "cases"
    if not cases.is_dir():
        pytest.skip(f"the reported cases are not at {cases}")

    def run(name: str, raises: bool = False) -> str:
        # -P keeps the scratch folder off the path: cases hold folders whose names could be modules
        pellucid = f"{sys.executable} -P -m pellucid"
        environment = {
            **os.environ, "PEL": pellucid, "PY": sys.executable, "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(map(str, (PLAIN, cases, ROOT))),
            "XDG_CACHE_HOME": str(tmp_path / "cache"), "COLUMNS": "200",
        }  # fmt: skip
        scratch = tmp_path / name
        scratch.mkdir()
        subprocess.run([sys.executable, cases / name / "make.py"], cwd=scratch, env=environment, check=True)
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
