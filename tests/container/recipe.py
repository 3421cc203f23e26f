"""A Containerfile as data, and its steps carried out in a plain folder where no daemon runs.

Absolute paths of the recipe lie below the stage's folder; commands run with the paths of the recipe put there.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

PLACES = ("/opt", "/build", "/spool", "/model", "/tmp")  # of the recipe, that are put below a stage's folder


@dataclass(frozen=True)
class Step:
    """One instruction and what follows it on the (joined) line."""

    word: str
    text: str

    @property
    def listed(self) -> list[str]:
        """The words of an instruction in the form of JSON."""
        found: list[str] = json.loads(self.text)
        return found


def read(path: Path) -> list[Step]:
    """The instructions of a Containerfile, comments left out, continued lines joined."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [Step(word, text.strip()) for word, _, text in (line.partition(" ") for line in joined.splitlines() if line)]


@dataclass
class Stage:
    """What one FROM led to."""

    root: Path
    folder: str = "/"
    environment: dict[str, str] = field(default_factory=dict)
    rest: list[Step] = field(default_factory=list)

    def place(self, path: str) -> Path:
        """Where a path of the recipe lies."""
        return self.root / os.path.normpath(os.path.join(self.folder, path)).lstrip("/")

    def moved(self, text: str) -> str:
        """A command or a value with the paths of the recipe put below the stage's folder."""
        return re.sub(rf"(?<![\w./-])({'|'.join(PLACES)})\b", lambda found: f"{self.root}{found[1]}", text)


Runner = Callable[[str, Stage], None]  # carries out the text of a RUN


def shell(text: str, stage: Stage) -> None:
    """As a build does it."""
    subprocess.run(["sh", "-ec", stage.moved(text)], check=True, cwd=stage.place("."),
                   env={**os.environ, **stage.environment})  # fmt: skip


def built(path: Path, context: Path, place: Path, run: Runner = shell) -> Stage:
    """Carry out every stage of a recipe below `place`; the last one. What it does not build is in `rest`."""
    stages: dict[str, Stage] = {}
    stage = Stage(place)
    for step in read(path):
        if step.word == "FROM":
            name = step.text.partition(" AS ")[2] or "last"
            stage = stages[name] = Stage(place / name)
            (stage.root / "tmp").mkdir(parents=True)
        elif step.word in ("ARG", "ENV"):
            for word in shlex.split(step.text):
                key, _, value = word.partition("=")
                stage.environment[key] = stage.moved(value)
        elif step.word == "WORKDIR":
            stage.folder = step.text
            stage.place(".").mkdir(parents=True, exist_ok=True)
        elif step.word == "COPY":
            copy(step.text, stage, stages, context)
        elif step.word == "RUN":
            run(step.text, stage)
        else:
            stage.rest.append(step)
    return stage


def copy(text: str, stage: Stage, stages: dict[str, Stage], context: Path) -> None:
    """COPY: files into a folder, or a folder's content into one of that name."""
    words = shlex.split(text)
    flags = dict(word.lstrip("-").split("=", 1) for word in words if word.startswith("--"))
    *sources, target = (word for word in words if not word.startswith("--"))
    for source in sources:
        origin = stages[flags["from"]].place(source) if "from" in flags else context / source
        if origin.is_dir():
            shutil.copytree(origin, stage.place(target), symlinks=True, ignore=shutil.ignore_patterns("__pycache__"),
                            dirs_exist_ok=True)  # fmt: skip
        else:
            into = stage.place(target)
            shutil.copy(origin, into / origin.name if into.is_dir() else into)
