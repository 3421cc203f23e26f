"""Which file each row of a table means.

A row's cell is, in this order: a path from the table's folder (or from the one folder or tar beside it); the end of a
path of another machine (`C:\\data\\cats\\1.png`), less the same folders in front for every row; the name of a file
wherever it lies; its name without the ending (an id). The first reading by which every row has its file holds for all.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from pellucid.data.endings import is_picture
from pellucid.data.listing import file_source
from pellucid.data.naming import one_form, part_name
from pellucid.data.sources import Source, Tree

DEEPEST = 32                    # folders in front of a path that may be those of another machine
DRIVE = re.compile(r"[A-Za-z]:/+")


def as_posix(cell: str) -> str:
    """A path as a table holds it, with slashes and without `./` in front."""
    return cell.strip().replace("\\", "/").removeprefix("./")


class RowFiles:
    """The files of a tree by path, by name and by name without ending. `part` breaks ties: files of that part win."""

    def __init__(self, tree: Tree, part: str | None = None) -> None:
        self.by_path = {source.path: source for source in tree.sources}
        self.by_form = {one_form(source.path): source for source in tree.sources}
        tops = {PurePosixPath(path).parts[0] for path in self.by_path if "/" in path}
        inner = [source for source in tree.sources if "/" in source.path] if len(tops) == 1 else []
        self.below = {one_form(source.path.partition("/")[2]): source for source in inner}
        pictures = [source for source in tree.sources if is_picture(source.path)]
        self.times = Counter(one_form(name) for source in pictures for name in (
            posixpath.basename(source.path), posixpath.splitext(posixpath.basename(source.path))[0]))
        self.by_name = _unique(pictures, lambda path: posixpath.basename(path), part)
        self.by_stem = _unique(pictures, lambda path: posixpath.splitext(posixpath.basename(path))[0], part)

    def at(self, path: str) -> Source | None:
        """The file at a path from the table's folder."""
        found = self.by_path.get(path) or self.by_form.get(one_form(path)) or self.below.get(one_form(path))
        if found is None and Path(path).is_absolute() and os.path.isfile(path):
            return file_source(path, Path(path))
        return found

    def called_alike(self, path: str) -> int:
        """How many pictures have the name, or the name without ending, that a path ends in."""
        name = one_form(posixpath.basename(path))
        return max(self.times[name], self.times[posixpath.splitext(name)[0]])

    def names_a_picture(self, cell: str) -> bool:
        """Whether a cell names a picture of the tree in any way."""
        path = as_posix(cell)
        if not path or len(path) > 4096:
            return False
        found = self.any_of(path)
        return found is not None and is_picture(found.path)

    def any_of(self, path: str) -> Source | None:
        """The file that a path means by any reading, if only one may be meant."""
        found = self.by_path.get(path) or self.by_form.get(one_form(path))
        return found or self._called(path) or self._stemmed(path)

    def of(self, paths: Sequence[str]) -> tuple[list[Source | None], str | None]:
        """The file of each path (N,), None for those that are missing, and a note on how they were found."""
        best = [self.at(path) for path in paths]
        if None not in best:
            return best, None
        for how, read in self._readings(paths):
            found = [read(path) for path in paths]
            if None not in found and len({source.path for source in found if source}) == len(set(paths)):
                return found, how
        return best, None

    def _readings(self, paths: Sequence[str]) -> list[tuple[str, Callable[[str], Source | None]]]:
        plain = [DRIVE.sub("/", path).lstrip("/") for path in paths]
        shallow = min(path.count("/") for path in plain)
        readings: list[tuple[str, Callable[[str], Source | None]]] = []
        for less in range(min(shallow, DEEPEST) + 1):
            front = "/".join(plain[0].split("/")[:less])
            readings.append((f"paths read without {front}/" if front else "paths read from the table's folder",
                             lambda path, less=less: self.at(_without(path, less))))  # type: ignore[misc]
        readings.append(("pictures found by their names", self._called))
        readings.append(("pictures found by their names without ending", self._stemmed))
        return readings

    def _called(self, path: str) -> Source | None:
        return self.by_name.get(one_form(posixpath.basename(path)))

    def _stemmed(self, path: str) -> Source | None:
        name = posixpath.basename(path)
        return self.by_stem.get(one_form(name)) or self.by_stem.get(one_form(posixpath.splitext(name)[0]))


def part_of_table(name: str) -> str | None:
    """The part that a table's name says: `train` of train.csv and of train_labels.csv."""
    stem = posixpath.splitext(name)[0].lower()
    return part_name(stem) or part_name(re.sub(r"[-_ ]?(labels?|classes|annotations|solution)$", "", stem))


def _without(path: str, less: int) -> str:
    return "/".join(DRIVE.sub("/", path).lstrip("/").split("/")[less:])


def _unique(sources: Sequence[Source], key: Callable[[str], str], part: str | None) -> dict[str, Source]:
    """Sources by key, those left out whose key several have; files of the `part` come before those of others."""
    found: dict[str, list[Source]] = {}
    for source in sources:
        found.setdefault(one_form(key(source.path)), []).append(source)
    unique = {}
    for name, alike in found.items():
        nearer = [source for source in alike if part and part in map(part_name, source.path.split("/")[:-1])]
        chosen = nearer or alike
        if len(chosen) == 1:
            unique[name] = chosen[0]
    return unique
