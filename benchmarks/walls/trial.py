"""One hostile input: its files, the command that meets them, and whether what came of it was right.

Right   an exit code of 0, 1 or 2 within 2 processor seconds (train, check, search: 10) and 300 MB above a command
        that does nothing; no traceback, no "fault of Pellucid itself", no warning of a library; a refusal is one
        sentence that names the input; no NaN is called a result; nothing is written or started outside the folder
How     every trial runs in a fork of a warm process, in a folder of its own, beside files that must keep their bytes
        and programs on PATH that leave a mark when they are started
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import re
import resource
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS, TRAINING_SECONDS, HANG_SECONDS, MEGABYTES = 2.0, 10.0, 30, 300
WAITING_SECONDS = 120  # of wall time, beyond which a command waits for ever; a busy machine takes its time
WARNING = re.compile(r"\b[A-Z]\w*Warning\b|Traceback|a fault of Pellucid itself|Segmentation fault|core dumped")
NAN = re.compile(r"(?<![\w./-])nan(?![\w./-])", re.IGNORECASE)
PROGRAMS = ("gs", "gswin32c", "convert", "sh-mark", "pdftoppm", "djpeg", "unzip", "xdg-open")
LONGEST_SENTENCE = 2_000


@dataclass(frozen=True)
class Trial:
    """`words` are typed in `folder`; `wanted` is "refused", "done" or "either"; a refusal must hold `named`."""

    family: str
    name: str
    folder: Path
    words: Sequence[str]
    wanted: str = "either"
    named: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of a trial; `faults` is empty when it was handled right."""

    code: int
    seconds: float
    megabytes: float
    said: str
    faults: tuple[str, ...]


class Range:
    """The place where trials run: victims, marks, a cache of its own."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.victims, self.marks = place / "victims", place / "marks"
        for folder in (self.victims, self.marks, place / "bin", place / "cache"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.victims / "authorized_keys").write_bytes(b"ssh-ed25519 AAAA victim\n")
        (self.victims / "notes.txt").write_bytes(b"do not touch\n")
        (self.victims / "inner").mkdir(exist_ok=True)
        (self.victims / "inner" / "model.safetensors").write_bytes(b"not yours")
        for name in PROGRAMS:
            program = place / "bin" / name
            program.write_text(f"#!/bin/sh\ntouch {self.marks / name}\n")
            program.chmod(0o755)
        self.before = self._state()

    def _base(self) -> int:
        """The memory in KB of a command that does nothing, now: a fork has what this process has."""
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)  # what making the inputs left free would hide as much of a command's own
        return self._spawn(self.place, None)[2]

    def _state(self) -> dict[str, str]:
        files = sorted(path for path in self.victims.rglob("*") if path.is_file())
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def run(self, trial: Trial) -> Outcome:
        """Type the trial's words, judge, and put the range in order again."""
        base = self._base()
        status, seconds, peak = self._spawn(trial.folder, list(trial.words))
        out, err = ((self.place / name).read_text(errors="replace") for name in ("out", "err"))
        megabytes = (peak - base) / 1024
        code = os.waitstatus_to_exitcode(status)
        faults = [*judge(trial, code, seconds, megabytes, out, err), *self._outside()]
        return Outcome(code, round(seconds, 3), round(megabytes, 1), (out[-300:] + err[-1500:]).strip(), tuple(faults))

    def _outside(self) -> list[str]:
        faults = []
        if self._state() != self.before:
            faults.append("a file outside was written")
            shutil.rmtree(self.victims)
            self.__init__(self.place)  # type: ignore[misc]
        for mark in self.marks.iterdir():
            faults.append(f"{mark.name} was started")
            mark.unlink()
        return faults

    def _spawn(self, folder: Path, words: list[str] | None) -> tuple[int, float, int]:
        """(wait status, processor seconds, peak memory in KB) of one command in a fork of this process."""
        sys.stdout.flush(), sys.stderr.flush()
        child = os.fork()
        if child == 0:
            self._become(folder, words)
        ended = False
        limit = time.monotonic() + WAITING_SECONDS
        while not ended and time.monotonic() < limit:
            found, status, usage = os.wait4(child, os.WNOHANG)
            ended = found == child
            if not ended:
                time.sleep(0.004)
        if not ended:
            os.killpg(child, signal.SIGKILL)
            _, status, usage = os.wait4(child, 0)
        return status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss

    def _become(self, folder: Path, words: list[str] | None) -> None:
        """The child: never returns."""
        code = 99
        try:
            os.setsid()
            os.chdir(folder)
            for number, name in ((1, "out"), (2, "err")):
                os.dup2(os.open(self.place / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
            os.environ["PATH"] = f"{self.place / 'bin'}{os.pathsep}{os.environ['PATH']}"
            os.environ["XDG_CACHE_HOME"] = str(self.place / "cache")
            resource.setrlimit(resource.RLIMIT_CPU, (HANG_SECONDS, HANG_SECONDS))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            with contextlib.suppress(ValueError):
                resource.setrlimit(resource.RLIMIT_AS, (24 << 30, 24 << 30))
            code = typed(words)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush(), sys.stderr.flush()
            os._exit(code)


def typed(words: list[str] | None) -> int:
    """The exit code of a command typed in this process."""
    from pellucid.cli.entry import main

    if words is None:
        return 0
    sys.argv = ["pellucid", *words]
    try:
        main(words)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 98
    return 97


def judge(trial: Trial, code: int, seconds: float, megabytes: float, out: str, err: str) -> list[str]:
    """Every rule that was broken, as one phrase."""
    faults = []
    if code < 0:
        faults.append(f"ended by signal {-code}")
    elif code not in (0, 1, 2):
        faults.append(f"exit code {code}")
    found = WARNING.search(out + err)
    if found:
        faults.append(f"said {found[0]}")
    if seconds > (TRAINING_SECONDS if trial.words[0] in ("train", "check", "search") else SECONDS):
        faults.append(f"{seconds:.1f} processor seconds")
    if megabytes > MEGABYTES:
        faults.append(f"{megabytes:.0f} MB")
    sentences = [line for line in err.splitlines() if line.startswith("pellucid: ")]
    if code in (1, 2):
        if not sentences or len(sentences[-1]) > LONGEST_SENTENCE:
            faults.append("no sentence" if not sentences else "a sentence too long")
        elif trial.named and trial.named not in err:
            faults.append(f"does not name {trial.named}")
    if code == 0 and NAN.search(out):
        faults.append("NaN called a result")
    if trial.wanted == "refused" and code == 0:
        faults.append("was not refused")
    if trial.wanted == "done" and code != 0:
        faults.append("good input was refused")
    if any("\x1b" in text or "\x07" in text for text in (out, err)):
        faults.append("a control character was printed")
    return faults
