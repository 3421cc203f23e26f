"""A process that imports Pellucid once and forks for every command, so that a command may die where a test says.

A fault is one of
    {"signal": 9, "step": 7}                                      at the seventh step of this process, in its middle
    {"signal": 9, "file": "last.safetensors", "count": 2, "moment": "half" | "written" | "renamed"}
                                                                  in the second write of that file
    {"signal": 15, "moment": "loading"}                           before the data are read
The process speaks JSON, one line a command and one line an answer.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
IMPORTED_ONCE = (  # before the first fork: what a command imports takes five times as long as what a test has it do
    "PIL.ImageOps", "h5py", "jinja2", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg",
    "rich.progress", "safetensors.numpy", "sklearn.datasets", "sklearn.metrics", "threadpoolctl", "pellucid.cli.entry",
    "pellucid.data.boxes.opening", "pellucid.engines.memory", "pellucid.jobs.worker", "pellucid.reports.report",
    "pellucid.runs.experiment",
    "pellucid.runs.pictures", "pellucid.runs.places", "pellucid.runs.pretrained", "pellucid.storage.records.caches",
    "pellucid.storage.records.models", "pellucid.storage.records.runs", "pellucid.tasks.classification.task",
    "pellucid.using.features", "pellucid.using.predicting", "tests.cli.terminal",
)  # fmt: skip
COMMANDS = ("train", "data info", "evaluate", "predict")  # typed once: what Typer makes of their options is kept
WITH_TORCH = ("pellucid.engines.pytorch.engine", "torch.fx.experimental.symbolic_shapes")  # at the first gradient
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MPLBACKEND": "Agg"}


@dataclass(frozen=True)
class Answer:
    """What a command came to; a negative code is the signal that ended it."""

    code: int
    out: str
    err: str


class Driver:
    """The process, seen from a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.resume.driver", str(folder)], cwd=ROOT, env={**os.environ, **ONE_THREAD},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )

    def command(
        self, *words: str | Path, fault: dict[str, Any] | None = None, pictures: bool = False
    ) -> Answer:
        """Run `pellucid WORDS` in the folder and wait for its end; `pictures` are drawn, or a pixel stands for each."""
        assert self.process.stdin is not None and self.process.stdout is not None
        asked = {"words": [str(word) for word in words], "fault": fault, "pictures": pictures}
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        return Answer(**json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def import_once() -> None:
    """What the forked processes would import one by one."""
    for name in (*IMPORTED_ONCE, *(WITH_TORCH if find_spec("torch") else ())):
        import_module(name)
    type_once()


def type_once() -> None:
    """What a forked process would make anew for the commands it types; nothing waits for a disk."""
    from pellucid.cli.entry import main
    from pellucid.data.picture_files import pillow_formats

    pillow_formats()
    for words in COMMANDS:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()), suppress(SystemExit):
            main([*words.split(), "nothing is here"])
    os.fsync = lambda file: None  # no test cuts the power
    gc.collect()
    gc.freeze()


def serve(folder: Path) -> None:
    """Fork for every line on standard input."""
    import_once()
    os.chdir(folder)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            carry_out(**asked)
        _, status = os.waitpid(child, 0)
        said = {name: Path(f".{name}").read_text(encoding="utf-8") for name in ("out", "err")}
        print(json.dumps({"code": os.waitstatus_to_exitcode(status), **said}), flush=True)


def carry_out(words: list[str], fault: dict[str, Any] | None, pictures: bool, main: Any = None) -> None:
    """In the child: run the command with its fault planted, its words going to files; `main` is Pellucid's."""
    from pellucid.runs import finishing
    from tests.cli.terminal import write_pixels

    if main is None:
        from pellucid.cli.entry import main

    for number, name in ((1, ".out"), (2, ".err")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    if not pictures:
        finishing.write_pictures = write_pixels
    if fault is not None:
        plant(fault)
    sys.argv[1:] = words
    code = 99
    try:
        main(words)
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def plant(fault: dict[str, Any]) -> None:
    """Make this process signal itself at the moment that the fault names."""
    def die() -> None:
        os.kill(os.getpid(), fault["signal"])

    if "step" in fault:
        die_in_step(fault["step"], die)
    elif "file" in fault:
        die_in_write(fault["file"], fault["count"], fault["moment"], die)
    else:
        from pellucid.runs import reading

        read = reading.open_dataset

        def dying(*arguments: Any, **options: Any) -> Any:
            die()
            return read(*arguments, **options)

        reading.open_dataset = dying


def die_in_step(number: int, die: Any) -> None:
    """After the arithmetic of a step and before the loop knows of it."""
    from pellucid.training.program import Supervised

    step, done = Supervised.step, [0]

    def dying(self: Supervised, *arguments: Any) -> Any:
        result = step(self, *arguments)
        done[0] += 1
        if done[0] == number:
            die()
        return result

    Supervised.step = dying  # type: ignore[method-assign]


def die_in_write(name: str, count: int, moment: str, die: Any) -> None:
    """In the middle of the bytes, between writing and renaming, or just after the renaming of a file."""
    from pellucid.storage import writer
    from pellucid.storage.entries import Entry

    class Dying(writer.System):
        opened: Path | Entry = Path()
        seen = 0

        def create(self, path: Entry) -> int:
            Dying.opened = path
            Dying.seen += path.name.startswith(f".{name}.")
            return super().create(path)

        def due(self) -> bool:
            return Dying.opened.name.startswith(f".{name}.") and Dying.seen == count

        def write(self, file: int, data: memoryview) -> int:
            if moment == "half" and self.due():
                super().write(file, data[: len(data) // 2])
                die()
            return super().write(file, data)

        def replace(self, source: Entry, target: Entry) -> None:
            if moment == "written" and self.due():
                die()
            super().replace(source, target)
            if moment == "renamed" and self.due():
                die()

        def link(self, source: Entry, target: Entry) -> None:
            if moment == "written" and self.due():
                die()
            super().link(source, target)
            if moment == "renamed" and self.due():
                die()

    writer.system = Dying()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
