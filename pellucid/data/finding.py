"""One picture of a data set by its name: a well of a screen, one of its sites, or the end of a path.

Shapes  read -> (H, W, C), C the channels that the options ask for
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pellucid.data.channels import CHANNELS as KINDS
from pellucid.data.channels import names_of
from pellucid.data.endings import is_picture
from pellucid.data.images import Array
from pellucid.data.listing import file_source
from pellucid.data.opening import as_pictures, tree_at
from pellucid.data.options import Options
from pellucid.data.planes import header_of, names_in, read_source
from pellucid.data.rxrx1.images import images_of
from pellucid.data.rxrx1.opening import wanted_channels
from pellucid.data.rxrx1.plates import CHANNELS
from pellucid.data.rxrx1.tables import Wells, join
from pellucid.data.sources import Source, Tree, is_tar
from pellucid.data.stacks import Pattern, parse_pattern, stack_of
from pellucid.errors import DataError, UsageError, shown
from pellucid.words import user_path

SITE_ID = 4         # words of EXPERIMENT_PLATE_WELL_SITE


@dataclass(frozen=True)
class Found:
    """A picture, and what a table knows of it."""

    name: str
    source: Source
    known: Mapping[str, str] = field(default_factory=dict)

    def read(self, options: Options) -> tuple[Array, tuple[str, ...]]:
        """The pixels (H, W, C) as the options ask for them, and the names of their channels."""
        names = self.source.names or names_in(
            header_of(self.source.read(), self.source.where, max_pixels=options.most_pixels))
        return read_source(self.source, options), names if options.channels is None else names_of(options.channels)


def find_pictures(spec: str, name: str, options: Options, *, site: int | None = None) -> tuple[list[Found], Options]:
    """The pictures of that name in a folder, tar or table's folder, and how they are read.

    Of a well those of its sites that have every channel wanted, or of one site. Raises UsageError where there is none
    of that name, or several files; DataError for channels that are missing.
    """
    path = user_path(spec)
    if not os.path.isdir(path) and not is_tar(path.name):
        raise UsageError(f"'{shown(spec)}' is no folder and no tar, so no picture in it can be named. Give the folder.")
    tree = tree_at(Path(path))
    wells = join(tree)
    if wells is not None:
        kind = options.channels if options.channels in KINDS else None
        return sites_of(tree, wells, name, wanted_channels(options), site), replace(options, channels=kind)
    if site is not None:
        raise UsageError(f"{tree.where}: --site goes with wells of RxRx1, which this is not. Name the picture itself.")
    pattern = parse_pattern(options.channels) if options.channels and "=" in options.channels else None
    tree, options = as_pictures(tree, options)
    whole = pattern.split(name) if pattern and is_picture(name) else None     # the picture of which a file is a channel
    names = (name, whole[0]) if whole else (name,)
    fits = [source for source in tree.sources if any(_called(source.path, one) for one in names)]
    if len(fits) != 1:
        several = f"{len(fits)} pictures ({', '.join(shown(one.path) for one in fits[:3])} ...)"
        told = several if fits else "no picture"
        raise UsageError(f"{tree.where}: {told} called {shown(name)}. Type more of its path.")
    return [Found(fits[0].path, fits[0])], options


def sites_of(tree: Tree, wells: Wells, name: str, channels: Sequence[str], site: int | None) -> list[Found]:
    """The sites of a well (or the one that the name ends in) that have these channels, with the well's row."""
    words = name.split("_")
    if len(words) == SITE_ID and words[-1].isdecimal():
        name, site = "_".join(words[:-1]), int(words[-1])
    known = wells.row(name)
    there = {where.site: planes for where, planes in images_of(tree).items() if where.well_id == name}
    if not there or (site is not None and str(site) not in there):
        told = f" at site {site}; there are sites {', '.join(sorted(there))}" if there else ""
        raise UsageError(f"{tree.where}: of the well {shown(name)} there is no image{told}.")
    numbers = {one: CHANNELS.index(one) + 1 for one in channels}
    found, lacking = [], dict[str, list[str]]()
    for number, planes in sorted(there.items()):
        missing = [one for one in channels if numbers[one] not in planes]
        if missing:
            lacking[number] = missing
        elif site is None or int(number) == site:
            stack = stack_of(f"{name}_{number}", [planes[numbers[one]] for one in channels], channels)
            found.append(Found(stack.path, stack, known))
    if not found:
        number = min(lacking) if site is None else str(site)
        rest = ",".join(one for one in channels if one not in lacking[number])
        raise DataError(f"{tree.where}: site {number} of the well {shown(name)} lacks {', '.join(lacking[number])}. "
                        f"Add the files, or type --channels {rest}.")
    return found


def _called(path: str, name: str) -> bool:
    end = name.strip("/")
    return any(one == end or one.endswith("/" + end) for one in (path, path.rpartition(".")[0]))


def joined_files(files: Sequence[str], pattern: Pattern) -> list[str | Found]:
    """Each picture that a file is a channel of, once, with its other channels from the same folder.

    A file whose channel, or whose other channels, cannot be told stays as it is.
    """
    whole: dict[str, str | Found] = {}
    for file in files:
        split = pattern.split(file)
        if split is None:
            whole[file] = file
        elif split[0] not in whole:
            found = _beside(file, split[0], pattern)
            missing = [name for word, name in zip(pattern.words, pattern.names, strict=True) if word not in found]
            planes = [found[word] for word in pattern.words if word in found]
            whole[split[0]] = file if missing else Found(split[0], stack_of(split[0], planes, pattern.names))
    return list(whole.values())


def _beside(file: str, picture: str, pattern: Pattern) -> dict[str, Source]:
    """The files of a picture by what their names say of the channel."""
    folder, front = user_path(file).parent, file[: len(file) - len(Path(file).name)]
    splits = {name: pattern.split(front + name) for name in sorted(os.listdir(folder)) if is_picture(name)}
    return {split[1]: file_source(front + name, folder / name)
            for name, split in splits.items() if split and split[0] == picture}
