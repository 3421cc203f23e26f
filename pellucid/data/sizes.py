"""One size for pictures of many: what is chosen when nobody names one.

Rule    the size that all pictures have, or that more than half of them have if it is no larger than 64 x 64;
        else a square as long as the shorter side of the picture in the middle, and at most 64 x 64
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

LARGEST = 64       # what the default network learns from in minutes on one core; more is a choice


def choose_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """(height, width) in pixels for pictures of these sizes."""
    (most, count), *others = Counter(sizes).most_common()
    if not others or (2 * count > len(sizes) and max(most) <= LARGEST):
        return most
    from statistics import median_low

    side = min(LARGEST, median_low(min(size) for size in sizes))
    return side, side


def size_note(sizes: Sequence[tuple[int, int]], chosen: tuple[int, int], fit: str) -> str:
    """The line that says which size was chosen, and how to choose another."""
    by_area = sorted(set(sizes), key=lambda size: (size[0] * size[1], size))
    (low, narrow), (high, wide) = by_area[0], by_area[-1]
    kept = "" if fit != "stretch" else ", and --fit letterbox or crop keeps proportions"
    return (f"size {chosen[0]}x{chosen[1]} chosen, as pictures are from {low}x{narrow} to {high}x{wide}; --resize HxW "
            f"takes another{kept}")
