"""One visual style for every picture of a run: colours, figures, axes, and text that cannot go wrong.

Matplotlib's object interface only: no pyplot, no global figure, so pictures can be drawn in any thread.
Colours are told apart by colour-blind readers and on a grey printer: blue is "right" and "training", vermilion is
"wrong", orange "validation". Class and layer names come from the user, so they are drawn literally (a dollar sign
starts no formula) and a character no installed font has becomes a box instead of a warning.
Source    colours: Okabe & Ito 2008, "Color universal design".
"""

from __future__ import annotations

import html
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pellucid.diagnosis.wording import percent as percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

INK, FAINT, HAIR, PAPER = "#1f2430", "#667085", "#e3e7ee", "#ffffff"
BLUE, ORANGE, VERMILION, GREEN = "#0072b2", "#d08700", "#c8501e", "#009e73"
LINES = (BLUE, VERMILION, GREEN, "#a6588a", ORANGE, "#3aa0da", INK, "#8a6d00")
SHADES = {INK: "ink", FAINT: "faint", HAIR: "hair", PAPER: "paper", BLUE: "blue", ORANGE: "orange", VERMILION: "wrong",
          GREEN: "green", "#a6588a": "purple", "#3aa0da": "sky", "#8a6d00": "olive", "#98a1b0": "gray",
          "#b6bdc9": "pale"}  # fmt: skip
DPI = 150
PANEL_IN = (4.0, 2.9)  # width, height of a chart on a page
TITLE_PT, TEXT_PT, SMALL_PT = 12.0, 9.5, 8.0
# DejaVu Sans comes with matplotlib; the others are taken where the machine has them, for names it cannot write.
FONTS = ("DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "WenQuanYi Zen Hei", "Microsoft YaHei", "Yu Gothic",
         "PingFang SC", "Hiragino Sans", "Arial Unicode MS")  # fmt: skip
MISSING = "\N{WHITE SQUARE}"

End = tuple[str, float, float, Any]  # text, x, y, colour of a line's last point


def new_figure(width_in: float, height_in: float) -> Figure:
    """A white figure of that size in inches, drawn without a screen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    return figure


@dataclass(frozen=True)
class Panel:
    """One chart of a page: two lines of words and an <svg>."""

    title: str
    below: str
    svg: str


def new_panel(*, right_in: float = 0.95) -> Axes:
    """Axes for one chart of a page, so small that on a phone its letters are as large as the page's.

    `right_in` inches are left at the right for the names of the lines.
    """
    width, height = PANEL_IN
    left, below, above = 0.6, 0.52, 0.14
    return new_figure(width, height).add_axes(
        (left / width, below / height, 1 - (left + right_in) / width, 1 - (below + above) / height)
    )


def finished_panel(axes: Axes, title: str, below: str) -> Panel:
    """The chart that was drawn in those axes, its title and second line as words of the page."""
    axes.tick_params(which="both", labelsize=TEXT_PT)
    return Panel(title, below, to_svg(axes.figure, f"{title}; {below}" if below else title))  # type: ignore[arg-type]


def to_png(figure: Figure) -> bytes:
    """The figure as PNG bytes; the figure is emptied."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, facecolor=PAPER, metadata={"Software": "Pellucid"},
                   pil_kwargs={"compress_level": 3})  # at 6 photos take three times as long, for an eighth less
    figure.clear()
    return buffer.getvalue()


def to_svg(figure: Figure, says: str) -> str:
    """The figure as an <svg> for a page of ours; `says` is what it shows, in words. The figure is left as it is.

    Its colours are those of the page, so it follows a dark one; its letters are text in the reader's own fonts; it is
    as wide as the page gives it.
    """
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "pellucid"}):
        figure.savefig(buffer, format="svg", dpi=72, transparent=True, metadata=dict.fromkeys(("Date", "Creator")))
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)  # one page may hold several figures
    text = re.sub(r"'DejaVu Sans'[^;\"]*", "system-ui, sans-serif", text)
    for colour, name in SHADES.items():
        text = text.replace(colour, f"var(--{name})")
    width, height = (72 * inches for inches in figure.get_size_inches())
    head = f'<svg role="img" aria-label="{html.escape(says)}" viewBox="0 0 {width:g} {height:g}" '
    head += f'style="--drawn: {width * 96 / 72:.0f}px">'
    return re.sub(r"<svg[^>]*>", lambda _: head, text, count=1).strip()


def plain_axes(axes: Axes, *, title: str = "", subtitle: str = "") -> Axes:
    """Two quiet spines, small tick labels, a title that stands at the left with a fainter second line."""
    axes.set_facecolor(PAPER)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(HAIR)
    axes.tick_params(which="both", colors=FAINT, labelsize=SMALL_PT, length=0)
    axes.grid(True, axis="y", which="major", color=HAIR, linewidth=0.8)
    axes.set_axisbelow(True)
    if title:
        points_up = 20 if subtitle else 8
        note(axes, title, (0, 1), "axes fraction", (0, points_up), size=TITLE_PT, weight="bold")
    if subtitle:
        note(axes, subtitle, (0, 1), "axes fraction", (0, 6), size=TEXT_PT, color=FAINT)
    return axes


def log_axis(axes: Axes, low: float, high: float) -> None:
    """A vertical axis in powers of ten from low to high, its numbers as one types them, and others where few are in it.

    No formula is set for 10 to the power of -3, which would take longer than the rest of the axis.
    """
    from matplotlib.ticker import LogLocator, NullLocator

    axes.set_yscale("log")
    axes.set_ylim(low, high)
    powers = math.floor(math.log10(high)) - math.ceil(math.log10(low)) + 1
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if powers > 1 else (1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_minor_locator(NullLocator())


def lettering(style: dict[str, Any], **usual: Any) -> dict[str, Any]:
    """How text is written, unless `style` says otherwise."""
    return {"color": INK, "size": TEXT_PT, "ha": "left", "family": fonts()[0]} | usual | style


def note(
    axes: Axes, text: str, at: tuple[float, float], coordinates: str, points: tuple[float, float], **style: Any
) -> Text:
    """Literal text at a place, moved by some points; never clipped, baseline at the place unless told."""
    options = lettering(style, va="baseline")
    return axes.annotate(
        drawable(text), at, xycoords=coordinates, xytext=points, textcoords="offset points", parse_math=False,
        annotation_clip=False, **options,
    )  # fmt: skip


def letter(axes: Axes, x: float, y: float, text: str, **style: Any) -> Text:
    """Literal text at data coordinates."""
    options = lettering(style, va="center")
    return axes.text(x, y, drawable(text), parse_math=False, **options)


def label_ends(axes: Axes, ends: Sequence[End], *, size: float = TEXT_PT, ink: str | None = None) -> None:
    """Names the lines at their right ends, in their colours or in `ink`, pushed apart where they would overlap."""
    per_point = axes.figure.dpi / 72
    ends = sorted(ends, key=lambda end: end[2])
    heights = [float(axes.transData.transform((x, y))[1]) / per_point for _, x, y, _ in ends]
    placed = spread(heights, gap=1.3 * size)
    for (text, x, y, colour), height, place in zip(ends, heights, placed, strict=True):
        style = {"size": size, "color": ink or colour, "va": "center", "weight": "bold"}
        note(axes, text, (x, y), "data", (9, place - height), **style)


def spread(heights: Sequence[float], *, gap: float) -> list[float]:
    """Rising heights moved as little as needed to be `gap` apart: each crowd is spread about its own middle."""
    crowds: list[tuple[float, int]] = []  # middle, members
    for height in heights:
        crowds.append((height, 1))
        while len(crowds) > 1 and crowds[-1][0] - crowds[-2][0] < gap * (crowds[-1][1] + crowds[-2][1]) / 2:
            (high, above), (low, below) = crowds.pop(), crowds.pop()
            crowds.append(((high * above + low * below) / (above + below), above + below))
    return [middle + gap * (place - (members - 1) / 2) for middle, members in crowds for place in range(members)]


def message_picture(title: str, text: str) -> bytes:
    """A picture that only says something: what would have been drawn, and why it is not."""
    figure = new_figure(8, 1.7)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    letter(axes, 0.04, 0.64, title, size=TITLE_PT + 1, weight="bold")
    letter(axes, 0.04, 0.34, text, color=FAINT)
    return to_png(figure)


@lru_cache(maxsize=1)
def fonts() -> tuple[list[str], frozenset[int]]:
    """The installed families of FONTS, in order, and all characters they can write."""
    from matplotlib import font_manager

    installed = set(font_manager.get_font_names())
    families = [name for name in FONTS if name in installed]
    known: set[int] = set()
    for name in families:
        known |= set(font_manager.get_font(font_manager.findfont(name)).get_charmap())
    return families, frozenset(known)


def drawable(text: str) -> str:
    """The text on one line, with a box for each character that no installed font has."""
    known = fonts()[1]
    return "".join(c if ord(c) in known else MISSING for c in " ".join(text.split()))


def shorten(text: str, length: int, *, keep: str = "both") -> str:
    """At most `length` characters; the middle (keep="both") or the beginning (keep="end") gives way to a mark."""
    if len(text) <= length:
        return text
    tail = length - 1 if keep == "end" else (length - 1) // 3
    head = length - 1 - tail
    return f"{text[:head]}\N{HORIZONTAL ELLIPSIS}{text[len(text) - tail :]}"


def short_names(names: Sequence[str], length: int) -> list[str]:
    """Names as a picture can show them; where two would then look alike, all get their class number in front."""
    short = [drawable(shorten(name, length)) for name in names]
    if len(set(short)) == len(short):
        return short
    return [drawable(f"{k} {shorten(name, length - 1 - len(str(k)))}") for k, name in enumerate(names)]


def number(value: float) -> str:
    """Three figures that matter: 0.0213, 1.87, 12.3, 1.2e-05."""
    return f"{value:.3g}"
