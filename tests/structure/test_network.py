"""The suite's own fence: no test reaches another machine, loopback stays open."""

from __future__ import annotations

import socket

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.com", 80)])
def test_a_connection_to_another_machine_is_refused(address: tuple[str, int]) -> None:
    with socket.socket() as door, pytest.raises(RuntimeError, match="reached for the network"):
        door.connect(address)


def test_a_name_look_up_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"example\.com"):
        socket.create_connection(("example.com", 80))


def test_loopback_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as caller:
        caller.sendall(b"hello")
        accepted, _ = server.accept()
        with accepted:
            assert accepted.recv(5) == b"hello"
