"""What the tables of a screen hold: counted, which images are missing, and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pellucid.data.opening import tree_at
from pellucid.data.rxrx1.images import images_of, listed_images, missing_images
from pellucid.data.rxrx1.summary import summarize
from pellucid.data.rxrx1.tables import Wells, join
from pellucid.errors import UsageError, shown
from pellucid.reports.plates import cells_png, labels_png, plate_png
from pellucid.storage.reading import read_bytes
from pellucid.storage.writer import make_folder, write_bytes
from pellucid.words import user_path


def told_of_tables(data: str, *, listing: str | None, plate: str | None, out: str | None) -> dict[str, Any]:
    """The summary of RxRx1's tables in a folder; with the images that are missing of its plates.

    `listing` is a file that names the images there are, a path a line, or pixel_stats.csv; without it those beside the
    tables count. Into the folder `out` go cells.png, labels.png and plate.png, the map of a plate. Raises UsageError
    for data without such tables and for a plate that is not there.
    """
    path = Path(user_path(data))
    if not path.exists():
        raise UsageError(f"'{shown(data)}' is no folder here. Check the path.")
    tree = tree_at(path)
    wells = join(tree)
    if wells is None:
        raise UsageError(f"{tree.where}: there are no tables of RxRx1 here (train.csv, train_controls.csv, test.csv, "
                         "test_controls.csv, or metadata.csv). Leave --tables out.")
    told = summarize(wells)
    there = images_of(tree) if listing is None else listed_images(read_bytes(user_path(listing)), listing)
    told["images"] = vars(missing := missing_images(wells, there)) | {"said": missing.said}
    if out is not None:
        told["pictures"] = _drawn(wells, told, plate, Path(user_path(out)))
    return told


def _drawn(wells: Wells, told: dict[str, Any], plate: str | None, folder: Path) -> list[str]:
    first = f"{wells.columns['experiment'][0]}_{wells.columns['plate'][0]}"
    pictures = {
        "plate.png": plate_png(wells.columns, plate or first),
        "cells.png": cells_png(told["cell_types"]), "labels.png": labels_png(told["labels"], told["shared_labels"]),
    }  # fmt: skip
    make_folder(folder)
    for name, content in pictures.items():
        write_bytes(folder / name, content)
    return [str(folder / name) for name in pictures]
