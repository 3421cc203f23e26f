"""Pictures of a data set on a page: each as small as it is looked at, with words that the reader's browser writes.

Unlike mistakes.png a gallery follows the page's width, its colours and its fonts, so a name in any script can be read.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from pellucid.reports.pixels import Images, shown_of

Kind = Literal["wrong", "right", ""]

LARGEST_PX = 192  # of a picture's longer side: twice what a page shows, for fine screens
COARSE_PX = 64  # pictures below are shown with their pixels as squares


@dataclass(frozen=True)
class Card:
    """One picture: its address, whether its pixels are to be seen, lines of (words, kind) and bars (name, share, kind).

    A kind is "wrong", "right" or ""; `sample` is the number of an evaluated sample in its data set.
    """

    source: str
    coarse: bool
    lines: Sequence[tuple[str, Kind]]
    bars: Sequence[tuple[str, str, Kind]] = field(default=())
    origin: str = ""
    sample: int | None = None


def in_turn(indices: np.ndarray, labels: np.ndarray, most: int) -> np.ndarray:
    """At most `most` of the indices (M,): one of each class, then a second of each, and so on; the same every time."""
    mixed = np.random.default_rng(0).permutation(indices)
    turns = np.zeros(len(mixed), np.int64)
    for label in np.unique(labels[mixed]):
        mine = labels[mixed] == label
        turns[mine] = np.arange(mine.sum())
    return mixed[np.lexsort((labels[mixed], turns))][:most]


def drawn(images: Images, indices: np.ndarray) -> list[tuple[str, bool, int]]:
    """The pictures with these indices as (address, whether they are coarse, index).

    Raises ShapeError when `images` gives something that is not that many pictures.
    """
    if not len(indices):
        return []
    shown, _ = shown_of("gallery", images, indices)
    coarse = max(shown.shape[1:3]) < COARSE_PX
    return [(address(picture), coarse, int(index)) for picture, index in zip(shown, indices, strict=True)]


def address(picture: np.ndarray) -> str:
    """Pixels (H,W,3) in 0..1 as a data address, made smaller where they are more than a page shows."""
    from PIL import Image

    image = Image.fromarray(np.round(picture * 255).astype(np.uint8), "RGB")
    image.thumbnail((LARGEST_PX, LARGEST_PX))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
