"""A source tree whose code is run from outside it: the checkout, or an older commit in a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.same_bits import read
from benchmarks.same_recipes import RUN
from tests.resume.driver import ONE_THREAD

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("PELLUCID_SHARED") or ROOT.parent / "shared" / "data")


class Failed(Exception):
    """A command of one tree did not do what its recipe asks."""


@dataclass(frozen=True)
class Tree:
    """A source tree, the flags that its `train` knows, and the folder that its runs are written into."""

    name: str
    source: Path
    commit: str
    folder: Path
    flags: frozenset[str]

    @classmethod
    def of(cls, name: str, source: Path, folder: Path) -> Tree:
        """The tree, once it is sure that its own code is what runs."""
        folder.mkdir()
        said = subprocess.run(
            [sys.executable, "-c", "import pellucid; print(pellucid.__file__)"], cwd=folder, env=surroundings(source),
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        if source not in Path(said).resolve().parents:
            raise SystemExit(f"{said} would run in the place of the code in {source}.")
        asked = [sys.executable, "-m", "pellucid", "train", "--help"]
        told = subprocess.run(asked, cwd=folder, env=surroundings(source), capture_output=True, text=True, check=True)
        flags = frozenset(re.findall(r"^ +(--[a-z0-9-]+)", told.stdout, re.MULTILINE))
        if not flags:
            raise SystemExit(f"{name}: no flag can be read from what `train --help` prints: {told.stdout[:200]}")
        return cls(name, source, git("rev-parse", "--short", "HEAD", cwd=source), folder, flags)

    def start(self, place: Path, *words: str) -> subprocess.Popen[str]:
        """Begin `pellucid WORDS` in a folder."""
        return subprocess.Popen(
            [sys.executable, "-m", "pellucid", *words], cwd=place, env=surroundings(self.source),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, place: Path, *words: str) -> str:
        """Run `pellucid WORDS` in a folder; what it printed."""
        process = self.start(place, *words)
        out, err = process.communicate()
        if process.returncode:
            raise Failed(f"{self.name} ({self.commit}): pellucid {' '.join(words)} failed: {err.strip()}")
        return out

    def run_stopped(self, place: Path, *words: str) -> None:
        """Train until the first checkpoint is there, kill the process, and resume."""
        process = self.start(place, *words)
        while process.poll() is None and not (place / RUN / "last.safetensors").exists():
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        _, err = process.communicate()
        if process.returncode != -signal.SIGKILL or (place / RUN / "metrics.json").exists():
            raise Failed(f"{self.name} ({self.commit}): the run ended before it was stopped: {err.strip()}")
        if read(place / RUN / "last.safetensors")[1]["position"]["step_in_epoch"] == 0:
            raise Failed(f"{self.name} ({self.commit}): the run was stopped between two epochs, not within one")
        self.run(place, "train", "--resume", RUN)


def surroundings(source: Path) -> dict[str, str]:
    """The environment of a command that runs the code of a tree."""
    return os.environ | ONE_THREAD | {"PYTHONPATH": str(source), "PELLUCID_DATA": str(SHARED)}


def git(*words: str, cwd: Path = ROOT) -> str:
    """What git prints; its own sentence when it refuses."""
    done = subprocess.run(["git", *words], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout.strip()


@contextmanager
def checked_out(revision: str, place: Path) -> Iterator[Path]:
    """A commit's files in a folder of their own, for the time of a block."""
    git("worktree", "add", "--detach", str(place), revision)
    try:
        yield place
    finally:
        git("worktree", "remove", "--force", str(place))
