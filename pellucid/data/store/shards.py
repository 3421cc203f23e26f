"""The files of a data set packed into few tars, as they are: read like the folder they came from, to the same bits.

OUT/0001-of-0012.tar ...    all files below the data's folder in the order of their paths, about SHARD bytes a tar
OUT/*.csv ...               what lay at the top and is no picture (tables, lists of classes), so that a look finds it
Written                     into OUT.partial; each tar gets its name when it is whole, OUT its own at the end. A kill
                            costs the tar that was being written
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pellucid.data.endings import is_picture
from pellucid.data.folders import CLASS_LIST
from pellucid.data.opening import tree_at
from pellucid.data.sources import Source, Tree, is_tar
from pellucid.errors import DataError, FileError
from pellucid.storage.partial_folder import claimed, emptied, take_place
from pellucid.storage.streams import whole_stream
from pellucid.storage.writer import LEFTOVER, make_folder, remove_leftovers, write_bytes, write_text

SHARD = 256 << 20  # bytes of a tar, about; one larger file has a tar of its own
BLOCK = 512  # bytes that a header takes, and that a member is filled up to
PLAN = ".plan"  # in OUT.partial: the sha256 of what is being packed
TABLES = (".csv", ".tsv", ".txt", ".json", ".yaml", ".yml", ".parquet")  # of which copies lie beside the tars
Told = Callable[[int], Any]  # how many files are done


def tree_to_pack(data: Path) -> Tree:
    """The files of a data set: of a folder or a tar all of them, of a table the pictures beside it and itself.

    Raises DataError where there are no picture files.
    """
    table = data.suffix.lower() in (".csv", ".tsv")
    known = data.is_dir() or is_tar(data.name) or table
    tree = tree_at(data) if known else Tree(str(data), ())
    if table:
        tree = Tree(tree.where, tuple(source for source in tree.sources if is_picture(source.path)
                                      or source.path == CLASS_LIST or Path(source.file) == data))
    if not any(is_picture(source.path) for source in tree.sources):
        raise DataError(f"{data}: only picture files are packed into shards, and there are none. Type --to hdf5, which "
                        "holds arrays of any kind.")
    return tree


def write_shards(tree: Tree, out: Path, told: Told = lambda done: None) -> tuple[int, int]:
    """Write the folder `out`; how many tars it has, and how many were there already from a try before.

    Raises FileError when `out` exists, when a file cannot be read or written, and when another process writes it.
    """
    if os.path.lexists(out):
        raise FileError(f"{out} exists already. Choose another --out.")
    beside = [source for source in tree.sources if "/" not in source.path and source.path.lower().endswith(TABLES)]
    packed = sorted((source for source in tree.sources if source not in beside), key=lambda source: source.path)
    shards, partial = list(in_shards(packed)), out.with_name(f"{out.name}.partial")
    refuse_strange(partial)
    make_folder(partial)
    if not (partial / PLAN).exists():
        write_text(partial / PLAN, "")  # now the folder is ours
    with claimed(partial, out):
        begin(partial, plan_of(tree.sources))
        done = had = 0
        for number, sources in enumerate(shards, 1):
            path = partial / f"{number:04d}-of-{len(shards):04d}.tar"
            if path.exists():
                had += 1
            else:
                write_tar(path, sources, lambda count, before=done: told(before + count))  # type: ignore[misc]
            done += len(sources)
        for source in beside:
            write_bytes(partial / source.path, bytes(source.read()))
        told(done + len(beside))
        with suppress(FileNotFoundError):
            (partial / PLAN).unlink()
    take_place(partial, out)
    return len(shards), had


def refuse_strange(partial: Path) -> None:
    """Raise FileError for a folder that no conversion left: what it holds is not ours to remove."""
    if not os.path.lexists(partial) or (partial / PLAN).is_file():
        return
    if partial.is_symlink() or not (partial.is_dir() and all(map(LEFTOVER.fullmatch, os.listdir(partial)))):
        raise FileError(f"{partial} is in the way, and is none that a conversion left. Remove it, or choose another "
                        "--out.")


def in_shards(sources: Sequence[Source]) -> Iterator[list[Source]]:
    """The files by tar."""
    taken: list[Source] = []
    size = 0
    for source in sources:
        if taken and size + source.size > SHARD:
            yield taken
            taken, size = [], 0
        taken.append(source)
        size += source.size + 2 * BLOCK
    if taken:
        yield taken


def write_tar(path: Path, sources: Sequence[Source], told: Told) -> None:
    """One tar, whole or not at all. Raises FileError for a file that is not as long as it was."""
    with whole_stream(path) as stream, archive_on(stream) as archive:
        for count, source in enumerate(sources, 1):
            content = source.read()
            if len(content) != source.size:
                raise FileError(f"{source.where}: the file has changed while it was packed, or is cut short. Type the "
                                "command again.")
            member = tarfile.TarInfo(source.path)
            member.size, member.mode = source.size, 0o644
            archive.addfile(member, io.BytesIO(content))
            stream.check()
            told(count)


def archive_on(stream: Any) -> tarfile.TarFile:
    """A tar that is written into a stream."""
    return tarfile.TarFile(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT)


def plan_of(sources: Sequence[Source]) -> str:
    """The sha256 of which files there are, how long they are and when they were changed."""
    total = hashlib.sha256()
    for source in sorted(sources, key=lambda source: source.path):
        total.update(f"{source.path}\n{source.size} {source.stamp}\n".encode(errors="surrogateescape"))
    return total.hexdigest()


def begin(partial: Path, plan: str) -> None:
    """Keep the tars of a try before that packed the same files; those of another go."""
    remove_leftovers(partial)
    place = partial / PLAN
    with suppress(OSError):
        if place.read_text(encoding="ascii") == plan:
            return
    emptied(partial)
    write_text(place, plan)
