"""Wells of plates: several pictures of one well show the same cells' neighbours, so they stay in one part.

Known   a table with a column of wells, and those of plates and experiments that tell wells of one name apart
Well    EXPERIMENT/PLATE/WELL, as far as there are columns
"""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.data.options import Options
from pellucid.data.table_text import Table
from pellucid.errors import DataError, shown

WELL = ("well", "well_id", "metadata_well")
ABOVE = (  # outermost first
    ("experiment", "experiment_id", "batch", "metadata_experiment", "metadata_batch"),
    ("plate", "plate_id", "plate_barcode", "metadata_plate"),
)


def well_columns(table: Table, taken: Sequence[int | None]) -> tuple[int, ...]:
    """Places of the columns that name a well, none where there are no wells or they are what is learnt (`taken`)."""
    well = table.place_of(WELL)
    if well is None or well in taken:
        return ()
    above = [table.place_of(names) for names in ABOVE]
    return (*(place for place in above if place is not None and place not in taken), well)


def grouped_by_well(where: str, groups: Sequence[str | None], wells: Sequence[str | None],
                    options: Options) -> tuple[list[str | None], list[str]]:  # fmt: skip
    """The group of each picture (N,), its well where nothing else groups, and notes.

    Raises DataError for groups that part the pictures of a well, unless that is allowed.
    """
    if options.wells == "apart" or any(well is None for well in wells) or len(set(wells)) == len(wells):
        return list(groups), []
    if all(group is None for group in groups):
        note = (f"pictures of one well stay in one part ({len(set(wells)):,} wells); --group plate or experiment keeps "
                "more together, --wells apart less")
        return list(wells), [note]
    if options.allow_leak or not options.learning:
        return list(groups), []
    asked = f"--group {options.group}" if options.group else "--group-pattern" if options.group_pattern else "its group"
    first: dict[str | None, str | None] = {}
    for group, well in zip(groups, wells, strict=True):
        if first.setdefault(well, group) != group:
            raise DataError(f"{where}: {asked} puts pictures of the well {shown(well)} into the "
                            f"groups '{shown(first[well])}' and '{shown(group)}', so a well could be in two parts and "
                            "scores would look better than they are. Group by well, plate or experiment, or type "
                            "--allow-leak.")
    return list(groups), []

