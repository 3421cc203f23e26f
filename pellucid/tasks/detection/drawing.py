"""Boxes drawn into a picture: answers in a colour a class with name and score, true ones dashed.

Shapes   pixels (H,W,3) uint8 -> the same, made larger where it is small, so that lines and words can be told apart
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.reports import drawing as d

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

COLOURS = ("#0072b2", "#c8501e", "#009e73", "#a6588a", "#d08700", "#3aa0da", "#8a6d00", "#5b5bd6")
TRUE, RIGHT, WRONG = "#ffffff", d.GREEN, d.VERMILION
LEAST = 640      # pixels of the longer side, below which a picture is enlarged before it is drawn on


@dataclass(frozen=True)
class Mark:
    """One box with its colour and words; `dashed` for what is true."""

    box: Sequence[float]
    colour: str
    words: str = ""
    dashed: bool = False


def class_colour(number: int) -> str:
    """The colour of a class by its number."""
    return COLOURS[number % len(COLOURS)]


def draw_marks(pixels: np.ndarray, marks: Sequence[Mark], *, least: int = LEAST) -> np.ndarray:
    """A copy of a picture (H,W,3) uint8 with boxes in its pixels."""
    from PIL import Image, ImageDraw
    from PIL.Image import Resampling

    image = Image.fromarray(np.ascontiguousarray(pixels), "RGB")
    scale = max(1, -(-least // max(image.size)))
    if scale > 1:
        image = image.resize((image.width * scale, image.height * scale), Resampling.BICUBIC)
    brush = ImageDraw.Draw(image)
    width = max(2, round(max(image.size) / 320))
    for mark in marks:
        box = [float(value) * scale for value in mark.box]
        if mark.dashed:
            dashed(brush, box, mark.colour, width)
        else:
            brush.rectangle(box, outline=mark.colour, width=width)
    for mark in marks:
        if mark.words:
            label(brush, [float(value) * scale for value in mark.box], mark, max(11, round(max(image.size) / 50)))
    return np.asarray(image)


def draw_answer(pixels: np.ndarray, boxes: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """A picture with the boxes of an answer, a colour a class."""
    names = list(dict.fromkeys(sorted(str(box["class"]) for box in boxes)))
    marks = [Mark(box["box"], class_colour(names.index(str(box["class"]))), f"{box['class']} {box['score']:.2f}")
             for box in boxes]  # fmt: skip
    return draw_marks(pixels, marks)


def label(brush: ImageDraw, box: Sequence[float], mark: Mark, size: int) -> None:
    """The words of a box on its colour, above it or inside where there is no room."""
    font = font_of(size)
    words = d.drawable(d.shorten(mark.words, 32))
    left, top, right, bottom = brush.textbbox((0, 0), words, font=font)
    height = bottom - top + 4
    y = box[1] - height if box[1] >= height else box[1]
    brush.rectangle([box[0], y, box[0] + right - left + 6, y + height], fill=mark.colour)
    brush.text((box[0] + 3 - left, y + 2 - top), words, fill="#ffffff", font=font)


def font_of(size: int) -> FreeTypeFont:
    """A font of that many pixels; the one that comes with matplotlib."""
    from matplotlib import font_manager
    from PIL import ImageFont

    return ImageFont.truetype(font_manager.findfont("DejaVu Sans"), size)


def dashed(brush: ImageDraw, box: Sequence[float], colour: str, width: int) -> None:
    """A rectangle of short strokes with a dark rim, so that it is seen on any ground."""
    x1, y1, x2, y2 = box
    step = 6 * width
    for ends in (((x1, y1), (x2, y1)), ((x2, y1), (x2, y2)), ((x2, y2), (x1, y2)), ((x1, y2), (x1, y1))):
        (ax, ay), (bx, by) = ends
        length = max(abs(bx - ax), abs(by - ay), 1e-9)
        for start in np.arange(0, length, 2 * step):
            a, b = start / length, min(1.0, (start + step) / length)
            stroke = [(ax + (bx - ax) * a, ay + (by - ay) * a), (ax + (bx - ax) * b, ay + (by - ay) * b)]
            brush.line(stroke, fill="#1f2430", width=width + 2)
            brush.line(stroke, fill=colour, width=width)
