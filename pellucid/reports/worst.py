"""Samples that were answered worst, as pictures with marks in them: drawn, as cards of a page, and on one sheet.

Shapes   pictures (H,W,3) uint8, all of one size
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pellucid.reports import drawing as d
from pellucid.reports.gallery import Card, address
from pellucid.reports.pixels import Images, shown_of

COLUMNS = 3
GAP_IN = 0.15       # between pictures on the sheet


def with_marks(images: Images, chosen: np.ndarray, mark: Callable[[np.ndarray, int], np.ndarray]) -> list[np.ndarray]:
    """The pictures of these indices as the network saw them, each as `mark` gives it back from picture and index."""
    if not len(chosen):
        return []
    shown, _ = shown_of("mistakes", images, chosen)
    return [mark(np.round(picture * 255).astype(np.uint8), index)
            for picture, index in zip(shown, chosen.tolist(), strict=True)]  # fmt: skip


def cards_of(marked: Sequence[np.ndarray], worst: np.ndarray, faults: Sequence[str], origins: Sequence[str],
             ids: np.ndarray | None) -> list[Card]:  # fmt: skip
    """A card for each with its fault; `origins` and `ids` (N,) are those of all samples, `worst` indices of them."""
    return [Card(address(picture / 255), False, [(fault, "wrong")], origin=str(origins[index]),
                 sample=None if ids is None else int(ids[index]))
            for picture, index, fault in zip(marked, worst.tolist(), faults, strict=True)]  # fmt: skip


def sheet_of(marked: Sequence[np.ndarray], told: Sequence[str], *, title: str, faint: str, wide_in: float = 2.6,
             narrowest_in: float = 4.2) -> bytes:  # fmt: skip
    """PNG bytes of the pictures side by side, each `wide_in` wide with what is told of it below, under two lines."""
    columns = min(COLUMNS, len(marked))
    tall = wide_in * marked[0].shape[0] / marked[0].shape[1]
    rows = -(-len(marked) // columns)
    width, height = max(narrowest_in, columns * (wide_in + GAP_IN) + GAP_IN), 0.75 + rows * (tall + 0.3)
    figure = d.new_figure(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    d.letter(axes, GAP_IN, 0.26, title, size=d.TITLE_PT, weight="bold")
    d.letter(axes, GAP_IN, 0.52, faint, color=d.FAINT, size=d.SMALL_PT)
    for place, (picture, line) in enumerate(zip(marked, told, strict=True)):
        row, column = divmod(place, columns)
        x, y = GAP_IN + column * (wide_in + GAP_IN), 0.7 + row * (tall + 0.3)
        axes.imshow(picture, extent=(x, x + wide_in, y + tall, y), aspect="auto")
        d.letter(axes, x, y + tall + 0.12, line, color=d.FAINT, size=6.5)
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    return d.to_png(figure)
