"""A PNG of pictures of a data set as cards: each with words beside it and where it came from under it.

Shapes    images (n,H,W,C) raw pixels, shown as `reports.pixels` makes them; the foot of the sheet says how
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pellucid.reports import drawing as d
from pellucid.reports.pixels import Images, shown_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 3
CARD_IN = (3.5, 1.6)  # width, height of a card
FOOT_LETTERS, LINE_IN = 16, 0.16  # letters of the foot to an inch, and its lines
PICTURE_IN, WORDS_IN = 1.18, 1.93  # a picture's longer side; what is left for words


def card_sheet(
    images: Images, indices: np.ndarray, *, title: str, below: str, origins: Sequence[str],
    words: Callable[[Axes, float, float, int], None],
) -> bytes:
    """PNG bytes of the pictures with these indices (M,), at least one.

    images(indices) gives raw pixels; origins are those of all samples; `words(axes, x, y, index)` writes beside a
    picture from the upper left corner x, y (inches) on, in WORDS_IN of width.
    """
    shown, remarks = shown_of("mistakes", images, indices)
    columns = min(COLUMNS, max(2, len(indices)))  # two at least: the title wants room
    rows = -(-len(indices) // columns)
    width = columns * CARD_IN[0] + 0.3
    foot = textwrap.wrap(remarks, int(FOOT_LETTERS * (width - 0.4)))
    height = rows * CARD_IN[1] + 0.9 + (0.09 + LINE_IN * len(foot)) * bool(foot)
    figure = d.new_figure(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    d.letter(axes, 0.2, 0.32, title, size=d.TITLE_PT, weight="bold")
    d.letter(axes, 0.2, 0.6, below, color=d.FAINT)
    for place, index in enumerate(indices.tolist()):
        row, column = divmod(place, columns)
        x, y = 0.2 + column * CARD_IN[0], 0.85 + row * CARD_IN[1]
        _picture(axes, x, y, shown[place])
        words(axes, x + PICTURE_IN + 0.14, y, index)
        source = d.shorten(str(origins[index]), 38, keep="end")
        d.letter(axes, x, y + PICTURE_IN + 0.16, source, color=d.FAINT, size=6.5)
    for line, told in enumerate(reversed(foot)):
        d.letter(axes, 0.2, height - LINE_IN * (line + 1), told, color=d.FAINT, size=d.SMALL_PT)
    axes.set_xlim(0, width)  # data coordinates are inches from the upper left; imshow has changed them
    axes.set_ylim(height, 0)
    return d.to_png(figure)


def _picture(axes: Axes, x: float, y: float, picture: np.ndarray) -> None:
    """A picture in the middle of its place, framed."""
    from matplotlib.patches import Rectangle

    rows, columns = picture.shape[:2]
    scale = PICTURE_IN / max(rows, columns)
    width, height = columns * scale, rows * scale
    left, top = x + (PICTURE_IN - width) / 2, y + (PICTURE_IN - height) / 2
    axes.imshow(picture, extent=(left, left + width, top + height, top), aspect="auto",
                interpolation="nearest" if max(rows, columns) < 128 else "auto")  # fmt: skip
    axes.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor=d.HAIR, linewidth=0.8))
