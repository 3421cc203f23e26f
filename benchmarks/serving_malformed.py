"""Requests that are broken in all ways that servers were ever broken by: what the server answered, and what it opened.

Every request goes out on a connection of its own over a raw socket, as pieces with pauses between. Allowed are refusals
(4xx, 503 as announced, a closed connection) and answers where a spoiled picture can still be read; a 500, a hang, a
death, an answer that holds a line of a file outside, or an opened file that is none of the run's is counted.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.serving_broken import CANARY, Case, cases

AT_ONCE = 24
PATIENCE = 12.0  # seconds: the server's own limit is two in this measurement
ANNOUNCED = {503}  # what a server under load says


async def sent(port: int, case: Case) -> tuple[str, bytes]:
    """How the server answered: a status, `closed`, `hang`, or `left` where the sender itself went away."""
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), PATIENCE)
    except (TimeoutError, OSError):
        return "no connection", b""
    try:
        for pause, piece in case.pieces:
            if pause:
                await asyncio.sleep(pause)
            writer.write(piece)
            await asyncio.wait_for(writer.drain(), PATIENCE)
        if case.leave:
            if case.leave == "reset":
                writer.transport.abort()
            return "left", b""
        answer = await asyncio.wait_for(reader.read(1 << 16), PATIENCE)
    except TimeoutError:
        return "hang", b""
    except OSError:
        return "closed", b""
    finally:
        writer.close()
    if not answer:
        return "closed", b""
    return (answer[9:12].decode("latin-1") if answer.startswith(b"HTTP/1.") else "no HTTP"), answer


async def all_sent(
    port: int, count: int, jpeg: bytes, seed: int
) -> tuple[Counter[str], dict[str, Counter[str]], list[str]]:
    """Every case, some at once; statuses, statuses by kind, and what must not have been."""
    limit, statuses, kinds, faults = asyncio.Semaphore(AT_ONCE), Counter[str](), dict[str, Counter[str]](), list[str]()

    async def one(case: Case) -> None:
        async with limit:
            status, answer = await sent(port, case)
        statuses[status] += 1
        kinds.setdefault(case.kind, Counter())[status] += 1
        wrong = (status.startswith("5") and int(status) not in ANNOUNCED) or status in ("hang", "no connection")
        told = CANARY in answer or b"root:" in answer or b"Traceback" in answer
        if wrong or told:
            faults.append(f"{case.kind}: {status} {answer[:300]!r}")

    await asyncio.gather(*(one(case) for case in cases(random.Random(seed), jpeg, port, count)))
    return statuses, kinds, faults


def all_of(port: int, pid: int, count: int, jpeg: bytes, seed: int = 0) -> dict[str, Any]:
    """The whole measurement on a server that runs."""
    import urllib.request

    def answer() -> Any:
        asking = urllib.request.Request(f"http://127.0.0.1:{port}/predict", jpeg, {"Content-Type": "image/jpeg"})
        with urllib.request.urlopen(asking, timeout=30) as found:
            return json.load(found)

    before, began = answer(), time.monotonic()
    statuses, kinds, faults = asyncio.run(all_sent(port, count, jpeg, seed))
    seconds = time.monotonic() - began
    time.sleep(3)
    return {
        "requests": count, "statuses": dict(sorted(statuses.items())), "seconds": round(seconds, 1),
        "by_kind": {kind: dict(sorted(found.items())) for kind, found in sorted(kinds.items())},
        "faults": faults[:20], "fault_count": len(faults), "same_answer_after": answer() == before,
        "open_files_left": open_files(pid),
    }  # fmt: skip


WATCHER = """
import os, sys
log = os.open({path!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def note(event, given):
    if event == "open" and isinstance(given[0], (str, bytes)):
        os.write(log, os.fsencode(os.path.abspath(os.fsdecode(given[0]))) + b"\\n")
sys.addaudithook(note)
"""


def watcher(folder: Path) -> Path:
    """Have a Python that finds this folder first write down every file that it opens; where it writes them."""
    log = folder / "opened"
    (folder / "sitecustomize.py").write_text(WATCHER.format(path=str(log)))
    return log


def outside(log: Path, before: int, allowed: list[Path]) -> list[str]:
    """The files that were opened after so many bytes of the log, and lie in none of these folders."""
    found = set(log.read_bytes()[before:].decode(errors="replace").splitlines())
    return sorted(path for path in found if not any(path == str(root) or path.startswith(f"{root}{os.sep}")
                                                    for root in allowed))  # fmt: skip


def open_files(pid: int) -> int:
    """Handles that the server holds, sockets and all."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
