"""One drawn scene: a background, one to six figures, near ones over far ones, sometimes something before them.

Shapes   pixels (H,W,3) uint8; of P figures xy (P,14,2) pixels of the picture, NaN outside it, visible (P,14): 0
         outside, 1 hidden by something nearer, 2 seen; boxes (P,4) x1 y1 x2 y2 of
         what is drawn, areas (P,) half of theirs
Sides    right arms and legs are dark, left ones light, in the hue of the figure
Order    a scene is named by its seed and its number: whoever draws it, it has the same pixels
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.scenes.figures import ARM, HEAD, LEG, NECK, pose
from pellucid.keys import Key

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

Colour = tuple[int, int, int]
FINER = 3           # times as many pixels while it is drawn
LIMB = 0.032        # half the width of a limb, in heights of the figure
FILLED = 0.5        # share of its box that a person fills, for OKS
APART = 0.2         # of the taller one's height, that two figures' hips are apart
TRIES = 60          # for a place
NOBODY, THING = 0, 255


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture and its figures."""

    pixels: np.ndarray
    xy: np.ndarray
    visible: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray


def scene(seed: int, number: int, *, people: tuple[int, int] = (1, 6), size: tuple[int, int] = (128, 160)) -> Scene:
    """The scene of that number, with `people` (fewest, most) figures in a picture of `size` (height, width)."""
    from PIL import Image, ImageDraw

    random = Key.of(seed).fold("scene", number).generator()
    placed = places(random, int(random.integers(people[0], people[1] + 1)), size)
    canvas = background(random, size)
    owner = Image.new("L", canvas.size, NOBODY)
    brushes = ImageDraw.Draw(canvas), ImageDraw.Draw(owner)
    for place, (joints, height) in enumerate(placed, 1):
        draw_figure(brushes, joints * FINER, height * FINER, colours(random), place)
    if random.random() < 0.3:
        draw_thing(brushes, random, size)
    owners = np.asarray(owner.resize(size[::-1], Image.Resampling.NEAREST))
    pixels = np.asarray(canvas.resize(size[::-1], Image.Resampling.BOX)).astype(np.float64)
    noise = random.normal(0, random.uniform(0, 8), pixels.shape)
    return told(np.clip(pixels + noise, 0, 255).astype(np.uint8), owners, [joints for joints, _ in placed])


def told(pixels: np.ndarray, owners: np.ndarray, figures: list[np.ndarray]) -> Scene:
    """What is known of the figures, from who owns each pixel in the end."""
    height, width = owners.shape
    xy, visible = np.stack(figures), np.zeros((len(figures), 14), np.int64)
    inside = np.asarray(((xy >= 0) & (xy < (width, height))).all(axis=2))
    column, row = (np.clip(xy[..., axis].astype(np.int64), 0, (width, height)[axis] - 1) for axis in (0, 1))
    own = owners[row, column] == np.arange(1, len(figures) + 1)[:, np.newaxis]
    visible[inside] = 1 + own[inside]
    reach = LIMB * np.array([np.ptp(joints[:, 1]) for joints in figures])[:, np.newaxis]
    low = np.clip(xy.min(axis=1) - reach, 0, (width, height))
    high = np.clip(xy.max(axis=1) + reach, 0, (width, height))
    boxes = np.concatenate([low, high], axis=1).round(2)
    areas = FILLED * np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return Scene(pixels, np.where(inside[..., np.newaxis], xy.round(2), np.nan), visible, boxes, areas)


def places(random: np.random.Generator, count: int, size: tuple[int, int]) -> list[tuple[np.ndarray, float]]:
    """Joints (14,2) in pixels, and the height, of `count` figures: the small ones, which are far, first."""
    height, width = size
    found: list[tuple[np.ndarray, float, np.ndarray]] = []
    tall = np.sort(random.uniform(0.45, 0.85 if count < 4 else 0.7, count)) * height
    for own in tall.tolist():
        for _ in range(TRIES):
            root = np.array([random.uniform(0.08, 0.92) * width, random.uniform(0.42, 0.62) * height])
            if all(np.hypot(*(root - other)) > APART * max(own, his) for _, his, other in found):
                break
        found.append((root + own * pose(random), own, root))
    return [(joints, own) for joints, own, _ in found]


def colours(random: np.random.Generator) -> tuple[Colour, Colour, Colour]:
    """Of a figure: trunk and head, right limbs (dark), left limbs (light)."""
    hue, rich = random.random(), random.uniform(0.5, 1)
    return rgb(hue, rich, 0.6), rgb(hue, rich, random.uniform(0.2, 0.35)), rgb(hue, 0.45 * rich, random.uniform(0.9, 1))


def rgb(hue: float, saturation: float, value: float) -> Colour:
    """A colour as three bytes."""
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue % 1, saturation, value))
    return red, green, blue


def draw_figure(brushes: tuple[ImageDraw, ImageDraw], joints: np.ndarray, height: float,
                colour: tuple[Colour, Colour, Colour], place: int) -> None:  # fmt: skip
    """One figure, its far limbs under its trunk."""
    half = LIMB * height
    ways: tuple[tuple[ImageDraw, tuple[Colour | int, ...]], ...] = ((brushes[0], colour), (brushes[1], (place,) * 3))
    for brush, fills in ways:
        for limb in (LEG, ARM):
            for fill, side in zip(fills[1:], ("right", "left"), strict=True):
                draw_bones(brush, joints[list(limb[side])], half, fill)
            if limb is LEG:
                brush.polygon([tuple(spot) for spot in joints[[8, 9, 3, 2]]], fill=fills[0])
                draw_bones(brush, joints[[8, NECK, 9, 3, 2, 8]], 0.7 * half, fills[0])
        draw_bones(brush, joints[[NECK, HEAD]], 0.6 * half, fills[0])
        middle, reach = 0.35 * joints[NECK] + 0.65 * joints[HEAD], 0.36 * np.hypot(*(joints[HEAD] - joints[NECK]))
        brush.ellipse([*(middle - reach), *(middle + reach)], fill=fills[0])


def draw_bones(brush: ImageDraw, spots: np.ndarray, half: float, fill: Colour | int) -> None:
    """A line with round ends and corners."""
    brush.line([tuple(spot) for spot in spots], fill=fill, width=max(1, round(2 * half)))
    for spot in spots:
        brush.ellipse([*(spot - half), *(spot + half)], fill=fill)


def draw_thing(brushes: tuple[ImageDraw, ImageDraw], random: np.random.Generator, size: tuple[int, int]) -> None:
    """A post or a box before everybody."""
    height, width = FINER * size[0], FINER * size[1]
    x, y = random.uniform(0, 0.9) * width, random.uniform(0.3, 0.8) * height
    box = [x, y, x + random.uniform(0.04, 0.14) * width, y + random.uniform(0.1, 0.5) * height]
    brushes[0].rectangle(box, fill=rgb(random.random(), random.uniform(0, 0.6), random.uniform(0.2, 0.9)))
    brushes[1].rectangle(box, fill=THING)


def background(random: np.random.Generator, size: tuple[int, int]) -> Image:
    """A slope of two muted colours with some shapes in it, FINER times the size."""
    from PIL import Image, ImageDraw

    height, width = FINER * size[0], FINER * size[1]
    ends = [np.array(rgb(random.random(), random.uniform(0, 0.35), random.uniform(0.25, 0.85))) for _ in range(2)]
    slope = np.linspace(0, 1, height)[:, np.newaxis, np.newaxis]
    rows = np.broadcast_to(ends[0] * (1 - slope) + ends[1] * slope, (height, width, 3))
    canvas = Image.fromarray(np.ascontiguousarray(rows.astype(np.uint8)), "RGB")
    brush = ImageDraw.Draw(canvas)
    for _ in range(int(random.integers(0, 9))):
        x, y = random.uniform(-0.1, 1) * width, random.uniform(-0.1, 1) * height
        box = [x, y, x + random.uniform(0.03, 0.35) * width, y + random.uniform(0.03, 0.35) * height]
        fill = rgb(random.random(), random.uniform(0, 0.5), random.uniform(0.2, 0.9))
        (brush.rectangle if random.random() < 0.5 else brush.ellipse)(box, fill=fill)
    return canvas
