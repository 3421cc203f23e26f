"""Python that has imported Pellucid already: `python typed.py SOCKET WORDS` runs `python WORDS` in a fork of it.

A question is {"words", "place", "environment"} as JSON with the three standard streams, its answer the exit code.
The process ends with the one that started it.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import select
import socket
import struct
import sys
from types import ModuleType
from typing import Any

from tests.cli.terminal import write_pixels
from tests.resume.driver import import_once


def serve(path: str) -> list[str]:
    """Fork for every question; return, in the fork alone, the words to carry out. Runs draw nothing."""
    import_once()
    from pellucid.runs import finishing

    finishing.write_pictures = write_pixels
    door = socket.socket(socket.AF_UNIX)
    door.bind(path)
    door.listen()
    print("ready", flush=True)
    while door in select.select([door, sys.stdin], [], [])[0]:
        link, _ = door.accept()
        asked, streams = hear(link)
        if os.fork() == 0:
            child = os.fork()
            if child == 0:
                door.close()
                link.close()
                return become(asked, streams)
            for stream in streams:
                os.close(stream)
            _, status = os.waitpid(child, 0)
            link.sendall(str(os.waitstatus_to_exitcode(status)).encode())
            os._exit(0)
        link.close()
        for stream in streams:
            os.close(stream)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    os._exit(0)


def hear(link: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """The question and the streams."""
    first, streams, _, _ = socket.recv_fds(link, 4, 3)
    (left,) = struct.unpack("!I", first)
    parts = []
    while left:
        parts.append(link.recv(left))
        left -= len(parts[-1])
    return json.loads(b"".join(parts)), streams


def become(asked: dict[str, Any], streams: list[int]) -> list[str]:
    """Take on the streams, the folder and the environment of whoever asked."""
    for number, (stream, name) in enumerate(zip(streams, ("stdin", "stdout", "stderr"), strict=True)):
        os.dup2(stream, number)
        os.close(stream)
        errors = "backslashreplace" if name == "stderr" else None
        buffering = 1 if name == "stderr" else -1
        opened = open(number, "w" if number else "r", buffering, errors=errors, closefd=False)  # noqa: SIM115
        setattr(sys, name, opened)
        setattr(sys, f"__{name}__", opened)
    os.chdir(asked["place"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    words: list[str] = asked["words"]
    return words


def carry_out(words: list[str]) -> None:
    """As `python WORDS` does: a module, a line, standard input or a file."""
    kind, *rest = words
    if kind == "-m":
        sys.argv[1:] = rest[1:]
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif kind in ("-c", "-"):
        sys.path.insert(0, "")
        text = rest.pop(0) if kind == "-c" else sys.stdin.read()
        sys.argv[:] = [kind, *rest]
        sys.modules["__main__"] = main = ModuleType("__main__")
        exec(compile(text, "<stdin>" if kind == "-" else "<string>", "exec"), main.__dict__)
    else:
        sys.argv[:] = words
        runpy.run_path(kind, run_name="__main__")


if __name__ == "__main__":
    carry_out(serve(sys.argv[1]))
