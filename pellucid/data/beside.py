"""The table among the files of a folder: the CSV that names its pictures, in whatever form, unless folders are classes.

A table with our own columns (path, label) always counts. Another one that names pictures counts where the folders
cannot be classes, or where --label, --group or numbers ask for it; where both would do, folders are read and a note
says so, but a table that gives other classes than the folders is a choice left to the user.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from pellucid.data.folders import locate, without_common_folder
from pellucid.data.options import Options
from pellucid.data.row_files import RowFiles, as_posix, part_of_table
from pellucid.data.sources import Source, Tree
from pellucid.data.table_columns import PATH, USUAL, path_column
from pellucid.data.table_targets import LABEL, has_targets, label_by_name
from pellucid.data.table_text import Table, listed, read_table
from pellucid.errors import DataError, PellucidError, shown

ENDINGS = (".csv", ".tsv")


@dataclass(frozen=True)
class Beside:
    """A table beside pictures: the file, what it holds, and which column names pictures (None: none does)."""

    source: Source
    table: Table
    path: int | None
    ours: bool                                  # has a column of paths and one of labels, called so
    files: RowFiles

    @property
    def name(self) -> str:
        return PurePosixPath(self.source.path).name


def table_beside(tree: Tree, options: Options) -> tuple[Source | None, list[str]]:
    """The table to read the data set from, if there is one; else notes on tables that were passed over.

    Raises DataError where several may be meant and where a table and the folders give different classes.
    """
    once = {source.path: source for source in tree.sources}  # a tar may hold a copy of the table beside it
    at_top = [source for path, source in once.items() if "/" not in path and path.lower().endswith(ENDINGS)]
    tables = [found for source in at_top if (found := _looked_at(source, tree)) is not None]
    wanted = [found for found in tables if found.ours or found.path is not None]
    if len(wanted) > 1:                         # Kaggle's: sample_submission.csv, test.csv without labels
        wanted = [found for found in wanted if "submission" not in found.name.lower()]
    if len(wanted) > 1 and (labelled := [found for found in wanted if has_targets(found.table, options, found.path)]):
        wanted = labelled
    numbers = options.annotations == "numbers"
    ours = [] if numbers else [found for found in wanted if found.ours]
    chosen = ours or wanted
    folders = None if ours or numbers or options.label or options.group else _class_folders(tree)
    if folders is not None:
        return None, [_passed_over(tree, found, folders) for found in wanted]
    if len(chosen) > 1:
        raise DataError(f"{tree.where}: several tables name pictures: {listed([found.name for found in chosen])}. "
                        "Type the path of the one you mean.")
    if chosen:
        return chosen[0].source, []
    return None, [f"{found.name} names no picture of the folder (its columns are {listed(found.table.columns, 8)})"
                  for found in tables]


def _looked_at(source: Source, tree: Tree) -> Beside | None:
    """What a CSV is; None for one that is no text."""
    try:
        table = read_table(bytes(source.read()), source.where, USUAL)
        files = RowFiles(tree, part_of_table(source.path))
        small = [name.lower() for name in table.columns]
        ours = any(name in small for name in PATH) and any(name in small for name in LABEL)
        path = path_column(table, files.names_a_picture)
        rows = [cells for _, cells in table.rows(200)] if path is not None and not ours else []
    except PellucidError:
        return None
    names = any(files.names_a_picture(cells[path]) for cells in rows if path is not None and path < len(cells))
    return Beside(source, table, path if ours or names else None, ours, files)


def _class_folders(tree: Tree) -> dict[str, str] | None:
    """The class of each picture by its path as in the tree, where folders are classes, at least two; else None."""
    inner = without_common_folder(tree)
    try:
        located = locate(inner)
    except DataError:
        return None
    if len({word for _, _, word in located}) < 2:
        return None
    by_place = {(source.file, source.offset): source.path for source in tree.sources}
    return {by_place[source.file, source.offset]: word for source, _, word in located}


def _passed_over(tree: Tree, found: Beside, folders: dict[str, str]) -> str:
    """The note on a table that was not read. Raises DataError when its classes are not those of the folders."""
    label = label_by_name(found.table)
    if label is not None and found.path is not None:
        rows = [cells for _, cells in found.table.rows() if max(label, found.path) < len(cells)]
        sources = [found.files.any_of(as_posix(cells[found.path])) for cells in rows]
        of_folder: dict[str, set[str]] = {}
        for cells, source in zip(rows, sources, strict=True):
            if source is not None and source.path in folders:
                of_folder.setdefault(folders[source.path], set()).add(cells[label].strip())
        torn = next((word for word, labels in of_folder.items() if len(labels) > 1), None)
        if torn is not None:
            raise DataError(f"{tree.where}: {found.name} gives the pictures in the folder '{shown(torn)}' "
                            f"{len(of_folder[torn])} classes by its column '{shown(found.table.columns[label])}'. Type "
                            f"the path of the table to learn those, or move it away to learn the folders' names.")
    return (f"classes from folders; {found.name} not used (its columns are {listed(found.table.columns, 8)}): type its "
            "path and --label COLUMN to learn from it")
