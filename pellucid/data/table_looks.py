"""What the cells of a column of a table look like: words or numbers, and numbers that nobody would give to classes."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.data.number_cells import has_fraction, is_missing, is_number, name_and_unit
from pellucid.data.table_text import Table

LOOKED_AT = 200                 # rows whose cells tell what a column holds
FEW = 20                        # rows among which so many different numbers tell nothing


@dataclass(frozen=True)
class Look:
    """What the cells of a column are: how many of them, how many with fractions, how many different numbers."""

    rows: int = 0
    numbers: int = 0
    missing: int = 0
    fractions: int = 0
    different: int = 0

    @property
    def numeric(self) -> bool:
        """Whether nine of ten cells that say something are numbers."""
        return self.numbers > 0 and 10 * self.numbers >= 9 * (self.rows - self.missing)


def look_at(table: Table, place: int, most: int | None = None) -> Look:
    """The column at a place, in its first `most` rows or in all."""
    cells = [cells[place].strip() if place < len(cells) else "" for _, cells in table.rows(most)]
    numbers = [cell for cell in cells if is_number(cell)]
    return Look(len(cells), len(numbers), sum(map(is_missing, cells)), sum(map(has_fraction, numbers)),
                len(set(numbers)))


def is_measured(table: Table, place: int, *, learning: bool) -> bool:
    """Whether a column holds numbers that nobody would give to classes."""
    if not look_at(table, place, LOOKED_AT).numeric:
        return False
    look = look_at(table, place)
    many = learning and look.rows >= FEW and 2 * look.different > look.numbers
    return look.numeric and (look.fractions > 0 or many)


def bare_name(table: Table, place: int) -> str:
    """The name of a column in small letters, without its unit."""
    return name_and_unit(table.columns[place])[0].lower()
