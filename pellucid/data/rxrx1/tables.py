"""RxRx1's tables joined to one: a row a well, its columns those of the chapter that reads them.

Layouts  2019: train.csv, train_controls.csv, test.csv, test_controls.csv (id_code, experiment, plate, well, sirna,
         well_type), a row a well; 2020: metadata.csv (site_id, well_id, cell_type, dataset, experiment, plate, well,
         site, well_type, sirna, sirna_id), a row a site
Columns  id_code, experiment, plate, well, sirna, well_type, dataset (train, train_controls, test, test_controls) and
         cell_type, the experiment's name before its number
Labels   are names, never places: the siRNA that one release calls 979 another calls sirna_1018
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from pellucid.data.sources import Source, Tree
from pellucid.data.table_text import Table, listed, read_table
from pellucid.errors import DataError, UsageError, describe, shown

DATASETS = ("train", "train_controls", "test", "test_controls")
COLUMNS = ("id_code", "experiment", "plate", "well", "sirna", "well_type", "dataset", "cell_type")
NEEDED = ("id_code", "experiment", "plate", "well")
OF_SITES, METADATA = ("site_id", "well_id", *NEEDED[1:], "site", "well_type", "sirna", "dataset"), "metadata.csv"
TREATMENT, UNKNOWN = "treatment", "unknown"
TREATMENTS, CONTROLS = 1108, 31      # siRNAs; whole numbers in the release of 2019, the controls' behind the others
Columns = dict[str, list[str]]
USUAL = frozenset((*COLUMNS, *OF_SITES, "sirna_id"))
CHAPTER = 62_759                     # rows of the first release of 2019, of which later copies lack four


@dataclass(frozen=True)
class Wells:
    """The joined table; every column has an entry a well. `hashes` are of the tables it comes from."""

    where: str
    columns: Mapping[str, Sequence[str]]
    tables: Mapping[str, int]                   # rows of each
    hashes: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.columns["id_code"])

    @property
    def release(self) -> str:
        """Which release the tables are of, by their form and their number of rows."""
        if METADATA in self.tables:
            return f"the release of 2020 ({METADATA}, {self.tables[METADATA]:,} sites)"
        if len(self) == CHAPTER:
            return "the first release of 2019"
        return f"the release of 2019 (the chapter's copy has {CHAPTER:,} rows)"

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """The row of each well by its id."""
        return {name: row for row, name in enumerate(self.columns["id_code"])}

    def row(self, well: str) -> dict[str, str]:
        """What is known of a well. Raises UsageError for one that is not there."""
        if well not in self.row_of:
            raise UsageError(f"{self.where}: there is no well {shown(well)} among {len(self):,}. Wells are called "
                             f"EXPERIMENT_PLATE_WELL, such as {self.columns['id_code'][0]}.")
        return {name: column[self.row_of[well]] for name, column in self.columns.items()}


def tables_of(tree: Tree) -> list[Source]:
    """The tables of RxRx1 in a tree, none where they are not its; of several copies those nearest to the top."""
    names = (METADATA, *(f"{name}.csv" for name in DATASETS))
    found: dict[str, Source] = {}
    for source in sorted(tree.sources, key=lambda source: (source.path.count("/"), source.path)):
        name = PurePosixPath(source.path).name.lower()
        if name in names and source.path.count("/") <= 2:
            found.setdefault(name, source)
    for name in (METADATA, "train.csv", "train_controls.csv", "test.csv"):
        if name in found and _is_ours(found[name]):
            return [found[METADATA]] if name == METADATA else [found[one] for one in names[1:] if one in found]
    return []


def _is_ours(source: Source) -> bool:
    begin = bytes(source.read()).partition(b"\n")[0].decode("ascii", "ignore").lower()
    told = {word.strip(' "\r') for word in begin.split(",")}
    return set(NEEDED) <= told or set(OF_SITES) <= told


def join(tree: Tree) -> Wells | None:
    """The joined table of a tree; None where it has none. Raises DataError for rows that make no sense."""
    sources = tables_of(tree)
    if not sources:
        return None
    hashes, tables = dict[str, str](), dict[str, int]()
    joined: dict[str, list[str]] = {name: [] for name in COLUMNS}
    for source in sources:
        content = bytes(source.read())
        name = PurePosixPath(source.path).name.lower()
        hashes[source.path] = hashlib.sha256(content).hexdigest()
        table = read_table(content, source.where, USUAL)
        rows, columns = _of_sites(table) if name == METADATA else (None, _of_wells(table, name.removesuffix(".csv")))
        _refuse_missing_labels(table.where, columns)
        tables[name] = rows or len(columns["id_code"])
        for one in COLUMNS:
            joined[one] += columns[one]
    wells = Wells(tree.where, joined, tables, hashes)
    _refuse_doubles(wells)
    _refuse_other_labels(wells)
    return wells


def _columns(table: Table, needed: Sequence[str], optional: Sequence[str] = ()) -> tuple[list[int], Columns]:
    """The lines, and the cells of these columns, empty where an optional one is not there. Raises DataError."""
    places = {name: table.place_of([name]) for name in (*needed, *optional)}
    missing = [name for name in needed if places[name] is None]
    if missing:
        raise DataError(f"{table.where}: the table must have the columns {', '.join(needed)}, but {', '.join(missing)} "
                        f"is not among {listed(table.columns)}. Take the table as RxRx1 has it.")
    rows = list(table.rows())
    most = max(place for place in places.values() if place is not None)
    for line, cells in rows:
        if len(cells) <= most:
            raise DataError(f"{table.where}: line {line} has {len(cells)} cells, and {len(table.columns)} are in the "
                            "header. Download the table again.")
    if not rows:
        raise DataError(f"{table.where}: the table has no rows below its header. Download it again.")
    return [line for line, _ in rows], {
        name: [""] * len(rows) if place is None else [cells[place].strip() for _, cells in rows]
        for name, place in places.items()}


def _of_wells(table: Table, dataset: str) -> Columns:
    """The columns of a table of the release of 2019."""
    controls = dataset.endswith("_controls")
    needed = (*NEEDED, *(("sirna",) if dataset != "test" else ()), *(("well_type",) if controls else ()))
    lines, columns = _columns(table, needed, tuple(name for name in ("sirna", "well_type") if name not in needed))
    _refuse_other_ids(table, lines, columns, "id_code")
    kind = TREATMENT if dataset == "train" else UNKNOWN
    if dataset == "test":
        columns["sirna"] = [label or UNKNOWN for label in columns["sirna"]]
    return {**columns, "well_type": [told or kind for told in columns["well_type"]],
            "dataset": [dataset] * len(lines), "cell_type": list(map(_cell_type, columns["experiment"]))}


def _of_sites(table: Table) -> tuple[int, Columns]:
    """The number of sites, and the columns of their wells."""
    lines, columns = _columns(table, OF_SITES)
    _refuse_other_ids(table, lines, columns, "well_id")
    if len(set(columns["site_id"])) < len(lines):
        first = dict[str, int]()
        site, line = next((site, line) for line, site in zip(lines, columns["site_id"], strict=True)
                          if first.setdefault(site, line) != line)
        raise DataError(f"{table.where}: the site {shown(site)} is on lines {first[site]} and {line}. Keep one row a "
                        "site.")
    parts = [part + ("" if kind == TREATMENT else "_controls")
             for part, kind in zip(columns["dataset"], columns["well_type"], strict=True)]
    odd = next((place for place, part in enumerate(parts) if part not in DATASETS), None)
    if odd is not None:
        raise DataError(f"{table.where}: line {lines[odd]}: the dataset must be train or test, but it is "
                        f"'{shown(columns['dataset'][odd])}'. Correct the row.")
    told = [columns["well_id"], *(columns[name] for name in COLUMNS[1:6]), parts,
            list(map(_cell_type, columns["experiment"]))]
    wells = zip(*dict.fromkeys(zip(*told, strict=True)), strict=True)
    return len(lines), {name: list(column) for name, column in zip(COLUMNS, wells, strict=True)}


def _cell_type(experiment: str) -> str:
    return experiment.partition("-")[0]


def _refuse_other_ids(table: Table, lines: Sequence[int], columns: Columns, name: str) -> None:
    wanted = [f"{experiment}_{plate}_{well}" for experiment, plate, well
              in zip(columns["experiment"], columns["plate"], columns["well"], strict=True)]
    if wanted != columns[name]:
        place = next(at for at, (one, other) in enumerate(zip(wanted, columns[name], strict=True)) if one != other)
        raise DataError(f"{table.where}: line {lines[place]}: the well of {shown(wanted[place])} is called "
                        f"'{shown(columns[name][place])}'. Correct the row.")


def _refuse_missing_labels(where: str, columns: Columns) -> None:
    lacking = [well for well, label in zip(columns["id_code"], columns["sirna"], strict=True) if not label]
    if lacking:
        raise DataError(f"{where}: {len(lacking):,} wells have no sirna, such as {shown(lacking[0])}. Download the "
                        "table again.")


def _refuse_doubles(wells: Wells) -> None:
    if len(wells.row_of) == len(wells):
        return
    (well, count), = Counter(wells.columns["id_code"]).most_common(1)
    parts = [part for name, part in zip(wells.columns["id_code"], wells.columns["dataset"], strict=True)
             if name == well]
    told = ", of " + ", ".join(f"{part}.csv" for part in dict.fromkeys(parts))
    told = " that differ" if METADATA in wells.tables else told
    raise DataError(f"{wells.where}: the well {shown(well)} stands in {count} rows{told}. Keep one row a well.")


def _refuse_other_labels(wells: Wells) -> None:
    """Raise DataError where tables of different releases are mixed: their labels cannot be of one set."""
    known = {(label, part) for label, part in zip(wells.columns["sirna"], wells.columns["dataset"], strict=True)
             if label != UNKNOWN}
    numeric = {part for label, part in known if label.isdecimal()}
    named = {part for label, part in known if not label.isdecimal()}
    release = "of another release: labels differ from one release to the next. Take all tables from one"
    if METADATA not in wells.tables and numeric and named:
        raise DataError(f"{wells.where}: the labels of {', '.join(sorted(numeric))} are numbers and those of "
                        f"{', '.join(sorted(named))} names, so some tables are {release}.")
    if METADATA in wells.tables or not numeric:
        return
    for label, part in sorted(known):
        low, high = (TREATMENTS, TREATMENTS + CONTROLS) if part.endswith("_controls") else (0, TREATMENTS)
        if not low <= int(label[:9]) < high:
            raise DataError(f"{wells.where}: the label {shown(label)} in {part}.csv does not exist: there they are "
                            f"from {low} to {high - 1}. The table is {release}.")


def check_column(wells: Wells, flag: str, name: str) -> str:
    """The name of a column, whatever its letters. Raises UsageError that lists those there are."""
    if name.strip().lower() not in COLUMNS:
        raise UsageError(describe(wells.where, flag, f"one of {', '.join(COLUMNS)}", repr(shown(name))))
    return name.strip().lower()
