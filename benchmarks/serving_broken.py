# ruff: noqa: E501, RUF005  (a case a line reads better)
"""The broken requests: pictures, tensors, forms, paths, HTTP, WebSockets, and senders that are slow or leave."""

from __future__ import annotations

import io
import json
import os
import random
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CANARY = b"a line of a file that no request may see"
OUTSIDE = Path(tempfile.gettempdir()) / "pellucid-canary.png"


@dataclass(frozen=True)
class Case:
    """One broken request: pieces with the pause before each, and whether its sender leaves before the answer."""

    kind: str
    pieces: list[tuple[float, bytes]]
    leave: str = ""


def cases(chance: random.Random, jpeg: bytes, port: int, count: int) -> Iterator[Case]:
    """So many cases, the kinds by turns; the slow ones are few, since each takes seconds."""
    OUTSIDE.write_bytes(CANARY)
    quick = [pictures, bombs, tensors, deep_json, paths, forms, http, sockets, queries, leaving]
    for number in range(count):
        if number % 100 == 99:
            yield slow(chance, jpeg, port)
        else:
            yield quick[number % len(quick)](chance, jpeg, port)


def request(path: str | bytes, body: bytes, kind: str, port: int, *more: str, method: str = "POST") -> bytes:
    """One request, whole."""
    head = [f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}", *([f"Content-Type: {kind}"] if kind else []),
            *more]  # fmt: skip
    path = path if isinstance(path, bytes) else path.encode("utf-8", "surrogateescape")
    lines = "\r\n".join(head).encode("utf-8", "replace")
    return b"%s %s HTTP/1.1\r\n%s\r\n\r\n" % (method.encode(), path, lines) + body


def whole(kind: str, data: bytes) -> Case:
    """A case that is sent at once."""
    return Case(kind, [(0.0, data)])


def pictures(chance: random.Random, jpeg: bytes, port: int) -> Case:
    """Truncated, spoiled, of another kind than they say, two kinds at once."""
    spoiled = bytearray(jpeg)
    for _ in range(chance.randint(1, 30)):
        spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
    body = chance.choice([
        jpeg[: chance.randrange(len(jpeg))], bytes(spoiled), jpeg + b"PK\x03\x04" + os.urandom(200),
        b"GIF89a/*" + jpeg + b"*/=1;alert(1)", b"%PDF-1.7\n" + jpeg, b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) run", b"<html><script>1</script>", b"\x89PNG\r\n\x1a\n" + jpeg,
        os.urandom(chance.randrange(1, 5000)), b"II*\0" + os.urandom(300), b"MM\0*" + os.urandom(300), b"", b"\0" * 1000,
        b"RIFF" + struct.pack("<I", 2**31) + b"WEBPVP8 " + os.urandom(100), b"BM" + b"\xff" * 60, b"#!/bin/sh\nid\n",
        png(8, 8, b"\0" * 72)[: chance.randrange(20, 90)], b"P6\n99999 99999\n255\n", b"\0\0\0\x20ftypheic" + b"\0" * 99,
        b"push graphic-context\nimage over 0,0 0,0 'https://127.0.0.1/x'", b"SIMPLE  =  T", b"\xff\x4f\xff\x51" * 20,
    ])  # fmt: skip
    kind = chance.choice(["image/jpeg", "image/png", "application/octet-stream", "", "text/html", "image/svg+xml"])
    return whole("pictures", request("/predict", body, kind, port))


def png(width: int, height: int, rows: bytes) -> bytes:
    """A PNG that claims a size, with these bytes packed."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def bombs(chance: random.Random, jpeg: bytes, port: int) -> Case:
    """Small files that claim to be large, or become so."""
    sof = jpeg.find(b"\xff\xc0")
    large = bytearray(jpeg)
    large[sof + 5 : sof + 9] = struct.pack(">HH", 65_500, 65_500)
    text = png(8, 8, b"\0" * 72)
    held = zlib.compress(b"\0" * 20_000_000)
    inflated = text[:33] + struct.pack(">I", len(held) + 3) + b"zTXt" + b"a\0\0" + held + struct.pack(
        ">I", zlib.crc32(b"zTXt" + b"a\0\0" + held)) + text[33:]  # fmt: skip
    body, more = chance.choice([
        (png(65_535, 65_535, b"\0" * 100), []), (png(2**31 - 1, 2**31 - 1, b""), []), (png(0, 8, b""), []),
        (png(20_000, 20_000, b"\0" * 4_000_000), []), (png(8, 8, b"\0" * 4_000_000), []), (bytes(large), []),
        (inflated, []), (png(50_000_000, 1, b"\0" * 1000), []), (tiff(60_000, 60_000), []), (gif(65_535, 65_535), []),
        (zlib.compress(b"\0" * 5_000_000), ["Content-Encoding: gzip"]), (icons(), []), (apng(chance), []),
    ])  # fmt: skip
    return whole("bombs", request("/predict", body, "image/png", port, *more))


def tiff(width: int, height: int) -> bytes:
    """A TIFF that claims a size."""
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8),
               (279, 4, 1, width)]  # fmt: skip
    ifd = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *each) for each in entries) + b"\0" * 4
    return b"II*\0" + struct.pack("<I", 8) + ifd


def gif(width: int, height: int) -> bytes:
    """A GIF that claims a size."""
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0\0\0\0\xff\xff\xff" + b"," + struct.pack(
        "<HHHH", 0, 0, width, height) + b"\0\x02\x02D\x01\0;"  # fmt: skip


def icons() -> bytes:
    """An ICO with 65,535 pictures that are not there."""
    return b"\0\0\1\0\xff\xff" + b"\x10\x10\0\0\1\0\x20\0\x40\0\0\0\x16\0\0\0" * 200


def apng(chance: random.Random) -> bytes:
    """A picture with thousands of frames, each of one pixel."""
    from PIL import Image

    held = io.BytesIO()
    frames = [Image.new("P", (1, 1), number % 256) for number in range(chance.randint(2, 60))]
    frames[0].save(held, "GIF", save_all=True, append_images=frames[1:])
    return held.getvalue()


def tensors(chance: random.Random, jpeg: bytes, port: int) -> Case:
    """Tensors whose shape, type, name, numbers or length do not fit."""
    numbers = [0] * 784
    shape = chance.choice([[1, 28, 28, 1], [28, 28], [1, 784], [-1, 28, 28, 1], [0], [], [2**62, 2**62], [1, 28, 28, 3],
                           ["1", 28, 28, 1], [1e400, 1], [None], [True, 28, 28, 1], [1] * 1000, 784, None])  # fmt: skip
    data = chance.choice([numbers, numbers[:-1], numbers + [0], [float("nan")] * 784, [1e999] * 784, ["0"] * 784, [None],
                          [[0] * 28] * 28, "AAAA", None, {}, [10**400] * 784, [-1] * 784, [256] * 784, [[]] * 784,
                          [2**63] * 784, [0.5] * 784])  # fmt: skip
    tensor = {"name": chance.choice(["input", "", "../input", "x" * 10_000, None, 3, "input\0"]), "shape": shape,
              "datatype": chance.choice(["UINT8", "FP32", "BYTES", "FP64", "INT64", "BOOL", "uint8", "", None, "FP16", 7]),
              "data": data}  # fmt: skip
    if chance.random() < 0.3:
        tensor.pop(chance.choice(list(tensor)))
    said: object = chance.choice([{"inputs": [tensor]}, {"inputs": [tensor] * chance.choice([2, 100])}, {"inputs": tensor},
                                  {"inputs": []}, {}, [], "x", {"inputs": None}, {"inputs": [tensor], "id": "\0" * 99},
                                  {"inputs": [tensor], "outputs": [{"name": "../../etc/passwd"}]},
                                  {"inputs": [tensor], "parameters": {"binary_data_output": True}}])  # fmt: skip
    text = json.dumps(said).encode()
    if chance.random() < 0.5:
        return whole("tensors", request("/v2/models/lenet/infer", text, "application/json", port))
    sizes = [784, 783, 0, -1, 2**63, "784", None, 3136]
    tensor |= {"parameters": {"binary_data_size": chance.choice(sizes)}}
    tensor.pop("data", None)
    head = json.dumps({"inputs": [tensor]}).encode()
    length = chance.choice([len(head), len(head) - 1, len(head) + 1, 0, -5, 10**30, "x", "", "0x10", "1e3", "٣"])
    body = head + os.urandom(chance.choice([784, 3136, 783, 0, 10_000]))
    return whole("binary tensors", request("/v2/models/lenet/infer", body, "application/octet-stream", port,
                                           f"Inference-Header-Content-Length: {length}"))  # fmt: skip


def deep_json(chance: random.Random, jpeg: bytes, port: int) -> Case:
    """JSON that is deep, long, twice said, cut, or none."""
    text = chance.choice([
        b"[" * 200_000, b'{"a":' * 50_000, b"[" + b"1," * 1_000_000 + b"1]", b'{"inputs":[' + b"[]," * 300_000 + b"[]]}",
        b'{"inputs":1,"inputs":2}', b"NaN", b"-Infinity", b'"\\ud800"', b"\xff\xfe{\0}\0", b"\xef\xbb\xbf{}", b"1e99999",
        b"1" * 100_000, b'{"inputs":[{"name":"' + b"a" * 500_000 + b'"}]}', b"{", b"", b"nul", b"\x1f\x8b" + os.urandom(50),
        b"[" + b"9" * 5000 + b"]", b'{"__proto__":{}}', b"\0" * 100, os.urandom(1000),
    ])  # fmt: skip
    path = chance.choice(["/v2/models/lenet/infer", "/predict", "/v2/models/lenet/versions/1/infer"])
    return whole("deep json", request(path, text, "application/json", port))


CLIMBS = ["../" * 8 + "etc/passwd", "%2e%2e/" * 8 + "etc/passwd", "%252e%252e/" * 8 + "etc/passwd", "..%2f" * 8 + "etc/passwd",
          "..%5c" * 8 + "etc\\passwd", "..\\" * 8 + "etc\\passwd", "/etc/passwd", "//etc/passwd", "%00", "lenet%00.png",
          "....//" * 6 + "etc/passwd", "%c0%ae%c0%ae/" * 6 + "etc/passwd", "..;/" * 6 + "etc/passwd", "~root/.ssh/id_rsa",
          "file:///etc/passwd", "lenet/../../../etc/passwd", ".%00./" * 5 + "etc/passwd", "C:\\windows\\win.ini",
          "proc/self/environ", "%2fproc%2fself%2fenviron", str(OUTSIDE), "..%u2215" * 5 + "etc", "a" * 20_000, "\xff\xfe",
          "%", "%zz", "%ff%fe", "lenet?x=../../etc/passwd", ".", "..", "...", "*", "lenet/versions/../../x"]  # fmt: skip


def paths(chance: random.Random, jpeg: bytes, port: int) -> Case:
    """Paths that lead out, encoded once, twice and wrongly."""
    climb = chance.choice(CLIMBS)
    front = chance.choice(["/", "/v2/models/", "/v2/", "/static/", "/v2/models/lenet/versions/", "/predict/", "", "/docs/",
                           "/metrics/"])  # fmt: skip
    back = chance.choice(["", "/infer", "/ready", "/versions/1/infer"])
    method = chance.choice(["GET", "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW", "CONNECT"])
    return whole("paths", request((front + climb + back).encode("latin-1"), b"", "", port, method=method))


def forms(chance: random.Random, jpeg: bytes, port: int) -> Case:
    """Forms without boundary, end, name or measure."""
    name = chance.choice(["a.jpg", "../../etc/passwd", "/etc/passwd", "a\0.jpg", "x" * 5000, "..\\..\\x", str(OUTSIDE), "",
                          'a"; x="', "é.png", "a.php", "con"])  # fmt: skip
    head = f'--b\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'.encode()
    end = b"\r\n--b--\r\n"
    body = chance.choice([
        head + jpeg + end, head + jpeg, head + end, head * 50 + jpeg + end, b"--b" * 5000, head[:20] + jpeg + end, end,
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1' + end, (head + b"x\r\n") * 400 + b"--b--",
        b"--b\r\n" + b"X: y\r\n" * 3000 + b"\r\n" + end, b"--b\r\nContent-Disposition: " + b"a" * 100_000 + b"\r\n\r\n" + end,
        head.replace(b"\r\n", b"\n") + jpeg + end, b"--b\r\n\r\n" + jpeg + end, b"--c\r\n" + head + jpeg + end,
        head + b"\r\n--" * 20_000 + end, head + jpeg + b"\r\n--b\r\n" * 1000, b"\xff" * 100,
    ])  # fmt: skip
    kind = chance.choice(["multipart/form-data; boundary=b"] * 6 + [
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "b" * 5000,
        "multipart/form-data; boundary=\"b", "multipart/mixed; boundary=b", "MULTIPART/FORM-DATA; BOUNDARY=b",
        "multipart/form-data; boundary=é", "application/x-www-form-urlencoded"])  # fmt: skip
    return whole("forms", request("/predict", body, kind, port))


def http(chance: random.Random, jpeg: bytes, port: int) -> Case:
    """What is no HTTP, or two requests for one server and one for another."""
    host = b"Host: 127.0.0.1:%d\r\n" % port
    length = b"Content-Length: %d\r\n" % len(jpeg)
    smuggled = b"GET /metrics HTTP/1.1\r\n" + host + b"\r\n"
    line = b"POST /predict HTTP/1.1\r\n"
    data = chance.choice([
        line + host + length + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
        line + host + length + b"Content-Length: 0\r\n\r\n" + jpeg,
        line + host + b"Content-Length: -1\r\n\r\n" + jpeg, line + host + b"Content-Length: 1e3\r\n\r\n" + jpeg,
        line + host + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n", line + host + b"Content-Length: +5\r\n\r\nhello",
        line + host + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n0\r\n\r\n",
        line + host + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello",
        line + host + b"Transfer-Encoding: xchunked\r\n\r\n" + jpeg,
        line + host + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        line + b"\r\n", line + b"Host: evil.example\r\n" + length + b"\r\n" + jpeg,
        line + host + host + length + b"\r\n" + jpeg, line + host + b"Origin: https://evil.example\r\n" + length + b"\r\n" + jpeg,
        b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n" + host + b"\r\n", b"GET  /  HTTP/1.1\r\n" + host + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\0\1\0\1\xfc\3\3" + os.urandom(200), os.urandom(500),
        b"GET / HTTP/1.1\r\n" + host + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + host + b"A: b\r\n" * 20_000 + b"\r\n", b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\n" + b"Host: x\n\n", b"GET / HTTP/1.1\r\n" + host + b" folded: x\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\n" + host + b"\r\n", b"\0" * 1000, b"\r\n" * 1000 + b"x",
        b"GET / HTTP/1.1\r\n" + host + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", b"GET /" + b"a" * 100_000,
        line + host + b"Authorization: Bearer \xff\xfe\r\n" + length + b"\r\n" + jpeg,
        line + host + b"Content-Encoding: br\r\n" + length + b"\r\n" + jpeg,
        b"GET / HTTP/1.1\r\n" + host + b"Range: bytes=0-99999999999999\r\n\r\n",
    ])  # fmt: skip
    if not data.endswith(b"\r\n\r\n") and data.count(b"\r\n\r\n") == 0:
        return Case("http", [(0.0, data)], leave="close")  # it could go on, so nobody answers yet
    return Case("http", [(0.0, data)], leave="close" if b"Expect" in data or b"9" * 40 in data else "")


def sockets(chance: random.Random, jpeg: bytes, port: int) -> Case:
    """WebSockets from elsewhere, of the wrong version, with frames that break the rules."""
    host = chance.choice([f"127.0.0.1:{port}"] * 4 + ["evil.example", f"localhost:{port}"])
    origin = chance.choice(["", "", f"http://127.0.0.1:{port}", "https://evil.example", "null"])
    upgrade = [f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
               chance.choice(["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Key: x", "X: y"]),
               f"Sec-WebSocket-Version: {chance.choice([13, 13, 13, 8, 'x'])}", *([f"Origin: {origin}"] if origin else [])]
    path = chance.choice(["/ws", "/ws", "/", "/v2/ws", "/ws/../../etc/passwd"])
    head = f"GET {path} HTTP/1.1\r\n".encode() + "\r\n".join(upgrade).encode() + b"\r\n\r\n"
    mask = b"\0\0\0\0"
    frame = chance.choice([
        b"\x81\x85" + mask + b"hello", b"\x81\x05hello", b"\x81\xff" + struct.pack(">Q", 2**62) + mask, b"\xf1\x80" + mask,
        b"\x81\x82" + mask + b"\xff\xfe", b"\x89\xfe" + struct.pack(">H", 200) + mask + b"x" * 200, b"\x01\x81" + mask + b"a",
        b"\x82\x84" + mask + b"\0\1\2\3", b"\x88\x81" + mask + b"x", b"\x80\x80" + mask, b"\x83\x80" + mask, os.urandom(300),
        b"\x81\xfe" + struct.pack(">H", 60_000) + mask + b"[" * 60_000, (b"\x89\x80" + mask) * 2000,
    ])  # fmt: skip
    return Case("sockets", [(0.0, head), (0.02, frame)])


def queries(chance: random.Random, jpeg: bytes, port: int) -> Case:
    """Arguments that mean nothing."""
    top = chance.choice(["-1", "0", "1e9", "9" * 400, "", "%00", "٣", "1.5", "NaN", "x", "1&top=2", "+1", "1;2", "[]"])
    model = chance.choice(["", "&model=../lenet", "&model=%2e%2e%2flenet", "&model=%00", "&model=" + "a" * 5000,
                           f"&model={OUTSIDE}", "&model=lenet&model=x", "&model=LENET", "&model=%ff"])  # fmt: skip
    return whole("queries", request(f"/predict?top={top}{model}", jpeg, "image/jpeg", port))


def leaving(chance: random.Random, jpeg: bytes, port: int) -> Case:
    """Senders that are gone before the request is whole, or before its answer."""
    data = request("/predict", jpeg, "image/jpeg", port)
    end = chance.choice([len(data), chance.randrange(1, len(data))])
    return Case("leaving", [(0.0, data[:end])], leave=chance.choice(["close", "reset"]))


def slow(chance: random.Random, jpeg: bytes, port: int) -> Case:
    """Senders that send a byte now and then."""
    data = request("/predict", jpeg, "image/jpeg", port)
    start = chance.choice([5, data.find(b"\r\n\r\n") - 3, data.find(b"\r\n\r\n") + 40])
    drops: Callable[[int], tuple[float, bytes]] = lambda place: (0.5, data[place : place + 1])  # noqa: E731
    return Case("slow", [(0.0, data[:start]), *(drops(start + place) for place in range(5))])
