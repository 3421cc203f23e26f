"""The one writer where nothing goes wrong (tests/faults has the rest)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pellucid.errors import ArgumentError, FileError
from pellucid.storage.reading import read_json, read_text
from pellucid.storage.writer import append_text, write_bytes, write_json, write_text


def test_bytes_replace_an_older_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_bytes(path, b"a much longer older file")
    write_bytes(str(path), b"new\x00")
    assert path.read_bytes() == b"new\x00"
    assert os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("write", [lambda path: write_bytes(path, b"1"), lambda path: append_text(path, "1")])
def test_a_link_is_refused_and_what_it_leads_to_stays(write: Callable[[Path], None], tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "file").write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "far" / "file")
    (tmp_path / "nowhere").symlink_to(tmp_path / "far" / "new")
    for name in ("link", "nowhere"):
        with pytest.raises(FileError, match=f"{name} is a link, and what is written must not leave its folder"):
            write(tmp_path / name)
    assert os.listdir(tmp_path / "far") == ["file"]
    assert (tmp_path / "far" / "file").read_bytes() == b"mine"
    (tmp_path / "there").symlink_to(tmp_path / "far")
    write(tmp_path / "there" / "other")  # a folder that the user names may be a link
    assert (tmp_path / "far" / "other").read_bytes() == b"1"


def test_a_new_file_obeys_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "a", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_text_is_utf8_with_its_own_line_ends(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "zéro\r\none\n")
    append_text(tmp_path / "a", "two→\n")
    assert (tmp_path / "a").read_bytes() == "zéro\r\none\ntwo→\n".encode()
    assert read_text(tmp_path / "a") == "zéro\r\none\ntwo→\n"


def test_json_has_sorted_keys_and_a_line_end(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"b": (1, np.int64(2)), "a": {"é": np.float32(0.5), "none": None}})
    assert path.read_text(encoding="utf-8") == (
        '{\n  "a": {\n    "none": null,\n    "é": 0.5\n  },\n  "b": [\n    1,\n    2\n  ]\n}\n'
    )
    assert read_json(path) == {"a": {"none": None, "é": 0.5}, "b": [1, 2]}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("-inf")])
def test_json_refuses_nan_and_infinity_and_says_where(value: float, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"metrics\.json: epochs\[1\]: loss: the value is -?(nan|inf), which"):
        write_json(tmp_path / "metrics.json", {"epochs": [{}, {"loss": value}]})
    assert not list(tmp_path.iterdir())
