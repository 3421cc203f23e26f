"""A contact sheet of what a network will see: each picture as it was read, and as it comes up in the first epochs.

What is marked in a picture is drawn in, where it lies after the change.
"""

from __future__ import annotations

import io
import math

import numpy as np

from pellucid.data.annotations import Annotations
from pellucid.data.changing import changed
from pellucid.data.images import Array
from pellucid.errors import UsageError
from pellucid.keys import Key
from pellucid.reports.pixels import displayable
from pellucid.runs.config import RunConfig
from pellucid.runs.deciding import decided, task_of
from pellucid.runs.preparation import augmentation_of, load_data, looks_of, with_augmentation
from pellucid.storage.limits import PIXELS

GAP = 2  # pixels between two pictures


def contact_sheet(config: RunConfig, *, rows: int, epochs: int) -> tuple[bytes, str]:
    """The sheet as PNG, and the words that were in force. Raises UsageError for more rows than there are pictures."""
    key = Key.of(config.seed)
    dataset = load_data(config)
    config, _ = with_augmentation(decided(config, dataset), looks_of(dataset, key))
    part, augmentation = dataset.part("train"), augmentation_of(config.augment)
    if rows > len(part):
        raise UsageError(f"data show: --rows must be at most the {len(part)} training images, but it is {rows}.")
    refuse_large(rows, 1 if augmentation is None else 1 + epochs, part.images.shape[1:3])
    places = np.sort(key.fold("sheet").generator().permutation(len(part))[:rows])
    images, notes, ids = part.images.take(places), part.annotations.take(places), part.ids[places]
    versions: list[tuple[Array, Annotations]] = [(images, notes)]
    if augmentation is not None:
        versions += [changed(augmentation, images, notes, key=key.fold("batches"), epoch=epoch, ids=ids)[:2]
                     for epoch in range(epochs)]  # fmt: skip
    shown = in_colour(np.stack([x for x, _ in versions], axis=1), part.channel_names)
    task = task_of(config)
    for column, (_, kept) in enumerate(versions):
        for row in range(rows):
            shown[row, column] = task.marked(shown[row, column], kept.take(np.array([row])))
    return png_of(shown), config.augment or "none"


def refuse_large(rows: int, columns: int, size: tuple[int, int]) -> None:
    """Raise UsageError for a sheet of more pixels than a picture may have."""
    pixels = rows * columns * math.prod(size)
    if pixels > PIXELS.now:
        told = f"{rows} x {columns} pictures of {size[0]}x{size[1]} are {pixels:,} pixels, and a sheet has at most"
        raise UsageError(f"data show: {told} {PIXELS.now:,}. Pass a smaller --rows, --epochs or --resize.")


def in_colour(pictures: np.ndarray, channels: tuple[str, ...] = ()) -> np.ndarray:
    """Pictures (rows, columns, H, W, C) as (rows, columns, H, W, 3) uint8."""
    flat = pictures.reshape(-1, *pictures.shape[2:])
    shown = np.round(displayable(flat, channels)[0] * 255).astype(np.uint8)
    return np.broadcast_to(shown, (*shown.shape[:3], 3)).reshape(*pictures.shape[:4], 3).copy()


def png_of(pictures: np.ndarray) -> bytes:
    """Pictures (rows, columns, H, W, 3) beside and below each other, on white."""
    from PIL import Image

    rows, columns, height, width = pictures.shape[:4]
    sheet = np.full((rows * (height + GAP), columns * (width + GAP), 3), 255, np.uint8)
    for row, column in np.ndindex(rows, columns):
        top, left = row * (height + GAP), column * (width + GAP)
        sheet[top : top + height, left : left + width] = pictures[row, column]
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "PNG")
    return file.getvalue()
