"""Starting the servers of a measurement on one core, and asking the kernel what they took."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 90.0  # seconds for a server to be ready


@dataclass
class Server:
    """A server that runs."""

    name: str
    port: int
    process: subprocess.Popen[bytes]

    def tree(self) -> list[int]:
        """Its process and those that it began."""
        found = [self.process.pid]
        for pid in found:
            with suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    found += map(int, (task / "children").read_text().split())
        return found

    def seconds(self) -> float:
        """Processor time of all of it so far."""
        total = 0
        for pid in self.tree():
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += int(fields[11]) + int(fields[12])
        return total / TICK

    def memory(self) -> int:
        """Resident bytes of all of it."""
        total = 0
        for pid in self.tree():
            with suppress(OSError):
                line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in line)
                total += int(line.split()[1]) * 1024
        return total


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def pellucid(name: str, core: int, *words: str, first: Path | None = None) -> Iterator[Server]:
    """`pellucid serve WORDS --port ...`; what lies in the folder `first` is imported before everything else."""
    port = free_port()
    command = [sys.executable, "-m", "pellucid", "serve", *words, "--port", str(port), "--audit", os.devnull]
    with started(name, core, port, command, "/v2/health/ready", first) as server:
        yield server


@contextmanager
def peer(name: str, core: int, model: Path) -> Iterator[Server]:
    """The server of serving_fastapi.py or serving_litserve.py."""
    port = free_port()
    command = [sys.executable, str(ROOT / "benchmarks" / f"serving_{name}.py"), str(model), str(port)]
    with started(name, core, port, command, "/ready") as server:
        yield server


@contextmanager
def started(
    name: str, core: int, port: int, command: list[str], ready: str, first: Path | None = None
) -> Iterator[Server]:
    """A server on one core, once it answers; ended with all that it began."""
    process = subprocess.Popen(
        command, cwd=ROOT, start_new_session=True,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(map(str, [*([first] if first else []), ROOT]))},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )  # fmt: skip
    os.set_blocking(process.stderr.fileno(), False)  # type: ignore[union-attr]
    try:
        until = time.monotonic() + PATIENCE
        while True:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}", timeout=5) as answer:
                if answer.status == 200:
                    break
            if process.poll() is not None or time.monotonic() > until:
                said = (process.stderr.read() or b"").decode(errors="replace")[-2000:]  # type: ignore[union-attr]
                raise RuntimeError(f"{name} does not answer (exit code {process.poll()}): {said}")
            time.sleep(0.1)
        yield Server(name, port, process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
