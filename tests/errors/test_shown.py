"""What a message quotes: on one line, harmless to a terminal, of bounded length."""

from __future__ import annotations

import pytest

from pellucid.errors import MOST_SHOWN, escaped, shown


@pytest.mark.parametrize(("text", "wanted"), [
    ("Zürich 猫 👩‍🔬 file.png", "Zürich 猫 👩‍🔬 file.png"),
    ("a\nssh-rsa AAAA", "a\\nssh-rsa AAAA"),
    ("a\r\tb", "a\\r\\tb"),
    ("\x1b[2J\x07\x9b", "\\x1b[2J\\x07\\x9b"),
    ("gpj\u202e.exe\u2066", "gpj\\u202e.exe\\u2066"),
    ("a\u2028b\u0085c", "a\\u2028b\\x85c"),
    ("caf\udce9", "caf\\xe9"),
    ("\ud800", "\\ud800"),
    ("\ufeff\u200b\u00ad", "\\ufeff\\u200b\\xad"),
    ("", ""),
])  # fmt: skip
def test_what_is_not_printable_is_escaped(text: str, wanted: str) -> None:
    assert escaped(text) == wanted == shown(text)
    assert escaped(text).encode() is not None


@pytest.mark.parametrize("text", ["a" * 81, "a" * 161, "\x00" * 50, "\x00" * 10**6, "é" * 10**6], ids=len)
def test_a_long_text_keeps_its_ends(text: str) -> None:
    words = shown("begin" + text + "end")
    assert len(words) == MOST_SHOWN
    assert words.startswith("begin") and words.endswith("end") and "..." in words


def test_any_value_is_shown() -> None:
    assert shown(10**30, most=12) == "10000...0000"
    assert shown(["a\n"]) == "['a\\n']"
