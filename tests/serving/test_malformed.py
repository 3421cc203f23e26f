"""Requests that somebody made to harm: no fault of the server, no file read that is none of the model's."""

from __future__ import annotations

import io
import json
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.serving.asking import Served

OPENED: list[str] = []
WATCHED = [False]


@contextmanager
def files_opened() -> Iterator[list[str]]:
    """The paths that Python opens during the block, modules that are imported left out."""
    if not OPENED:
        OPENED.append("")  # a hook stays for good, so there is one
        sys.addaudithook(lambda event, about: OPENED.append(str(about[0])) if event == "open" and WATCHED[0] else None)
    del OPENED[1:]
    WATCHED[0], found = True, []
    try:
        yield found
    finally:
        WATCHED[0] = False
        found += [path for path in OPENED[1:] if not path.endswith((".py", ".pyc", ".so"))]


def picture(kind: str, size: tuple[int, int] = (8, 8), mode: str = "L") -> bytes:
    """A picture file of noise."""
    held = io.BytesIO()
    x = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(x).convert(mode).save(held, kind)
    return held.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


def png(width: int, height: int, packed: bytes, *more: bytes) -> bytes:
    """A gray PNG that says it is so large, with packed rows."""
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\0\0\0\0"
    parts = [chunk(b"IHDR", head), *more, chunk(b"IDAT", packed), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


PNG, JPEG = picture("PNG"), picture("JPEG")
BOMB = zlib.compress(bytes(60_000_000), 9)
BODIES: dict[str, bytes] = {
    "empty": b"", "zeros": bytes(5000), "noise": np.random.default_rng(1).bytes(5000), "text": b"hello " * 100,
    "html": b"<html><script>alert(1)</script>", "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "postscript": b"%!PS-Adobe-3.0\n(/etc/passwd) (r) file", "pdf": b"%PDF-1.7\n", "zip": b"PK\x03\x04" + bytes(100),
    "pickle": b"\x80\x04cos\nsystem\n(S'true'\ntR.", "numpy": b"\x93NUMPY\x01\0" + bytes(100),
    "PNG cut": PNG[:-40], "JPEG cut": JPEG[: len(JPEG) // 2], "PNG head alone": PNG[:33], "JPEG head alone": JPEG[:3],
    "bomb": png(8000, 7500, BOMB), "more rows than said": png(8, 8, BOMB), "fewer rows than said": png(8, 800, b""),
    "2^31 wide": png(2**31 - 1, 2**31 - 1, b""), "no pixels": png(0, 0, b""),
    "text bomb": png(8, 8, zlib.compress(bytes(72)), chunk(b"zTXt", b"k\0\0" + BOMB)),
    "PNG in JPEG": JPEG + PNG, "zip behind PNG": PNG + b"PK\x03\x04" + bytes(50),
    "GIF and script": b"GIF89a/*" + b"x" * 60,
    "GIF": picture("GIF"), "TIFF": picture("TIFF"), "WebP cut": picture("WEBP")[:30],
    "BMP that lies": b"BM" + b"\xff" * 60, "TIFF that lies": b"II*\0" + b"\xff" * 60,
    "RIFF that lies": b"RIFF\xff\xff\xff\xffWEBPVP8L\xff\xff\xff\xff" + bytes(30),
    "JPEG 2000, which is not on the list": picture("JPEG2000"), "PPM, neither": picture("PPM"),
    "AVIF that lies": b"\0\0\0\x20ftypavif" + bytes(200),
}  # fmt: skip


ANSWERED = {"GIF", "TIFF", "PNG in JPEG", "zip behind PNG", "more rows than said"}  # by how they begin


@pytest.mark.parametrize("name", BODIES)
def test_pictures(server: Served, name: str) -> None:
    with files_opened() as opened:
        response = server.ask("POST", "/predict", content=BODIES[name])
    assert response.status_code in (200, 400, 422), response.text
    assert "Traceback" not in response.text and "/work" not in response.text and opened == []
    assert (response.status_code == 200) == (name in ANSWERED), response.text


PATHS = ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/%252e%252e/etc/passwd", "//etc/passwd", "/page.js/../../x",
         "/v2/models/../infer", "/v2/models/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/v2/models//etc/passwd/infer",
         "/v2/models/digits%00/infer", "/v2/models/digits/versions/../../x/infer", "/v2/models/" + "a" * 5000,
         "/predict?model=../../etc/passwd", "/predict?model=%00", "/predict?model=/etc/passwd", "/predict?top=-1",
         "/predict?top=1e9", "/predict?top=99999999999", "/predict?top=%F0%9D%9F%99", "/static/x", "/.git/config",
         "/\\..\\..\\windows", "/v2/repository/models/digits/load", "/%", "/%ff%fe", "/page.js%00.html")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_paths(server: Served, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
        with files_opened() as opened:
            response = server.ask(method, path, content=PNG if method == "POST" else None)
        assert 400 <= response.status_code < 500, (method, response.status_code, response.text)
        assert opened == [] and "root:" not in response.text and "Traceback" not in response.text
        assert response.json().keys() <= {"error"} and len(response.text) < 1000


BOUNDARY = b"--b\r\n"
PART = BOUNDARY + b'Content-Disposition: form-data; name="image"; filename="%s"\r\n\r\n' + PNG + b"\r\n--b--\r\n"
FORMS: dict[str, bytes] = {
    "no end": PART[:-9], "no part": b"--b--\r\n", "another boundary": PART.replace(b"--b", b"--c"), "nothing": b"",
    "no file": BOUNDARY + b'Content-Disposition: form-data; name="image"\r\n\r\nx\r\n--b--\r\n',
    "no header": BOUNDARY + b"\r\nx\r\n--b--\r\n",
    "many headers": BOUNDARY + b"A: b\r\n" * 5000 + b"\r\nx\r\n--b--\r\n",
    "many parts": PART[:-7] * 3000 + b"--b--\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_forms(server: Served, name: str) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    response = server.ask("POST", "/predict", content=FORMS[name], headers=kind)
    assert response.status_code in (400, 413) and response.json().keys() == {"error"}, response.text
    for other in ("", "; boundary=", "; boundary=" + "x" * 500):
        wrong = {"Content-Type": f"multipart/form-data{other}"}
        assert server.ask("POST", "/predict", content=PART, headers=wrong).status_code == 400


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\..\\x.png", "/etc/shadow", "a" * 5000, "\0", "<b>.png", ""])
def test_names_of_files_are_words_alone(server: Served, name: str) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    with files_opened() as opened:
        response = server.ask("POST", "/predict", content=PART.replace(b"%s", name.encode()), headers=kind)
    assert opened == [] and response.status_code in (200, 400)
    if response.status_code == 200:
        told = response.json()["predictions"][0]["image"]
        assert len(told) <= 200 and "/" not in told and "\\" not in told


MESSAGES = ("", "{", "[]", "null", '{"id": {}}', '{"image": 5}', '{"image": "%%%"}', '{"image": ""}', '{"top": -1}',
            '{"inputs": {}}', '{"inputs": [], "x": ' + "[" * 3000 + "]" * 3000 + "}",
            '{"image": "' + "A" * 10_000 + '"}',
            json.dumps({"model": "../../etc/passwd", "image": "AAAA"}), "\ud800", b"", b"\0" * 100)  # fmt: skip


@pytest.mark.parametrize("message", MESSAGES)
def test_messages(server: Served, message: Any) -> None:
    accepted, reply = server.talk(message)
    assert accepted["type"] == "websocket.accept"
    assert json.loads(reply["text"])["error"] and "Traceback" not in reply["text"]
