"""What the ablations of `benchmarks/detection.py` came to, as the table of docs/detectors.md.

Run with   python -m benchmarks.detection_table
"""

from __future__ import annotations

import json
import statistics
from typing import Any

from benchmarks.detection import ABLATIONS
from benchmarks.published import ROOT

RESULTS = {"blood cells": "detection-bccd.json", "fields of digits": "detection-fields.json"}
SCORES = {"AP50": "AP50", "smallest_class": "AP50 of the class with the smallest boxes"}
HEAD = ("data", "score, %", "with", "mean (spread)", "against", "mean (spread)", "difference (95 %)", "the book",
        "came out")  # fmt: skip


def rows(data: str, ablations: dict[str, Any]) -> list[str]:
    """A line an ablation; several seeds' mean and spread for either side."""
    found = []
    for name in ABLATIONS:
        one = ablations[name]
        sides: dict[str, list[float]] = {}
        for run in one["runs"]:
            sides.setdefault(run["variant"], []).append(100 * run[one["by"]])
        (new, of_new), (old, of_old) = sides.items()
        gap = {word: 100 * value for word, value in one["difference"][one["by"]].items()}
        cells = [data, SCORES[one["by"]], new, spread(of_new), old, spread(of_old),
                 f"{gap['mean']:+.1f} ({gap['low']:+.1f} to {gap['high']:+.1f})", one["book"], one["came_out"]]
        found.append(f"| {' | '.join(cells)} |")
    return found


def spread(values: list[float]) -> str:
    """Mean and standard deviation."""
    return f"{statistics.mean(values):.1f} ({statistics.stdev(values):.1f})"


def table() -> str:
    """Of all results."""
    lines = [f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD)]
    for data, name in RESULTS.items():
        place = ROOT / "benchmarks" / "results" / name
        lines += rows(data, json.loads(place.read_text(encoding="utf-8")))
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
