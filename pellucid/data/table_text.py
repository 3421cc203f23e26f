"""The cells of a CSV file as people have them: any usual encoding, any usual separator.

Encodings   UTF-8, UTF-16 (both with or without a mark at the beginning), else Windows-1252 (Latin-1), with a note
Separators  comma, semicolon, tab, bar: the one that makes the header say most
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.errors import DataError, FileError, shown
from pellucid.storage.limits import LINE

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Table:
    """A header and the text below it; `rows` gives (line, cells), lines counted from 1 with the header included."""

    where: str
    columns: tuple[str, ...]
    text: str
    separator: str
    notes: tuple[str, ...]

    def place_of(self, names: Sequence[str]) -> int | None:
        """Where the first of these names (small letters) stands that a column has; None where none does."""
        small = [name.lower() for name in self.columns]
        return next((small.index(name) for name in names if name in small), None)

    def rows(self, most: int | None = None) -> Iterator[tuple[int, list[str]]]:
        """The rows below the header, blank lines left out. Raises DataError for what is no CSV."""
        reader = _reader(self.text, self.separator, self.where)
        try:
            next(reader, None)
            for number, cells in enumerate(reader):
                if most is not None and number >= most:
                    return
                if cells:
                    yield reader.line_num, cells
        except csv.Error as error:
            raise DataError(f"{self.where}: line {reader.line_num} cannot be read ({error}). "
                            "Quote the cell or correct it.") from error


def read_table(content: bytes, where: str, usual: Collection[str]) -> Table:
    """The table in these bytes; `usual` are names of columns (small letters) by which the separator is known.

    Raises FileError for what is no text and DataError for a header that cannot be read.
    """
    text, notes = decoded(content, where)
    best, score, header = ",", (-1, -1), list[str]()
    for separator in SEPARATORS:
        try:
            cells: list[str] = next(_reader(text, separator, where), [])
        except csv.Error as error:
            if separator == ",":
                failure = error
            continue
        known = sum(cell.strip().lower() in usual for cell in cells)
        if (known, len(cells)) > score:
            best, score, header = separator, (known, len(cells)), cells
    if score == (-1, -1):
        raise DataError(f"{where}: line 1 cannot be read ({failure}). Quote the cell or correct it.") from failure
    if best != ",":
        notes = (*notes, f"columns separated by {SEPARATORS[best]}")
    return Table(where, tuple(cell.strip() for cell in header), text, best, notes)


def decoded(content: bytes, where: str) -> tuple[str, tuple[str, ...]]:
    """The text of a table, and a note when it is not UTF-8."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            return _strictly(content, encoding, where), ("UTF-16 text",)
    if b"\0" in content[:256]:
        encoding = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
        return _strictly(content, encoding, where), ("UTF-16 text",)
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        try:
            return content.decode("cp1252"), ("text that is not UTF-8, read as Windows-1252",)
        except UnicodeDecodeError:
            return content.decode("latin-1"), ("text that is not UTF-8, read as Latin-1",)


def _strictly(content: bytes, encoding: str, where: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise FileError(f"{where}: a table must be text, but byte {error.start} is not. Save it as UTF-8.") from error
    if "\0" in text:
        raise FileError(f"{where}: a table must be text, but it holds zero bytes. Save it as CSV in UTF-8.")
    return text


def _reader(text: str, separator: str, where: str) -> Any:
    return csv.reader(_lines(text, where), delimiter=separator, skipinitialspace=True, strict=True)


def _lines(text: str, where: str) -> Iterator[str]:
    """The lines with their ends. Raises FileError for one so long that its cells would fill the memory."""
    start, most = 0, LINE.now
    while start < len(text):
        found = LINE_END.search(text, start, start + most + 2)
        end = found.end() if found else len(text)
        if end - start > most + 2:
            raise LINE.beyond(where, f"{end - start:,} or more")
        yield text[start:end]
        start = end


def listed(columns: Collection[str], most: int = 20) -> str:
    """Names of columns for a sentence: the first ones, each cut, and how many more there are."""
    names = [shown(name, 60) for name in columns]
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return (", ".join(names[:most]) + more) or "missing"
