"""Jobs from a Redis of the tests' own, on the loopback address: what is in the stream is answered once."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pellucid.jobs import redis_queue
from pellucid.jobs.redis_queue import RESULT, STREAM, RedisQueue
from pellucid.jobs.spool import Spool
from tests.cli.terminal import Terminal
from tests.jobs.conftest import results

redis = pytest.importorskip("redis")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Redis that keeps nothing."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed (apt-get install redis-server)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir",
         str(tmp_path_factory.mktemp("redis"))], stdout=subprocess.DEVNULL,
    )  # fmt: skip
    client = redis.Redis(port=port)
    while process.poll() is None:
        with suppress(redis.ConnectionError):
            client.ping()
            break
        time.sleep(0.02)
    client.close()
    yield port
    process.terminate()
    process.wait()


@pytest.fixture
def client(server: int) -> Iterator[Any]:
    """Somebody who leaves jobs, in a Redis that holds nothing."""
    made = redis.Redis(port=server)
    made.flushall()
    yield made
    made.close()


def leave(client: Any, job: Any) -> str:
    """A job in the stream; the number of its entry."""
    return str(client.xadd(STREAM, {"job": job if isinstance(job, (str, bytes)) else json.dumps(job)}).decode())


def test_jobs_are_answered_in_redis_and_on_the_disk(
    terminal: Terminal, spool: Path, asked: Path, client: Any, server: int
) -> None:
    for number in range(8):
        leave(client, {"id": f"r{number}", "kind": "predict", "images": [f"{number % 5}.png"]})
    leave(client, {"id": "r0", "kind": "predict", "images": ["1.png"]})  # an id that is taken
    wrong = ("{", b"\xff", {"kind": "predict"}, {"id": "../up"}, {"id": "a\0b"}, {"id": 3})
    bad = [leave(client, job) for job in wrong]
    other = client.xadd(STREAM, {"work": "none"}).decode()
    words = ["work", "spool", "--model", asked, "--until-empty", "--redis", f"redis://127.0.0.1:{server}/0"]
    typed = terminal.type(*words)
    assert (typed.code, typed.err) == (0, "") and "8 done, 7 failed" in typed.out
    found = results(spool)
    assert sorted(found) == sorted([*(f"r{number}" for number in range(8)),
                                    *(f"refused-{entry}" for entry in (*bad, other))])  # fmt: skip
    for name, result in found.items():
        assert json.loads(client.get(RESULT + name)) == result
    assert found["r0"]["predictions"] == found["r5"]["predictions"] and client.xlen(STREAM) == 0
    errors = [found[f"refused-{entry}"]["error"] for entry in bad]
    assert all("valid JSON" in error for error in errors[:2]) and all("id must be" in error for error in errors[2:])
    assert client.ttl(RESULT + "r0") > 6 * 24 * 3600


def test_what_a_dead_worker_had_in_hand_is_done(spool: Path, client: Any, server: int) -> None:
    leave(client, {"id": "left", "kind": "predict", "images": ["0.png"]})
    place, address = Spool.open(spool), f"redis://127.0.0.1:{server}/0"
    dead = RedisQueue.connect(address, place, lease=0.2)
    taken = next(dead.waiting())
    alive = RedisQueue.connect(address, place, lease=0.2)
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        assert list(alive.waiting()) == []  # it is claimed anew as long as somebody has it in hand
    dead.in_hand = ""
    time.sleep(0.25)
    again = next(alive.waiting())
    assert (again.name, again.source) == ("left", taken.source) and not alive.is_empty()
    place.keep_result("left", {"state": "done"})
    client.set(RESULT + "left", "the first result")
    alive.forget(again)
    alive.forget(taken)
    assert alive.is_empty() and client.get(RESULT + "left") == b"the first result"


def test_without_a_server_it_says_so(terminal: Terminal, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"redis://:secret@127.0.0.1:{nobody.getsockname()[1]}/0"
        monkeypatch.setattr(time, "sleep", lambda seconds: None)
        told = terminal.refused(1, ["cannot be used", "Start it, or check"], "work", "spool", "--redis", address)
    assert "secret" not in told and os.listdir(spool / "results") == []


def test_a_stream_that_is_something_else_is_told(terminal: Terminal, spool: Path, client: Any, server: int) -> None:
    client.set(STREAM, "a word")
    terminal.refused(1, ["WRONGTYPE"], "work", "spool", "--redis", f"redis://127.0.0.1:{server}/0")


def test_the_client_is_asked_for_by_name(
    terminal: Terminal, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "redis", None)
    terminal.refused(2, ["pip install 'pellucid[redis]'"], "work", "spool", "--redis", "redis://127.0.0.1:1/0")
    assert redis_queue.LEASE > 10
