"""Tables on disk: CSV with a header line, in UTF-8.

A float is written as the shortest text that reads back to the same float; a line ends in a line feed everywhere.
Text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a line break, and is no number) gets
an apostrophe before it, which is taken off again when Pellucid reads the table.
Source    https://owasp.org/www-community/attacks/CSV_Injection.
"""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pellucid.errors import FileError, shown
from pellucid.storage.reading import read_text
from pellucid.storage.writer import write_text

FORMULA = re.compile(r"'*[-=+@\t\r\n\uff1d\uff0b\uff0d\uff20]")  # the last four: the same signs in full width


def csv_line(values: Iterable[Any]) -> str:
    """One line of a table with its line end; None is an empty cell."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_cell(value) for value in values])  # either is quoted in a cell
    return text.getvalue()[:-2] + "\n"


def write_csv(path: str | os.PathLike[str], rows: list[dict[str, Any]]) -> None:
    """Write rows; the columns are all keys in the order they are first seen, an absent value is an empty cell.

    Raises FileError when the file cannot be written.
    """
    columns = list(dict.fromkeys(key for row in rows for key in row))
    write_text(path, _table(columns, rows))


def read_csv(path: str | os.PathLike[str]) -> list[dict[str, str]]:
    """The rows of a table as text, an empty list for an empty file. Raises FileError, which names the line."""
    return _parse(path, read_text(path))[1]


def cut_csv(path: str | os.PathLike[str], column: str, last: int) -> None:
    """Drop the rows whose whole number in `column` is beyond `last`, and a last line that a kill left unfinished.

    A table that does not exist yet has nothing to cut. Raises FileError for a row without that number.
    """
    if not os.path.lexists(path):
        return
    text = read_text(path)
    whole = text[: text.rfind("\n") + 1]
    columns, rows = _parse(path, whole)
    kept = [row for i, row in enumerate(rows) if _number(path, row, column, i + 2) <= last]
    if len(kept) < len(rows) or whole != text:
        write_text(path, _table(columns, kept))


def last_number(path: str | os.PathLike[str], rows: list[dict[str, str]], column: str) -> float:
    """The number in a column of the last row, 0 for no rows. Raises FileError when there is none that is finite."""
    text = rows[-1].get(column, "") if rows else "0"
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise FileError(
            f"{path}, line {len(rows) + 1}: column '{column}' must hold a number, but it holds {shown(repr(text))}. "
            "Mend that line, or remove the file: the run needs it no more."
        )
    return number


def _cell(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()  # numpy writes its floats as np.float64(...)
    if isinstance(value, float):
        return repr(value)
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) and not _is_number(value) else value


def _text(cell: str) -> str:
    """A cell as it was before it was written."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _table(columns: list[str], rows: list[dict[str, Any]]) -> str:
    if not columns:
        return ""
    return csv_line(columns) + "".join(csv_line(row.get(column) for column in columns) for row in rows)


def _parse(path: str | os.PathLike[str], text: str) -> tuple[list[str], list[dict[str, str]]]:
    """Columns and rows of a table."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[dict[str, str]] = []
    try:
        columns = [_text(cell) for cell in next(reader, [])]
        for cells in reader:
            if len(cells) != len(columns):
                raise FileError(
                    f"{path}, line {reader.line_num}: {len(columns)} columns are wanted, but {len(cells)} came. "
                    "Mend that line."
                )
            rows.append(dict(zip(columns, map(_text, cells), strict=True)))
    except csv.Error as error:
        raise FileError(f"{path}, line {reader.line_num} is not CSV ({error}). Mend that line.") from error
    return columns, rows


def _number(path: str | os.PathLike[str], row: Mapping[str, str], column: str, line: int) -> int:
    try:
        return int(row[column])
    except (KeyError, ValueError) as error:
        held = shown(repr(row.get(column)))
        raise FileError(
            f"{path}, line {line}: column '{column}' must hold a whole number, but it holds {held}. "
            "Mend or remove that line."
        ) from error
