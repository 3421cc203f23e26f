"""Scores and answers of a regression in words and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pellucid.reports.sections import Section, Table, Text


def told(found: Mapping[str, Any]) -> list[Section]:
    """The headline, then each number with its scores and their intervals."""
    low, high = found["mae_interval"]
    of = f"{found['part']}:" if found["split"] == "all" else found["part"]
    unit = f" {found['numbers'][0]['unit']}" if len(found["numbers"]) == 1 and found["numbers"][0]["unit"] else ""
    headline = (f"{of} mae {value(found['mae'])}{unit} ({value(low)} to {value(high)}, {found['n']:,} images)  "
                f"rmse {value(found['rmse'])}  R2 {value(found['r2'])}")
    return [Text(headline), table_of(found["numbers"])]


def table_of(numbers: Sequence[Mapping[str, Any]]) -> Table:
    """Each number with its scores and their intervals."""
    rows = [
        [number["name"], number["unit"], score, value(number[score]["value"]), value(number[score]["low"]),
         value(number[score]["high"]), value(number["constant_mae"]) if score == "mae" else ""]
        for number in numbers for score in ("mae", "rmse", "r2")
    ]  # fmt: skip
    return Table(["number", "unit", "score", "value", "from", "to", "of a constant answer"], rows,
                 kinds=["name", "text", "text", "number", "number", "number", "number"])  # fmt: skip


def value(number: float | None) -> str:
    """Four digits, or a dash where it is not defined."""
    return "-" if number is None else f"{number:.4g}"


def words(entry: Mapping[str, Any]) -> list[str]:
    """Each number with its unit."""
    return [f"{found['name']} {found['value']:.4g} {found['unit']}".strip() for found in entry["numbers"]]


def row(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A column a number."""
    return {found["name"]: found["value"] for found in entry["numbers"]}
