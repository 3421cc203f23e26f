"""Where a command's words go: people's lines to standard output, or to standard error when it is kept for JSON."""

from __future__ import annotations

import json
import logging
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from pellucid.errors import escaped, shown

if TYPE_CHECKING:
    from pellucid.reports.sections import Section

LONG_WORD, LONGEST = re.compile(r"\S{200,}"), 1_500  # characters that a person can read
HALF_LETTER = re.compile("[\ud800-\udfff]")
JSON_FLAG = typer.Option("--json", help="Print one JSON object on standard output, and nothing else there.")


def say(*texts: str, to: TextIO | None = None) -> None:
    """Print lines of text, what could move the cursor escaped; the one way by which words of a command leave it."""
    lines = [escaped(line) for text in texts for line in text.split("\n")]
    print(*lines, sep="\n", file=to, flush=True)


def complain(sentence: str) -> None:
    """Print one sentence on standard error, in the program's name; long words and a long sentence are cut."""
    say(f"pellucid: {shown(LONG_WORD.sub(lambda word: shown(word[0]), sentence), LONGEST)}", to=sys.stderr)


class OneLine(logging.Formatter):
    """A record as one line, whatever the names in it hold."""

    def format(self, record: logging.LogRecord) -> str:
        return escaped(super().format(record))


class FileLines(logging.Handler):
    """Appends every line to a run's log.txt through the one writer, once the run has its config.json.

    Until then nothing is on disk that would stand in the way of a second attempt.
    """

    def __init__(self, path: Path, *, after: Path) -> None:
        super().__init__()
        self.setFormatter(OneLine())
        self.path, self.after = path, after
        self.waiting = ""

    def emit(self, record: logging.LogRecord) -> None:
        from pellucid.storage.writer import append_text

        self.waiting += self.format(record) + "\n"
        if self.after.exists():
            lines, self.waiting = self.waiting, ""
            append_text(self.path, lines)


class TerminalLines(logging.StreamHandler[TextIO]):
    """Writes to what is standard output (or error) at the moment: a progress bar takes it over while it is shown."""

    def __init__(self, name: str) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(OneLine())
        self.stream_name = name

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """sys.stdout or sys.stderr, as it is now."""
        found: TextIO = getattr(sys, self.stream_name)
        return found


def show_lines(as_json: bool) -> logging.Logger:
    """Send the library's lines to the terminal."""
    logger = logging.getLogger("pellucid")
    logger.setLevel(logging.INFO)
    logger.handlers = [TerminalLines("stderr" if as_json else "stdout")]
    logger.propagate = False
    return logger


def tell_of_engine(engine: str | None) -> None:
    """Send what the packed engine leaves to floats, and why, to standard error."""
    if engine == "packed":
        show_lines(as_json=True)


def print_json(value: Any) -> None:
    """One JSON object on standard output.

    Numbers that are not finite become null; a byte of a name that was no UTF-8 is spelt \\xe9, as in lines for people:
    JSON has no word for it that every reader takes.
    """
    from pellucid.storage.finite import finite
    from pellucid.storage.plain import plain

    text = json.dumps(plain(finite(value), where="--json"), sort_keys=True, ensure_ascii=False)
    text = HALF_LETTER.sub(lambda found: json.dumps(escaped(found[0]))[1:-1], text)
    say(json.dumps(json.loads(text), sort_keys=True))


def in_words(section: Section) -> str:
    """A section of what was found as a terminal shows it; of what it cannot show, what that is."""
    from pellucid.reports.sections import Facts, Figure, Table, Text

    if isinstance(section, Table):
        return table(section.rows, section.columns)
    if isinstance(section, Facts):
        return "\n".join(f"{label}  {value}" for label, value in section.rows)
    if isinstance(section, Text):
        return section.text
    return section.alt if isinstance(section, Figure) else section.title


def table(rows: list[list[str]], head: list[str]) -> str:
    """Columns of text; a column of numbers stands to the right, its heading too."""
    rows = [[escaped(cell) for cell in row] for row in rows]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(head)
    widths = [max(map(width_of, [title, *cells])) for title, cells in zip(head, columns, strict=True)]
    right = [all(is_number(cell) for cell in cells) for cells in columns]

    def line(cells: list[str]) -> str:
        room = [" " * (width - width_of(cell)) for cell, width in zip(cells, widths, strict=True)]
        padded = [rest + cell if to_the_right else cell + rest
                  for cell, rest, to_the_right in zip(cells, room, right, strict=True)]  # fmt: skip
        return "  ".join(padded).rstrip()

    return "\n".join([line(head), "-" * (sum(widths) + 2 * len(widths) - 2), *[line(row) for row in rows]])


def width_of(text: str) -> int:
    """How many columns a terminal takes for the text: two for a Chinese letter or an emoji, none for an accent."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def cut(text: str, width: int, *, middle: bool = True) -> str:
    """The text in at most `width` columns of a terminal; three dots for its middle, else for its end."""
    text = escaped(text[: 8 * width] + text[-8 * width :] if len(text) > 16 * width else text)
    if width_of(text) <= width:
        return text
    room = max(0, width - 3)
    tail = text[len(text) - room // 3 :] if middle and room >= 3 else ""
    while width_of(tail) > room // 3:
        tail = tail[1:]
    head = text[:room]
    while width_of(head) + width_of(tail) > room:
        head = head[:-1]
    return f"{head}...{tail}"


def is_number(text: str) -> bool:
    """Whether a cell holds a number, or the dash of one that is missing."""
    return text == "-" or text.replace(",", "").replace(".", "").replace("%", "").lstrip("-").isdigit()
