"""One size for pictures of many: what is chosen when nobody names one.

Rule    the size that all pictures have, or that more than half of them have if it is no larger than 64 x 64;
        else a square as long as the shorter side of the picture in the middle, and at most 64 x 64;
        of pictures with places marked in them the median size, made smaller to 320 pixels on its longer side
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from pellucid.data.options import Options
from pellucid.errors import ArgumentError
from pellucid.storage.limits import GROWN

WIDEST, STEP = 320, 16  # pixels of the longer side, and what both are a multiple of, where things have places
LARGEST = 64       # what the default network learns from in minutes on one core; more is a choice


def choose_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """(height, width) in pixels for pictures of these sizes."""
    (most, count), *others = Counter(sizes).most_common()
    if not others or (2 * count > len(sizes) and max(most) <= LARGEST):
        return most
    from statistics import median_low

    side = min(LARGEST, median_low(min(size) for size in sizes))
    return side, side


def choose_wide_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The same where things have places: the usual proportions, at most WIDEST long, sides that halve four times."""
    from statistics import median

    height, width = median(size[0] for size in sizes), median(size[1] for size in sizes)
    scale = min(1.0, WIDEST / max(height, width))
    rows, columns = (max(STEP, round(scale * side / STEP) * STEP) for side in (height, width))
    return rows, columns


def refuse_blown_up(where: str, size: tuple[int, int], options: Options) -> None:
    """Raise ArgumentError for --resize that makes far more pixels than pictures of this size have: work, and no detail.

    --max-pixels, typed beside it, says that so many are meant.
    """
    if options.resize is None or options.max_pixels is not None:
        return
    wanted, has = math.prod(options.resize), max(1, math.prod(size))
    if wanted > GROWN.now * has:
        rows, columns = options.resize
        raise ArgumentError(f"{where}: --resize {rows}x{columns} makes {wanted:,} pixels of {size[0]}x{size[1]}, more "
                            f"than {GROWN.now:,} times as many, which takes long and shows no more. Type a smaller "
                            f"size, or --max-pixels {wanted} beside it if it is meant.")


def size_note(sizes: Sequence[tuple[int, int]], chosen: tuple[int, int], fit: str) -> str:
    """The line that says which size was chosen, and how to choose another."""
    by_area = sorted(set(sizes), key=lambda size: (size[0] * size[1], size))
    (low, narrow), (high, wide) = by_area[0], by_area[-1]
    kept = "" if fit != "stretch" else ", and --fit letterbox or crop keeps proportions"
    return (f"size {chosen[0]}x{chosen[1]} chosen, as pictures are from {low}x{narrow} to {high}x{wide}; --resize HxW "
            f"takes another{kept}")
