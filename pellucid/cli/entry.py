"""The entry point: exit 0 when done, 1 when the work failed, 2 for wrong usage; one sentence, never a traceback."""

from __future__ import annotations

import math
import os
import signal
import sys
import time
import traceback
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import typer

from pellucid.cli import (  # noqa: F401  (each joins the application)
    cascade,
    check,
    compare,
    data,
    diagnose,
    evaluate,
    export,
    features,
    predict,
    runs,
    search,
    serve,
    summary,
    train,
    weights,
    work,
)
from pellucid.cli.app import app
from pellucid.cli.options import Taken, taken_by
from pellucid.cli.output import complain as print_complaint
from pellucid.cli.output import say
from pellucid.cli.signals import SIGNALS
from pellucid.cli.surroundings import quiet_libraries, standard_streams
from pellucid.cli.voice import VOICE
from pellucid.engines.launch import by_torchrun
from pellucid.errors import ArgumentError, PellucidError, UsageError
from pellucid.storage.memory import ran_out, refused_allocation

SAME_WISH = 2.0  # seconds
INTERRUPTED = 130  # Typer's word for Ctrl-C
TRACEBACK = "PELLUCID_TRACEBACK"  # set it to see where a fault of our own comes from


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; `arguments` are those of the process unless given."""
    interrupt = Interrupt()
    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    if arguments is None:  # the process is ours
        quiet_libraries()
    try:
        with standard_streams() as (out, _):
            code = run(arguments)
            out.flush()
            if out.refusal is not None:
                code = complain(f"standard output cannot be written: {out.refusal.strerror}.", code or 1)
    except KeyboardInterrupt:  # after the command itself
        code = stopped()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    sys.exit(code)


class Interrupt:
    """SIGTERM ends a command as Ctrl-C does. While it tidies up, a signal that follows at once is the same wish.

    From torchrun either may come twice, and once is enough.
    """

    def __init__(self) -> None:
        self.obeyed = -math.inf

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if time.monotonic() - self.obeyed < SAME_WISH:
            return
        self.obeyed = time.monotonic()
        if by_torchrun():
            for each in SIGNALS:
                signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt


def run(arguments: list[str] | None) -> int:
    """Run one command and return its exit code, with every fault told in one sentence."""
    try:
        code = made(taken_by(app))(arguments, prog_name="pellucid", standalone_mode=False) or 0
        return stopped() if code == INTERRUPTED else int(code)
    except PellucidError as fault:
        return complain(str(fault), 2 if isinstance(fault, (UsageError, ArgumentError)) else 1)
    except KeyboardInterrupt:
        return stopped()
    except Exception as fault:
        if ran_out(fault):
            return complain(f"{refused_allocation(fault)} Free some memory, or take less at once.", 1)
        return usage_or_own_fault(fault)


@cache
def made(taken: Taken) -> Any:
    """The commands, made once for the settings that they take: a task that is registered later brings others."""
    return typer.main.get_command(app)


def stopped() -> int:
    """What Ctrl-C leaves to say."""
    return complain("stopped.", 1)


def complain(sentence: str, code: int) -> int:
    """Print one sentence on standard error; of several processes one does."""
    if VOICE.speaks():
        print_complaint(f"{VOICE.name}{sentence}")
    return code


def refused_by_the_system(fault: OSError) -> str:
    """A sentence for what the operating system refused and no page of ours had words for."""
    if fault.filename is None:
        return f"{fault.strerror or fault}."
    from pellucid.storage.os_errors import not_read

    return str(not_read(Path(os.fsdecode(fault.filename)), fault))


def unchecked_flags() -> set[str]:
    """The flags of `train` that `check` does not take."""
    from pellucid.settings import flag_of
    from pellucid.using.unchecked import UNCHECKED

    return set(map(flag_of, UNCHECKED))


def usage_or_own_fault(fault: Exception) -> int:
    """A command that was typed wrongly, in Typer's words on one line; else a fault of Pellucid itself."""
    if isinstance(fault, typer.Abort):
        return stopped()
    worded, code = getattr(fault, "format_message", None), getattr(fault, "exit_code", None)
    if worded is not None and code is not None:
        path = fault.ctx.command_path if getattr(fault, "ctx", None) else "pellucid"  # type: ignore[attr-defined]
        words = " ".join(str(worded()).split())
        if type(fault).__name__ == "NoArgsIsHelpError":
            say(str(worded()), to=sys.stderr)
            return complain(f"a command is missing. Type {path} COMMAND, one of those above.", int(code))
        if path == "pellucid check" and (flag := getattr(fault, "option_name", "")) in unchecked_flags():
            told = f"check: {flag} is about the training of a network that has passed. Leave it out."
            return complain(told, int(code))
        end = "" if words.endswith(("?", ".")) else "."
        return complain(f"{words}{end} Type {path} --help to see what there is.", int(code))
    if os.environ.get(TRACEBACK):
        traceback.print_exc()
    if isinstance(fault, OSError):
        return complain(refused_by_the_system(fault), 1)
    place = traceback.extract_tb(fault.__traceback__)[-1]
    words = " ".join(str(fault).split())
    return complain(
        f"a fault of Pellucid itself: {type(fault).__name__}: {words} ({os.path.basename(place.filename)}, line "
        f"{place.lineno}). Please report it with what {TRACEBACK}=1 prints.", 1,
    )
