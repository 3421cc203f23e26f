"""What would cost too much is refused, and quickly; who is slow is not waited for."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.serving.asking import Listening, Served, listening_server, served


@pytest.fixture(scope="module")
def at(run: Path) -> Iterator[Listening]:
    """A server that waits for half a second."""
    with listening_server([str(run)], timeout=0.5) as found:
        yield found


def heard(at: Listening, *pieces: bytes, pause: float = 0.0) -> tuple[bytes, float]:
    """What comes back for pieces that are sent with a pause before each, and seconds until the server hung up."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", at.port), timeout=20) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
        except OSError:  # it hung up
            pass
        found = b""
        try:
            while piece := connection.recv(1 << 16):
                found += piece
        except ConnectionResetError:
            pass
    return found, time.monotonic() - began


HEAD = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n"


def test_whoever_sends_headers_slowly_is_hung_up_on(at: Listening) -> None:
    found, seconds = heard(at, HEAD)
    assert found == b"" and 0.4 < seconds < 5
    assert heard(at)[1] < 5  # and who says nothing at all


def test_whoever_sends_a_body_slowly_is_told_so(at: Listening) -> None:
    found, seconds = heard(at, HEAD + b"\r\n", *[b"x"] * 20, pause=0.1)
    assert found.startswith(b"HTTP/1.1 408 ") and b"0.5 seconds" in found and seconds < 10


def test_headers_without_end_are_refused(at: Listening) -> None:
    found, _ = heard(at, HEAD + b"X-Long: ", *[b"y" * 20_000] * 5)
    assert found.startswith(b"HTTP/1.1 431 ")


def test_what_is_no_http_is_refused(at: Listening) -> None:
    for piece in (b"\0\1\2\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET \xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
                  b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n"):  # fmt: skip
        found, _ = heard(at, piece)
        assert found == b"" or found.startswith(b"HTTP/1.1 400 "), (piece, found)


def test_a_body_that_says_it_is_too_long_is_not_read(at: Listening) -> None:
    found, seconds = heard(at, HEAD.replace(b"50", b"5000000000") + b"\r\n" + b"z" * 1000)
    assert found.startswith(b"HTTP/1.1 413 ") and b"connection: close" in found.lower() and seconds < 5


def test_a_body_that_does_not_say_so_is_cut(run: Path) -> None:
    server = served([str(run)], max_upload=0.01)

    async def endless() -> Any:
        while True:
            yield b"x" * 4096

    assert server.ask("POST", "/predict", content=endless()).status_code == 413


def test_who_leaves_early_harms_nobody(at: Listening, pictures: list[Path]) -> None:
    content = pictures[0].read_bytes()
    whole = HEAD.replace(b"50", str(len(content)).encode()) + b"\r\n" + content
    for cut in (10, len(HEAD) + 2, len(whole) - 1, len(whole)):
        with socket.create_connection(("127.0.0.1", at.port)) as connection:
            connection.sendall(whole[:cut])
    found, _ = heard(at, whole.replace(b"Host", b"Connection: close\r\nHost", 1))
    assert found.startswith(b"HTTP/1.1 200 ")


@pytest.fixture
def slow(run: Path) -> Served:
    """A server with room for three pictures, whose network takes its time."""
    server = served([str(run)], queue=3, batch=1, timeout=5)
    version = server.service.models[None]
    answer = version.answer

    def slowly(*given: Any, **named: Any) -> Any:
        time.sleep(0.2)
        return answer(*given, **named)

    version.answer = slowly  # type: ignore[method-assign]
    return server


def test_more_than_may_wait_are_refused_at_once(slow: Served, pictures: list[Path]) -> None:
    content = pictures[0].read_bytes()
    found = slow.ask_all([("POST", "/predict", {"content": content})] * 8)
    codes = sorted(response.status_code for response in found)
    assert codes == [200] * 3 + [503] * 5
    refused = [response for response in found if response.status_code == 503]
    assert all(response.headers["retry-after"] == "1" for response in refused)
    assert max(response.elapsed.total_seconds() for response in refused) < 0.2  # before any answer
    assert slow.ask("POST", "/predict", content=content).status_code == 200  # there is room again
    assert slow.service.admission.inside == 0


def test_pictures_of_one_request_count_too(slow: Served, pictures: list[Path]) -> None:
    files = [("image", (path.name, path.read_bytes(), "image/png")) for path in pictures[:2]]
    found = slow.ask_all([("POST", "/predict", {"files": files})] * 2)
    assert sorted(response.status_code for response in found) == [200, 503]


def test_an_answer_that_takes_too_long_is_given_up(slow: Served, pictures: list[Path]) -> None:
    object.__setattr__(slow.service.settings, "timeout", 0.05)
    found = slow.ask("POST", "/predict", content=pictures[0].read_bytes())
    assert found.status_code == 503 and found.headers["retry-after"] == "1"


def test_one_request_may_not_have_too_many_pictures(run: Path, pictures: list[Path]) -> None:
    files = [("image", (path.name, path.read_bytes(), "image/png")) for path in pictures[:3]]
    found = served([str(run)], pictures=2).ask("POST", "/predict", files=files)
    assert found.status_code == 413 and "--pictures" in found.json()["error"]


def test_pixels_are_counted_before_they_are_decoded(run: Path) -> None:
    bomb = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(bomb, "PNG")
    server = served([str(run)])
    began = time.process_time()
    found = server.ask("POST", "/predict", content=bomb.getvalue())
    assert found.status_code == 422 and "144,000,000 pixels" in found.json()["predictions"][0]["error"]
    assert time.process_time() - began < 0.25  # decoding takes longer
