"""Numbers as the cells of a table have them: 12.5, -3e4, and 12,5 where a whole column is written so.

Units   of a column in its header: `angle (degrees)`, `length [mm]`
Commas  a column is read with decimal commas where no cell of it has a point and some comma cannot mark thousands
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from pellucid.data.annotations import Numbers
from pellucid.errors import DataError, shown
from pellucid.storage.limits import NAME

POINT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?", re.ASCII)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:[,.' \u00a0\u202f]\d{3})+(?:[.,]\d*)?")
HEADER = re.compile(r"(?P<name>.*\S)\s*(?:\((?P<round>[^()]*)\)|\[(?P<square>[^\[\]]*)\])")
MISSING = frozenset(("", "nan", "na", "n/a", "#n/a", "null", "none", "nil", "missing", "unknown", "?", "-", "--"))
ENDLESS = frozenset(("inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"))
ABOVE = "beyond 1.8e308, the largest that is kept"
Cells = Sequence[tuple[int, Sequence[str]]]  # a line and its cells, one a column


def name_and_unit(header: str) -> tuple[str, str]:
    """("angle", "degrees") of `angle (degrees)`; the unit is "" where none is written."""
    match = HEADER.fullmatch(header.strip())
    return (header.strip(), "") if match is None else (match["name"], (match["round"] or match["square"] or "").strip())


def is_number(cell: str) -> bool:
    """Whether a cell is a number with a decimal point or comma."""
    plain = plainly(cell)
    return POINT.fullmatch(plain) is not None or COMMA.fullmatch(plain) is not None


def is_missing(cell: str) -> bool:
    """Whether a cell says that nothing is known: nothing, NaN, NA, ?."""
    return cell.strip().lower() in MISSING


def has_fraction(cell: str) -> bool:
    """Whether a number is not whole."""
    return not float(plainly(cell).replace(",", ".")).is_integer()


def plainly(cell: str) -> str:
    """A cell with the minus of a keyboard."""
    return cell.strip().replace("\u2212", "-")


def numbers_of(where: str, headers: Sequence[str], rows: Cells) -> tuple[Numbers, list[str]]:
    """The numbers of the rows, a column a header, and a note on how they are written.

    Raises DataError naming the line, the column and the cell.
    """
    found = [name_and_unit(header) for header in headers]
    names = [name for name, _ in found]
    if len(set(names)) < len(names):
        found = [(header, unit) for header, (_, unit) in zip(headers, found, strict=True)]  # length (mm), length (px)
    for name, times in Counter(name for name, _ in found).items():
        NAME.check(len(name.encode("utf-8", "surrogatepass")), where, what="the name of a column")
        if times > 1:
            raise DataError(f"{where}: two columns are called '{shown(name)}'. Give every column a name of its own.")
    commas = [_has_decimal_commas([cells[k] for _, cells in rows]) for k in range(len(headers))]
    values = np.empty((len(rows), len(headers)))                                            # (N, K)
    for row, (line, cells) in zip(values, rows, strict=True):
        for k, cell in enumerate(cells):
            row[k] = _number(where, line, headers[k], cell, commas[k])
    notes = ["decimal commas read as points"] if any(commas) else []
    return Numbers(values, tuple(name for name, _ in found), tuple(unit for _, unit in found)), notes


def _has_decimal_commas(cells: Sequence[str]) -> bool:
    return not any("." in cell for cell in cells) and any(
        COMMA.fullmatch(plainly(cell)) and not THOUSANDS.fullmatch(plainly(cell)) for cell in cells)


def _number(where: str, line: int, header: str, cell: str, commas: bool) -> float:
    plain = plainly(cell)
    if commas and COMMA.fullmatch(plain):
        plain = plain.replace(",", ".")
    if POINT.fullmatch(plain):
        value = float(plain)
        if abs(value) <= np.finfo(np.float64).max:
            return value
        got, remedy = ABOVE, "Correct it, or remove the row."
    elif is_missing(plain) or plain.lower() in ENDLESS:
        got, remedy = "", "Fill it in, or remove the row."
    elif THOUSANDS.fullmatch(plain):
        got, remedy = "which may have marks of thousands", "Write it with a decimal point and no other mark."
    elif COMMA.fullmatch(plain):
        got, remedy = "where other rows have a decimal point", "Write all with a decimal point."
    elif plain[:1].isdigit():
        got, remedy = "", "Write the number alone; a unit belongs in the header, as in 'length (mm)'."
    else:
        got, remedy = "", "Correct it, or name another column of numbers: --label COLUMN."
    told = f", {got}" if got else ""
    raise DataError(f"{where}: line {line}: the column '{shown(header)}' must be a number, but it is '{shown(cell)}'"
                    f"{told}. {remedy}")
