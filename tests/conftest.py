"""What every test shares: the real data sets, a closed network, and drawing without a window."""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ["MPLBACKEND"] = "Agg"  # also for the commands that tests start
os.environ.setdefault("KERAS_BACKEND", "torch")  # whichever test is the first to import Keras

ROOT = Path(__file__).resolve().parents[1]
gc.disable()  # nothing of what is being collected is garbage


def pytest_collection_finish() -> None:
    """Thousands of tests and what they import stay to the end: the collector need not look through them again."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets: $PELLUCID_SHARED, or ../shared/data beside the repository."""
    folder = Path(os.environ.get("PELLUCID_SHARED") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"the real data sets are not at {folder} (set PELLUCID_SHARED to their folder)")
    return folder


def _is_local(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def _refuse_unless_local(host: object) -> None:
    if not _is_local(host):
        raise RuntimeError(f"a test reached for the network: {host!r}. Tests may use the loopback address only.")


@pytest.fixture(scope="session", autouse=True)
def closed_network() -> Iterator[None]:
    """Refuse every connection and every name look-up that leaves this machine."""
    plain = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}
    look_up = socket.getaddrinfo

    def guarded(name: str) -> Any:
        def call(self: socket.socket, *arguments: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                address = arguments[-1]
                _refuse_unless_local(address[0])
            return plain[name](self, *arguments)

        return call

    def guarded_look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        _refuse_unless_local(host)
        return look_up(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        for name in plain:
            patch.setattr(socket.socket, name, guarded(name))
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_the_disk() -> Iterator[None]:
    """No test cuts the power; what is asked of the disk is tested where files are written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: None)
        yield


@pytest.fixture(autouse=True)
def pixels_for_pictures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes longer than all training of a test: pixels stand in for pictures where it is not marked `drawn`."""
    if request.node.get_closest_marker("drawn") is None:
        from pellucid.runs import finishing
        from tests.cli.terminal import write_pixels

        monkeypatch.setattr(finishing, "write_pictures", write_pixels)
