"""Scores in words, as the tasks tell them in a terminal and on their pages; a dash where one is not defined."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def between(interval: Sequence[float] | None, form: Callable[[float], str]) -> str:
    """An interval with a comma behind it; nothing where none is known."""
    return "" if interval is None else f"{form(interval[0])} to {form(interval[1])}, "


def percent(number: float | None) -> str:
    """In percent, two digits."""
    return "-" if number is None else f"{100 * number:.2f} %"


def pixels(number: float | None) -> str:
    """Three figures."""
    return "-" if number is None else f"{number:.3g}"


def value(number: float | None) -> str:
    """Four digits."""
    return "-" if number is None else f"{number:.4f}"
