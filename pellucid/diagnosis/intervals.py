"""How sure a share is, and a difference of two shares: 95 % intervals that are honest at 0 and 1.

Wilson      centre = (p + z^2/2n) / (1 + z^2/n);  half width = z sqrt(p(1-p)/n + z^2/4n^2) / (1 + z^2/n)
Newcombe    d = p1 - p2; low = d - sqrt((p1-l1)^2 + (u2-p2)^2), high = d + sqrt((u1-p1)^2 + (p2-l2)^2), where (l, u)
            are the Wilson intervals of the two shares
Source      Wilson 1927; Newcombe 1998, Statistics in Medicine 17, 857 (method 3) and 873 (method 10).
"""

from __future__ import annotations

import math

Z_95 = 1.959963984540054  # two-sided 95 % of the normal distribution
Interval = tuple[float, float]


def wilson_interval(hits: int, n: int) -> Interval:
    """95 % interval of a share, `hits` of `n` (n at least 1)."""
    share, z2 = hits / n, Z_95 * Z_95
    scale = 1 + z2 / n
    centre = (share + z2 / (2 * n)) / scale
    half = Z_95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / scale
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return (0.0 if hits == 0 else low, 1.0 if hits == n else high)


def difference_interval(hits: int, n: int, other_hits: int, other_n: int) -> Interval:
    """95 % interval of hits/n - other_hits/other_n, two independent shares (both n at least 1)."""
    share, other = hits / n, other_hits / other_n
    low, high = wilson_interval(hits, n)
    other_low, other_high = wilson_interval(other_hits, other_n)
    difference = share - other
    below = math.hypot(share - low, other_high - other)
    above = math.hypot(high - share, other - other_low)
    return max(-1.0, difference - below), min(1.0, difference + above)
