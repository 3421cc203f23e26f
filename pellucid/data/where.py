"""Which rows of a table are read: `--where cell_type=U2OS,site=1|2` is COLUMN=VALUE with commas, | between values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pellucid.data.asked_columns import no_column
from pellucid.data.table_text import Table
from pellucid.errors import ArgumentError, DataError, describe, shown

PAIR = re.compile(r"\s*([^=|]+?)\s*=\s*([^=]+?)\s*")
Wanted = dict[str, frozenset[str]]      # by the name of a column in small letters


def parse_where(text: str) -> Wanted:
    """The values wanted of each column. Raises ArgumentError for what says none."""
    pairs = [PAIR.fullmatch(part) for part in text.split(",")]
    wanted = {pair[1].lower(): frozenset(value.strip() for value in pair[2].split("|")) for pair in pairs if pair}
    if len(wanted) < len(pairs) or not all(map(all, wanted.values())):
        raise ArgumentError(describe("data", "--where", "COLUMN=VALUE for different columns, with commas between them",
                                     repr(shown(text)), "Type, for example, --where 'cell_type=U2OS,site=1|2'."))
    return wanted


def kept_rows(table: Table, where: str | None) -> tuple[Callable[[Sequence[str]], bool], list[str]]:
    """Whether a row's cells have the values wanted, and a note. Raises DataError for a column that is not there."""
    if where is None:
        return lambda cells: True, []
    places = [(table.place_of([name]), values, name) for name, values in parse_where(where).items()]
    for place, _, name in places:
        if place is None:
            raise no_column(table, name)

    def fits(cells: Sequence[str]) -> bool:
        return all(place is not None and place < len(cells) and cells[place].strip() in values
                   for place, values, _ in places)

    return fits, [f"rows where {shown(where, 100)}"]


def refuse_none(place: str, where: str | None) -> DataError:
    """What is said where no row has the values wanted."""
    return DataError(f"{place}: no row has {shown(str(where), 100)}. Correct --where, or leave it out.")
