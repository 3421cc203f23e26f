"""Data written in another form: boxes as VOC, COCO or YOLO, points as COCO, YOLO, CSV or .pts, pictures in a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from pellucid.data.boxes.writing import WRITERS
from pellucid.data.boxes.writing import convert as write_boxes
from pellucid.data.known import KNOWN, find_known
from pellucid.data.points.writing import WRITERS as POINT_WRITERS
from pellucid.data.points.writing import convert as write_points
from pellucid.data.splits import split_validation
from pellucid.data.store.shards import tree_to_pack, write_shards
from pellucid.data.store.writing import write_hdf5
from pellucid.diagnosis.wording import counted
from pellucid.errors import DataError, UsageError, describe, shown
from pellucid.runs.config import RunConfig
from pellucid.runs.preparation import refuse_leaks
from pellucid.runs.reading import read_data
from pellucid.storage.memory import size
from pellucid.words import user_path

STORE, SHARDS = "hdf5", "shards"
HOLDING = {"boxes": tuple(WRITERS), "points": tuple(POINT_WRITERS)}  # forms by what is marked
MARKED = tuple(dict.fromkeys((*WRITERS, *POINT_WRITERS)))
FORMS = (STORE, SHARDS, *MARKED)
OF_FILES = ("--data-dir", "--max-pixels", "--limit", "--crop", "--task")  # what one of files as they are takes
Bar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


def convert_marked(config: RunConfig, form: str, out: str, *, strict: bool) -> Iterator[str]:
    """Write a data set of points or boxes into a new folder; what to say of it. Raises DataError for other data."""
    dataset = read_data(config)
    kind = next(iter(dataset.parts.values())).annotations.kind
    if kind not in HOLDING:
        dataset = read_data(config.changed(task="detection"))  # which says what boxes are read from
    elif form not in HOLDING[kind]:
        raise DataError(f"{dataset.name}: {form} holds no {kind}, which its pictures have. Type --to "
                        f"{' or '.join(HOLDING[kind])}.")
    write, what = (write_points, "objects") if kind == "points" else (write_boxes, "boxes")
    written = write(dataset, form, out, strict=strict)
    yield f"{written.folder}: {written.pictures:,} pictures with {written.boxes:,} {what} as {form}"
    if written.said:
        yield f"{form} cannot hold all of it: {written.said}"


def convert_images(config: RunConfig, out: str, *, divided: bool, bar: Bar) -> Iterator[str]:
    """Write a data set of classes or numbers as a store; what to say of it.

    The parts are those that the data come with; with `divided` a validation part is split off, as training would.
    """
    path = Path(out)
    if path.suffix.lower() not in (".h5", ".hdf5"):
        raise UsageError(describe("data convert", "--out", "a name that ends in .h5", repr(out)))
    dataset = read_data(config)
    if divided:
        together = config.copies == "together"
        dataset = split_validation(dataset, fraction=config.val_fraction, seed=config.split_seed, together=together)
    refuse_leaks(dataset, config)
    dataset = replace(dataset, reading={"fit": config.fit, "alpha": config.alpha} | dict(dataset.reading))
    count = sum(map(len, dataset.parts.values()))
    with bar(path.name, count) as told:
        before = write_hdf5(dataset, path, told)
    if before:
        yield f"went on after {before:,} images that an earlier try had written"
    height, width, depth = dataset.image_shape
    parts = ", ".join(f"{name} {len(part):,}" for name, part in dataset.parts.items())
    yield (f"{path.as_posix()}: {parts}; images {height}x{width}x{depth} {dataset.dtype} "
           f"({', '.join(dataset.channel_names)}), {dataset.annotated}; {size(path.stat().st_size)}")
    yield from dataset.notes
    yield f"fingerprint {dataset.fingerprint}"


def pack(config: RunConfig, out: str, *, bar: Bar) -> Iterator[str]:
    """Pack the files of a data set into shards; what to say of it. Raises DataError for data that are no files."""
    data = find_known(config.data, config.data_dir) if config.data in KNOWN else user_path(config.data)
    if not data.exists():
        raise UsageError(f"data convert: there is no {shown(config.data, 200)} here. Check the path.")
    tree, path = tree_to_pack(data), Path(out)
    with bar(path.name, len(tree.sources)) as told:
        shards, had = write_shards(tree, path, told)
    if had:
        yield f"went on after {counted(had, 'shard')} that an earlier try had written"
    whole = sum(source.size for source in tree.sources)
    yield f"{path.as_posix()}: {len(tree.sources):,} files in {counted(shards, 'shard')}, {size(whole)}"
    if tree.hidden:
        yield f"hidden files left out: {tree.hidden:,}"
    yield from tree.remarks
