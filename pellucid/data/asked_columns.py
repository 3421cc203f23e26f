"""Which columns of a table a user names with --label and --group."""

from __future__ import annotations

from pellucid.data.table_looks import bare_name
from pellucid.data.table_text import Table, listed
from pellucid.errors import DataError


def asked_columns(table: Table, label: str | None) -> tuple[int, ...]:
    """Places of the columns that --label names, with or without the unit in their header; none without it.

    Raises DataError for a name that no column has.
    """
    if not label:
        return ()
    places = named_by(table, label)
    for name, place in places.items():
        if place is None:
            raise no_column(table, name)
    return tuple(dict.fromkeys(place for place in places.values() if place is not None))


def no_column(table: Table, name: str) -> DataError:
    """What is said of a column that a user named and that is not there."""
    return DataError(f"{table.where}: the table must have a column '{name}', but its columns are "
                     f"{listed(table.columns)}. Correct the header line.")


def named_by(table: Table, label: str) -> dict[str, int | None]:
    """The columns that --label names: one, or several with commas."""
    names = [label] if _called(table, label) is not None else label.split(",")
    return {name.strip(): _called(table, name) for name in names}


def _called(table: Table, name: str) -> int | None:
    wanted = name.strip().lower()
    found = table.place_of([wanted])
    bare = [bare_name(table, at) for at in range(len(table.columns))]
    return bare.index(wanted) if found is None and wanted in bare else found
