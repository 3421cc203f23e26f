"""Data written in another form: boxes as VOC, COCO or YOLO, pictures of classes or numbers as a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from pellucid.data.boxes.writing import WRITERS
from pellucid.data.boxes.writing import convert as write_boxes
from pellucid.data.splits import split_validation
from pellucid.data.store.writing import write_hdf5
from pellucid.errors import UsageError, describe
from pellucid.runs.config import RunConfig
from pellucid.runs.preparation import refuse_leaks
from pellucid.runs.reading import read_data
from pellucid.storage.memory import size

STORES, BOXES = ("hdf5",), tuple(WRITERS)
OF_BOXES = ("--data-dir", "--max-pixels", "--limit")  # the flags that a conversion of boxes takes
Bar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


def convert_boxes(config: RunConfig, form: str, out: str, *, strict: bool) -> Iterator[str]:
    """Write a data set of boxes into a new folder; what to say of it."""
    written = write_boxes(read_data(config.changed(task="detection")), form, out, strict=strict)
    yield f"{written.folder}: {written.pictures:,} pictures with {written.boxes:,} boxes as {form}"
    if written.said:
        yield f"{form} cannot hold all of it: {written.said}"


def convert_images(config: RunConfig, form: str, out: str, *, divided: bool, bar: Bar) -> Iterator[str]:
    """Write a data set of classes or numbers as a store; what to say of it.

    The parts are those that the data come with; with `divided` a validation part is split off, as training would.
    """
    path = Path(out)
    if form == "hdf5" and path.suffix.lower() not in (".h5", ".hdf5"):
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
    yield from (note for note in dataset.notes)
    yield f"fingerprint {dataset.fingerprint}"
