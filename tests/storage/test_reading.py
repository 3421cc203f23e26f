"""Regular files only, within bounds, and nothing that is packed may swell: each refusal names the file."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import socket
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from pellucid.errors import ArgumentError, FileError
from pellucid.storage import limits, reading
from pellucid.storage.unpacking import unpacked_blocks
from tests.docs.made import page_with
from tests.storage.limits_table import MAKER, PAGE, table


def test_the_page_shows_the_table_of_limits() -> None:
    assert page_with(PAGE, MAKER, table()) == PAGE.read_text(encoding="utf-8")


def test_a_variable_raises_a_limit_and_a_strange_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_MAX_ENTRIES", "3000000")
    assert limits.ENTRIES.now == 3_000_000
    limits.ENTRIES.check(2_500_000, "here")
    for strange in ("-1", "0", "many", "9" * 400, "１２"):
        monkeypatch.setenv("PELLUCID_MAX_ENTRIES", strange)
        with pytest.raises(ArgumentError, match="PELLUCID_MAX_ENTRIES must be a whole number of 1 or more"):
            _ = limits.ENTRIES.now


def pipe(path: Path) -> None:
    os.mkfifo(path)


def bound_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (pipe, "a pipe"),
        (bound_socket, "a socket"),
        (lambda path: path.symlink_to("/dev/zero"), "a link to a device"),
        (lambda path: path.symlink_to("/dev/null"), "a link to a device"),
    ],
    ids=["pipe", "socket", "zero", "null"],
)
@pytest.mark.parametrize("read", [reading.read_bytes, reading.read_text, reading.read_json, reading.sha256_of])
def test_only_regular_files_are_read(
    make: Callable[[Path], None], word: str, read: Callable[[Path], object], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket may have 107 bytes
    make(Path("strange"))
    with pytest.raises(FileError, match=f"strange is {word}, and only regular files are read"):
        read(Path("strange"))


def test_a_long_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.json"
    with path.open("wb") as file:
        file.truncate(10**13)
    with pytest.raises(FileError, match=r"long.json: the text or metadata of a file may be at most 256,000,000 bytes, "
                                        r"but it is 10,000,000,000,000. Set PELLUCID_MAX_TEXT=N to allow more"):
        reading.read_json(path)
    with pytest.raises(FileError, match=r"long\.json is 10,000,000,000,000 bytes long"):
        reading.read_bytes(path, most=100)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[" * 100_000, "not valid JSON"),
        ("[" * 100 + "]" * 100, "nested JSON may be at most 64 levels"),
        ('{"a":' * 70 + "1" + "}" * 70, "nested JSON may be at most 64 levels"),
        ("[" + "[]," * 2_000_001 + "1]", "one JSON text may be at most 4,000,000 values"),
        ("1" * 5000, "not valid JSON"),
        ('{"a": "\0"}', "not UTF-8 text .byte 7 is NUL"),
    ],
    ids=["deepest", "deep list", "deep object", "many", "digits", "nul"],
)
def test_json_is_bounded_in_depth_and_number(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(FileError, match=told):
        reading.read_json(path)


def test_json_that_is_large_and_shallow_is_read(tmp_path: Path) -> None:
    value = [{"a": list(range(5))} for _ in range(2000)]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(value))
    assert reading.read_json(path) == value


PACKERS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("kind", PACKERS)
def test_what_is_packed_comes_back_in_members_and_with_padding(kind: str, tmp_path: Path) -> None:
    pack = PACKERS[kind]
    first, second = os.urandom(100_000), b"ab" * 900_000
    path = tmp_path / "packed"
    path.write_bytes(pack(first) + pack(second) + bytes(512))
    with path.open("rb") as file:
        assert b"".join(unpacked_blocks(file, path)) == first + second


@pytest.mark.parametrize("kind", PACKERS)
def test_broken_packing_is_worded(kind: str, tmp_path: Path) -> None:
    whole = PACKERS[kind](os.urandom(100_000))
    path = tmp_path / "packed"
    for content in (whole[:-3], whole[:40], whole[:1000] + b"??" + whole[1002:], whole + b"rubbish"):
        path.write_bytes(content)
        with path.open("rb") as file, pytest.raises(FileError, match=r"packed: the [a-z0-9]+ data cannot be unpacked"):
            list(unpacked_blocks(file, path))


@pytest.mark.parametrize("kind", PACKERS)
def test_a_bomb_stops_early(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb"
    monkeypatch.setattr(limits, "FREE", 2_000_000)  # 64 MB take a while
    path.write_bytes(PACKERS[kind](bytes(9_000_000)))
    given = 0
    with path.open("rb") as file, pytest.raises(FileError, match="bomb: what is packed, beyond 64 MB, may be at most"):
        for block in unpacked_blocks(file, path):
            given += len(block)
    assert given < 9_000_000


def test_a_sparse_file_is_known_by_what_it_takes(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.write(b"head")
        file.truncate(10**10)
    (tmp_path / "full").write_bytes(os.urandom(100_000))
    with reading.open_regular(tmp_path / "sparse") as sparse, reading.open_regular(tmp_path / "full") as full:
        assert reading.stored_bytes(sparse) < 100_000
        assert reading.stored_bytes(full) == 100_000
    with pytest.raises(FileError, match="declares over 1,000 times the bytes stored"):
        limits.check_claim(5 * 2**30, 4096, "x")
    limits.check_claim(5 * 2**30, 2**30, "x")


def test_the_gzip_header_alone_is_refused() -> None:
    with pytest.raises(FileError, match="x: the gzip data cannot be unpacked"):
        list(unpacked_blocks(io.BytesIO(zlib.compress(b"", wbits=31)[:10]), "x"))
