"""Points and the lines of their skeleton drawn into a picture.

Shapes   pixels (H,W,3) uint8; xy (K,2) in its pixels, NaN for what is not drawn
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.points.skeleton import Skeleton, words_of
from pellucid.reports import drawing as d

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

LEAST = 640                                    # pixels of the longer side, below which a picture is enlarged
SIDES = {"left": d.BLUE, "right": d.ORANGE}    # of points whose names say so; others are green


def draw_points(pixels: np.ndarray, xy: np.ndarray, skeleton: Skeleton, *, colours: Sequence[str] | None = None,
                hollow: np.ndarray | None = None, least: int = LEAST) -> np.ndarray:  # fmt: skip
    """A copy of a picture with points and lines between them; hollow (K,): points that are drawn as rings."""
    from PIL import Image, ImageDraw
    from PIL.Image import Resampling

    image = Image.fromarray(np.ascontiguousarray(pixels), "RGB")
    scale = max(1, -(-least // max(image.size)))
    if scale > 1:
        image = image.resize((image.width * scale, image.height * scale), Resampling.BICUBIC)
    brush, width = ImageDraw.Draw(image), max(2, round(max(image.size) / 320))
    own = colours_of(skeleton) if colours is None else list(colours)
    at = xy * scale - 0.5                                                               # as the brush counts pixels
    for a, b in skeleton.edges:
        if np.isfinite(at[[a, b]]).all():
            shade = own[a] if own[a] == own[b] else d.FAINT
            brush.line([*map(float, at[a]), *map(float, at[b])], fill=shade, width=width)
    radius = max(2.0, max(image.size) / (180 if len(skeleton) > 30 else 110))
    for k in np.flatnonzero(np.isfinite(at).all(axis=1)):
        dot(brush, at[k], radius, own[k], width, hollow=hollow is not None and bool(hollow[k]))
    return np.asarray(image)


def dot(brush: ImageDraw, at: np.ndarray, radius: float, colour: str, width: int, *, hollow: bool) -> None:
    """A point with a dark rim, so that it is seen on any ground."""
    x, y = (float(value) for value in at)
    for grown, shade in ((1.0, "#1f2430"), (0.0, colour)):
        box = [x - radius - grown, y - radius - grown, x + radius + grown, y + radius + grown]
        brush.ellipse(box, outline=shade, fill=None if hollow else shade, width=width if hollow else 1)


def colours_of(skeleton: Skeleton) -> list[str]:
    """A colour a point, by its side."""
    left, right = ({pair[side] for pair in skeleton.pairs} for side in (0, 1))
    found = []
    for number, name in enumerate(skeleton.names):
        said = [side for side in SIDES if side in words_of(name)]
        side = said[0] if said else "left" if number in left else "right" if number in right else ""
        found.append(SIDES.get(side, d.GREEN))
    return found
