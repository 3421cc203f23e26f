"""Shares and differences as a person writes them."""

from __future__ import annotations


def percent(share: float, digits: int = 1) -> str:
    """A share as a percentage, rounded; it says 100 % or 0 % only when that is exactly so (0.9999 is 99.9 %)."""
    if share in (0.0, 1.0):
        return f"{100 * share:.0f} %"
    least = 10.0**-digits
    return f"{min(max(round(100 * share, digits), least), 100 - least):.{digits}f} %"


def small_percent(share: float) -> str:
    """A share as a percentage, with a second digit where it is below one per cent."""
    return percent(share, 2 if share < 0.01 else 1)


def points(difference: float) -> str:
    """A difference of two shares in points of a percentage: 0.083 is 8.3 points."""
    text = f"{100 * difference:.1f}" if abs(difference) >= 0.0095 else f"{100 * difference:.2g}"
    return f"{text} point{'' if text in ('1', '1.0') else 's'}"


def spanned(difference: float, low: float, high: float) -> str:
    """A difference with its interval: 8.0 points (7.1 to 8.9)."""
    ends = (points(end).partition(" ")[0] for end in (low, high))
    return f"{points(difference)} ({' to '.join(ends)})"


def counted(n: int, noun: str) -> str:
    """1 image, 2 images, 54,000 images."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def as_sentence(text: str) -> str:
    """A clause with a capital and a full stop."""
    return f"{text[0].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")
