"""What the cells of a column of a table look like: words or numbers, and numbers that nobody would give to classes."""

from __future__ import annotations

from collections.abc import Sequence
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


def look_at(table: Table, places: Sequence[int], most: int | None = None) -> dict[int, Look]:
    """The columns at these places, in the first `most` rows or in all."""
    rows = [[cells[at].strip() if at < len(cells) else "" for at in places] for _, cells in table.rows(most)]
    return {at: _look([row[k] for row in rows]) for k, at in enumerate(places)}


def _look(cells: Sequence[str]) -> Look:
    numbers = [cell for cell in cells if is_number(cell)]
    return Look(len(cells), len(numbers), sum(map(is_missing, cells)), sum(map(has_fraction, numbers)),
                len(set(numbers)))


def numeric_columns(table: Table, places: Sequence[int]) -> list[int]:
    """Those of the columns at these places whose first rows hold numbers."""
    return [at for at, look in look_at(table, places, LOOKED_AT).items() if look.numeric]


def are_measured(table: Table, places: Sequence[int], *, learning: bool) -> bool:
    """Whether one of these columns of numbers holds such as nobody would give to classes."""
    if any(look.fractions for look in look_at(table, places, LOOKED_AT).values()):
        return True
    return any(look.fractions > 0 or (learning and look.rows >= FEW and 2 * look.different > look.numbers)
               for look in look_at(table, places).values() if look.numeric)


def bare_name(table: Table, place: int) -> str:
    """The name of a column in small letters, without its unit."""
    return name_and_unit(table.columns[place])[0].lower()
