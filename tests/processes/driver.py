"""A process that imports Pellucid and torch once and forks a whole company for every question put to it.

    {"words": [...], "count": 2, "faults": {"1": {"signal": 9, "step": 7}}}     `pellucid WORDS`, as torchrun starts it
    {"jobs": true, "count": 2}                                                  all of tests.processes.jobs
Every process works in a folder of its own, the first in the driver's. Faults are those of tests.resume.driver.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.resume.driver import ONE_THREAD, ROOT, carry_out, type_once

HUNG = 120.0  # seconds after which what should have ended is ended; nothing here takes a tenth of it
LOOPBACK = {"MASTER_ADDR": "127.0.0.1", "GLOO_SOCKET_IFNAME": "lo" if sys.platform == "linux" else "lo0",
            "TORCH_CPP_LOG_LEVEL": "ERROR"}  # fmt: skip  (as the command says before it imports torch)

ONCE = (  # what a run imports, and what torch does at its first gradient: before the first fork, for it takes seconds
    "jinja2", "sklearn.datasets", "sklearn.metrics", "threadpoolctl", "torch.fx.experimental.symbolic_shapes",
    "pellucid.engines.pytorch.shared", "pellucid.runs.accompany", "pellucid.runs.experiment", "pellucid.cli.entry",
    "pellucid.tasks.classification.task", "tests.cli.terminal", "tests.processes.jobs",
)  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """Exit code (negative: the signal), standard output and standard error of each process."""

    codes: list[int]
    out: list[str]
    err: list[str]


class Driver:
    """The process, seen from a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for rank in range(3):
            place_of(folder, rank).mkdir()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.processes.driver", str(folder)], cwd=ROOT,
            env={**os.environ, **ONE_THREAD, **LOOPBACK}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )

    def command(self, *words: str | Path, count: int = 2, faults: dict[int, dict[str, Any]] | None = None) -> Ended:
        """Run `pellucid WORDS` in `count` processes and wait for all."""
        return self._ask({"words": [str(word) for word in words], "count": count, "faults": faults or {}})

    def jobs(self, count: int) -> list[Path]:
        """Do all jobs in `count` processes; the folder in which each left its files."""
        ended = self._ask({"jobs": True, "count": count, "faults": {}})
        assert ended.codes == [0] * count, ended.err
        return [self.place(rank) for rank in range(count)]

    def place(self, rank: int) -> Path:
        """Where a process works."""
        return place_of(self.folder, rank)

    def _ask(self, question: dict[str, Any]) -> Ended:
        assert self.process.stdin is not None and self.process.stdout is not None
        print(json.dumps(question), file=self.process.stdin, flush=True)
        return Ended(**json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def place_of(folder: Path, rank: int) -> Path:
    """The driver's folder for the first, one beside it for each of the others."""
    return folder if rank == 0 else folder.with_name(f"{folder.name}-{rank}")


def serve(folder: Path) -> None:
    """Fork for every line on standard input."""
    for name in ONCE:
        import_module(name)
    type_once()

    for line in sys.stdin:
        question = json.loads(line)
        ranks = range(question["count"])
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        children = [start(folder, rank, port, question) for rank in ranks]
        codes = wait(children)
        said = {
            name: [(place_of(folder, rank) / f".{name}").read_text(encoding="utf-8") for rank in ranks]
            for name in ("out", "err")
        }
        print(json.dumps({"codes": codes, **said}), flush=True)


def start(folder: Path, rank: int, port: int, question: dict[str, Any]) -> int:
    """Fork one process; its number."""
    child = os.fork()
    if child:
        return child
    count = question["count"]
    os.chdir(place_of(folder, rank))
    if count > 1:
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count),
                       "LOCAL_WORLD_SIZE": str(count), "MASTER_PORT": str(port)}  # fmt: skip
    if "jobs" in question:
        from tests.processes.jobs import run

        carry_out([], None, pictures=False, main=lambda _: run(count))
    carry_out(question["words"], question["faults"].get(str(rank)), pictures=False)
    raise AssertionError("carry_out ends the process")


def wait(children: list[int]) -> list[int]:
    """The exit codes of all; what does not end is killed, and its code is that signal."""
    codes: dict[int, int] = {}
    until = time.monotonic() + HUNG
    while len(codes) < len(children):
        for child in children:
            if child not in codes:
                ended, status = os.waitpid(child, os.WNOHANG)
                if ended:
                    codes[child] = os.waitstatus_to_exitcode(status)
                elif time.monotonic() > until:
                    os.kill(child, signal.SIGKILL)
        time.sleep(0.02)
    return [codes[child] for child in children]


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
