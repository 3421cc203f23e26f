"""The command as a process: several workers on one socket, one that dies, signals, and a request in the middle."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx


def worker_of(address: str) -> int:
    """The process that answers."""
    text = httpx.get(address + "/metrics", timeout=30).text
    found = re.search(r'pellucid_worker\{pid="(\d+)"\}', text)
    assert found, text
    return int(found[1])


def workers_of(address: str, count: int) -> set[int]:
    """Those that answer, once there are so many."""
    found: set[int] = set()
    end = time.monotonic() + 60
    while len(found) < count:
        assert time.monotonic() < end, found
        found.add(worker_of(address))
    return found


def test_two_workers_a_death_and_the_end(run: Path, pictures: list[Path]) -> None:
    words = [sys.executable, "-m", "pellucid", "serve", str(run), "--workers", "2", "--engine", "reference", "--port",
             "0", "--audit", "/dev/null"]  # fmt: skip
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if line.startswith("Serving at "))
        address = line.split()[2]
        content = pictures[0].read_bytes()
        before = workers_of(address, 2)
        process.send_signal(signal.SIGHUP)  # nothing has changed: all go on
        gone = min(before)
        os.kill(gone, signal.SIGKILL)
        after = workers_of(address, 1)
        while len(after - {gone}) < 2:  # the other, and the one in the place of that which died
            after |= workers_of(address, 1)
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as half:
            half.sendall(b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(content))
            half.sendall(content[:50])
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            half.sendall(content[50:])
            assert half.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
        assert process.wait(60) == 0


def test_a_model_file_that_is_refused_is_told_of_on_the_terminal(run: Path, tmp_path: Path) -> None:
    place = tmp_path / "digits.safetensors"
    place.write_bytes(run.read_bytes())
    words = [sys.executable, "-m", "pellucid", "serve", str(place), "--engine", "reference", "--port", "0", "--audit",
             os.devnull]  # fmt: skip
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        told = next(process.stdout)
        address = next(line for line in process.stdout if line.startswith("Serving at ")).split()[2]
        place.write_bytes(b"spoilt")
        end = time.monotonic() + 60
        while 'result="refused"} 1.0' not in httpx.get(address + "/metrics", timeout=30).text:
            assert time.monotonic() < end
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
    assert " 1 picture a batch;" in told
    assert f"digits stays at version {told.split()[3].rstrip(',')}: " in log
