"""The socket that clients reach, and the loop behind it."""

from __future__ import annotations

import socket

import pytest

from pellucid.errors import UsageError
from pellucid.serving.running import listening
from pellucid.serving.settings import Settings


def test_an_answer_is_not_held_back_for_the_client_to_notice_its_head() -> None:
    """Nagle's rule and a client that acknowledges late cost 40 ms an answer."""
    with listening(Settings(port=0)) as listener, socket.create_connection(listener.getsockname()) as _:
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_that_is_taken_is_told() -> None:
    with listening(Settings(port=0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(UsageError, match=rf"port {port} cannot be listened at"):
            listening(Settings(port=port))
