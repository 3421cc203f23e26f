"""The body of a request, read within its limits, and the files in it."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from pellucid.serving.refusals import Refused
from pellucid.serving.settings import Settings

Scope = MutableMapping[str, Any]
PLAIN_NAME = "picture"  # of one that comes without


def header(scope: Scope, name: bytes) -> str:
    """The value of a header, empty where there is none."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return ""


async def whole_body(scope: Scope, receive: Any, settings: Settings) -> bytes:
    """All bytes of the body. Raises Refused when it is too long, too slow, or its sender has left."""
    said = header(scope, b"content-length")
    if said.isdecimal() and int(said) > settings.most_bytes:
        raise too_long(settings)
    parts, length, more = [], 0, True
    try:
        async with asyncio.timeout(settings.timeout):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refused(499, "The client has left before its request was whole.")
                part = message.get("body", b"")
                length += len(part)
                if length > settings.most_bytes:
                    raise too_long(settings)
                parts.append(part)
                more = message.get("more_body", False)
    except TimeoutError:
        raise Refused(408, f"The body did not arrive within {settings.timeout:g} seconds.",
                      {"Connection": "close"}) from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def too_long(settings: Settings) -> Refused:
    """The refusal of a body beyond the limit; the rest of it is not waited for."""
    return Refused(413, f"The body may have at most {settings.most_bytes:,} bytes (--max-upload).",
                   {"Connection": "close"})


def files_of(body: bytes, kind: str, settings: Settings) -> list[tuple[str, bytes]]:
    """Name and content of each picture in a body of a content type: those of a form, or the body itself.

    Raises Refused for a form that is broken or holds no file, and for more pictures than are allowed.
    """
    if not kind.lower().startswith("multipart/form-data"):
        if not body:
            raise Refused(400, "The body is empty. Send a picture's bytes, or a form with files.")
        return [(PLAIN_NAME, body)]
    found = in_form(body, kind, settings)
    if not found:
        raise Refused(400, "The form holds no file. Send one, for example: curl -F image=@picture.png ADDRESS.")
    return found


def in_form(body: bytes, kind: str, settings: Settings) -> list[tuple[str, bytes]]:
    """The files of a multipart form, in order; its other fields are left out."""
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    boundary = parse_options_header(kind.encode("latin-1"))[1].get(b"boundary", b"")
    form = Form(settings.pictures)
    try:
        parser = MultipartParser(boundary, form.callbacks())
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError) as fault:
        raise Refused(400, f"The form is broken: {' '.join(str(fault).split())[:200]}") from None
    if not form.ended:
        raise Refused(400, "The form is broken: its end is missing.")
    return form.files


class Form:
    """Gathers the files of a form while it is parsed."""

    def __init__(self, most: int) -> None:
        self.most, self.ended = most, False
        self.files: list[tuple[str, bytes]] = []
        self.name, self.value, self.about = b"", b"", b""
        self.parts: list[bytes] = []

    def callbacks(self) -> Any:
        """What the parser calls."""
        return {"on_part_begin": self.begin, "on_header_field": self.on_name, "on_header_value": self.on_value,
                "on_header_end": self.on_header, "on_part_data": self.on_data, "on_part_end": self.end_part,
                "on_end": self.finish}

    def begin(self) -> None:
        """A part begins."""
        self.about, self.parts = b"", []

    def on_name(self, data: bytes, start: int, end: int) -> None:
        """A piece of a header's name."""
        self.name += data[start:end]

    def on_value(self, data: bytes, start: int, end: int) -> None:
        """A piece of a header's value."""
        self.value += data[start:end]

    def on_header(self) -> None:
        """A header is whole."""
        if self.name.lower() == b"content-disposition":
            self.about = self.value
        self.name, self.value = b"", b""

    def on_data(self, data: bytes, start: int, end: int) -> None:
        """A piece of a part's content."""
        self.parts.append(data[start:end])

    def end_part(self) -> None:
        """A part is whole; one without a file name is no file."""
        from python_multipart.multipart import parse_options_header

        options = parse_options_header(self.about)[1]
        if b"filename" not in options:
            return
        if len(self.files) == self.most:
            raise Refused(413, f"One request may have at most {self.most} pictures (--pictures).")
        name = options[b"filename"].decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
        self.files.append((name[:200] or PLAIN_NAME, b"".join(self.parts)))

    def finish(self) -> None:
        """The form is whole."""
        self.ended = True
