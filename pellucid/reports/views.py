"""One picture of many channels, looked at: each channel alone with its scale, and all in one with a legend.

Shapes   pixels (H,W,C) of any type -> PNG
Colours  own: from black to the colour of each channel; gray; chapter: the six maps Blues, Greens, hot, viridis,
         gist_heat, pink, in turn; or NAME=COLOUR with commas between them, COLOUR any that matplotlib knows, or a map
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.blending import Colour, blended, coloured
from pellucid.errors import UsageError, describe, shown
from pellucid.reports import drawing as d
from pellucid.reports.pixels import brightness, channel_shares

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

CHAPTER = ("Blues", "Greens", "hot", "viridis", "gist_heat", "pink")
OWN, GRAY, MAPS = "own", "gray", "chapter"
COLUMNS, SIDE_IN, GAP_IN, HEAD_IN = 3, 2.5, 0.85, 0.75
BRIGHT = 0.8            # of a map, where it stands for its channel in a composite


def views_png(pixels: np.ndarray, names: Sequence[str], *, title: str, below: str, colours: str = OWN,
              composite: bool = True) -> bytes:  # fmt: skip
    """The channels beside each other, and behind them the composite.

    Raises UsageError for colours that mean nothing.
    """
    maps, mixed = choose_colours(names, colours)
    low, high = (ends[0, 0, 0] for ends in brightness(pixels[np.newaxis]))                        # (C,) each
    places = len(names) + composite
    columns = min(COLUMNS + (composite and places > COLUMNS), places)
    rows = -(-places // columns)
    height_in = SIDE_IN * pixels.shape[0] / pixels.shape[1]
    width, height = columns * (SIDE_IN + GAP_IN) + 0.2, HEAD_IN + rows * (height_in + 0.55) + 0.2
    figure = d.new_figure(width, height)
    canvas = figure.add_axes((0, 0, 1, 1))
    canvas.set_axis_off()
    canvas.set_xlim(0, width)
    canvas.set_ylim(height, 0)
    d.letter(canvas, 0.2, 0.32, title, size=d.TITLE_PT, weight="bold")
    d.letter(canvas, 0.2, 0.56, below, color=d.FAINT, size=d.SMALL_PT)
    for place in range(places):
        row, column = divmod(place, columns)
        left, top = 0.2 + column * (SIDE_IN + GAP_IN), HEAD_IN + row * (height_in + 0.55) + 0.22
        box = (left / width, 1 - (top + height_in) / height, SIDE_IN / width, height_in / height)
        axes = figure.add_axes(box)
        axes.set_axis_off()
        if place < len(names):
            d.letter(canvas, left, top - 0.06, names[place], weight="bold")
            axes.imshow(pixels[..., place], cmap=maps[place], vmin=low[place], vmax=high[place])
            scale = figure.add_axes((box[0] + box[2] + 0.05 / width, box[1], 0.08 / width, box[3]))
            _scale(scale, maps[place], low[place], high[place])
        else:
            d.letter(canvas, left, top - 0.06, "composite", weight="bold")
            axes.imshow(blended(channel_shares(pixels[np.newaxis], names)[0][0], mixed))
            _legend(canvas, left + SIDE_IN + 0.07, top, names, mixed)
    return d.to_png(figure)


def choose_colours(names: Sequence[str], colours: str) -> tuple[list[Colormap], list[Colour]]:
    """A map for each channel alone, and its colour in a composite. Raises UsageError."""
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap, is_color_like, to_rgb

    def from_black(colour: Colour) -> Colormap:
        red, green, blue = (part / 255 for part in colour)
        return LinearSegmentedColormap.from_list("", [(0.0, (0.0, 0.0, 0.0)), (1.0, (red, green, blue))])

    own = [colour for _, colour in coloured(names)]
    if colours == OWN:
        return [from_black(colour) for colour in own], own
    if colours in (GRAY, MAPS):
        return [colormaps["gray" if colours == GRAY else CHAPTER[at % len(CHAPTER)]] for at in range(len(names))], own
    pairs = [pair.partition("=") for pair in colours.replace(" ", "").split(",")]
    asked = {name: word for name, _, word in pairs}
    spaceless = [name.replace(" ", "") for name in names]
    if not all(name in spaceless and (word in colormaps or is_color_like(word)) for name, word in asked.items()):
        wanted = f"{OWN}, {GRAY}, {MAPS} or NAME=COLOUR for channels among {', '.join(names)}"
        raise UsageError(describe("data show", "--colours", wanted, repr(shown(colours)),
                                  f"Type, for example, --colours {spaceless[0]}=orange."))
    maps = []
    for at, name in enumerate(spaceless):
        word = asked.get(name, "")
        if word in colormaps:
            own[at] = _bytes(colormaps[word](BRIGHT)[:3])
        elif word:
            own[at] = _bytes(to_rgb(word))
        maps.append(colormaps[word] if word in colormaps else from_black(own[at]))
    return maps, own


def _bytes(colour: Sequence[float]) -> Colour:
    red, green, blue = (round(255 * float(part)) for part in colour)
    return red, green, blue


def _scale(axes: Axes, colours: Colormap, low: float, high: float) -> None:
    """What values are drawn dark and bright."""
    axes.imshow(np.linspace(1, 0, 64)[:, None], cmap=colours, vmin=0, vmax=1, aspect="auto")
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.set_yticks([63, 0], [d.number(low), d.number(high)])
    axes.tick_params(labelsize=6, length=2, pad=1, colors=d.FAINT)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _legend(canvas: Axes, left: float, top: float, names: Sequence[str], colours: Sequence[Colour]) -> None:
    """The names below each other, with squares of their colours."""
    from matplotlib.patches import Rectangle

    for row, (name, colour) in enumerate(zip(names, colours, strict=True)):
        y = top + 0.15 * row
        canvas.add_patch(Rectangle((left, y), 0.09, 0.09, facecolor=[part / 255 for part in colour],
                                   edgecolor=d.FAINT, linewidth=0.4))  # fmt: skip
        d.letter(canvas, left + 0.12, y + 0.08, d.shorten(name, 12), size=6)
