"""A contact sheet of what a network will see: each picture as it was read, and as it comes up in the first epochs."""

from __future__ import annotations

import io
import math

import numpy as np

from pellucid.errors import UsageError
from pellucid.keys import Key
from pellucid.reports.pixels import displayable
from pellucid.runs.config import RunConfig
from pellucid.runs.deciding import decided
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
    images, ids = part.images.take(places), part.ids[places]
    changed = [] if augmentation is None else [
        augmentation.apply(images, key=key.fold("batches"), epoch=epoch, ids=ids) for epoch in range(epochs)
    ]  # fmt: skip
    return png_of(np.stack([images, *changed], axis=1)), config.augment or "none"


def refuse_large(rows: int, columns: int, size: tuple[int, int]) -> None:
    """Raise UsageError for a sheet of more pixels than a picture may have."""
    pixels = rows * columns * math.prod(size)
    if pixels > PIXELS.now:
        told = f"{rows} x {columns} pictures of {size[0]}x{size[1]} are {pixels:,} pixels, and a sheet has at most"
        raise UsageError(f"data show: {told} {PIXELS.now:,}. Pass a smaller --rows, --epochs or --resize.")


def png_of(pictures: np.ndarray) -> bytes:
    """Pictures (rows, columns, H, W, C) beside and below each other, on white."""
    from PIL import Image

    rows, columns, height, width = pictures.shape[:4]
    flat = pictures.reshape(-1, *pictures.shape[2:])
    plain = flat.dtype == np.uint8 and flat.shape[-1] in (1, 3)  # shown as they are; others are brought to what shows
    shown = flat if plain else displayable(flat)[0]
    shown = shown if shown.ndim == 4 else shown[..., None]
    sheet = np.full((rows * (height + GAP), columns * (width + GAP), 3), 255, np.uint8)
    for number, picture in enumerate(shown):
        top, left = number // columns * (height + GAP), number % columns * (width + GAP)
        sheet[top : top + height, left : left + width] = picture
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "PNG")
    return file.getvalue()
