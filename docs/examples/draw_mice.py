"""Draw a DeepLabCut project of mice seen from above: films of frames with six points, and a film without any.

    python draw_mice.py mice

Writes mice/labeled-data/mouse1..6/{img000.png ..., CollectedData_Me.csv}, mice/config.yaml and mice-new/*.png.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE, SCALE = (128, 160), 4                     # rows and columns of a frame; drawn larger, then made smaller
NAMES = ("snout", "left_ear", "right_ear", "back", "tail_base", "tail_tip")
FILMS, FRAMES, NEW = 6, 25, 12


def frame(random: np.random.Generator, fur: int, bedding: int) -> tuple[Image.Image, np.ndarray]:
    """A frame and its points (6, 2) in pixels, the middle of the first one at 0."""
    turn, bend, size = random.uniform(0, 2 * np.pi), random.uniform(-0.7, 0.7), random.uniform(15, 21)
    middle = np.array([random.uniform(50, SIZE[1] - 50), random.uniform(45, SIZE[0] - 45)])
    ahead, aside = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])  # aside: its right
    wave = random.uniform(-0.6, 0.6)
    head = middle + size * (0.9 * ahead + 0.3 * bend * aside)
    nose = ahead * np.cos(bend) + aside * np.sin(bend)
    right = np.array([-nose[1], nose[0]])
    points = np.array([head + 0.65 * size * nose, head - 0.35 * size * right, head + 0.35 * size * right, middle,
                       middle - size * ahead, middle - size * (2.1 * ahead + wave * aside)])
    shades = random.normal(bedding, 14, (SIZE[0] * 2, SIZE[1] * 2, 3))
    large = (SIZE[1] * SCALE, SIZE[0] * SCALE)
    picture = Image.fromarray(np.clip(shades, 0, 255).astype(np.uint8)).resize(large)
    brush = ImageDraw.Draw(picture)

    def spot(at: np.ndarray, radius: float, colour: tuple[int, int, int]) -> None:
        x, y = (at + 0.5) * SCALE
        brush.ellipse([x - radius * SCALE, y - radius * SCALE, x + radius * SCALE, y + radius * SCALE], fill=colour)

    shares = np.linspace(0, 1, 9)[:, None]
    tail = points[4] + shares * (points[5] - points[4]) + 0.25 * size * np.sin(np.pi * shares) * wave * aside
    brush.line([tuple(place) for place in (tail + 0.5) * SCALE], fill=(214, 160, 150), width=2 * SCALE)
    for share in np.linspace(0, 1, 12):
        spot(points[4] + share * (head - points[4]), size * (0.36 + 0.2 * np.sin(np.pi * share)), (fur, fur, fur - 8))
    for ear in points[1:3]:
        spot(ear, 0.17 * size, (fur + 60, fur + 35, fur + 30))
    for share in np.linspace(0, 1, 8):
        spot(head + share * (points[0] - head), size * (0.34 - 0.24 * share), (fur, fur, fur - 8))
    spot(points[0], 1.3, (225, 150, 150))
    small = picture.resize((SIZE[1], SIZE[0]), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.4))
    return small, points


def main(out: Path) -> None:
    """Draw and write."""
    random = np.random.default_rng(0)
    for film in range(1, FILMS + 2):
        fur, bedding = int(random.integers(25, 110)), int(random.integers(140, 215))
        new = film > FILMS
        folder = out.with_name(out.name + "-new") if new else out / "labeled-data" / f"mouse{film}"
        folder.mkdir(parents=True, exist_ok=True)
        head = {"scorer": ["Me"] * 12, "bodyparts": [name for name in NAMES for _ in "xy"], "coords": list("xy") * 6}
        lines = [",".join([level, *words]) for level, words in head.items()]
        for number in range(NEW if new else FRAMES):
            picture, points = frame(random, fur, bedding)
            picture.save(folder / f"img{number:03d}.png")
            cells = [f"{value:.2f}" for value in points.ravel()]
            lines.append(",".join([f"labeled-data/mouse{film}/img{number:03d}.png", *cells]))
        if not new:
            (folder / "CollectedData_Me.csv").write_text("\n".join(lines) + "\n")
    bones = [("snout", "left_ear"), ("snout", "right_ear"), ("left_ear", "back"), ("right_ear", "back"),
             ("back", "tail_base"), ("tail_base", "tail_tip")]  # fmt: skip
    told = "".join(f"- [{a}, {b}]\n" for a, b in bones)
    (out / "config.yaml").write_text(f"Task: mice\nbodyparts: [{', '.join(NAMES)}]\nskeleton:\n{told}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
