"""The figures of stores on their page, from benchmarks/results/stores.json.

Run with  python -m tests.stores.table
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.docs.made import page_with

ROOT = Path(__file__).resolve().parents[2]
PAGE, RESULT = ROOT / "docs" / "stores.md", ROOT / "benchmarks" / "results" / "stores.json"


def figures(result: dict[str, Any]) -> str:
    """Two tables, and what they are of."""
    memory, speed = result["memory"], result["speed"]
    pairs = speed["pictures"]["64x64x6"]["pairs"]
    first = (f"Memory: training on pictures of 64x64x6 with the default network and {memory['limit_mb']} MB at most "
             f"above what the process holds after its first batch (`{memory['command']}`, {memory['date']}).")
    second = ("Speed: the default network, epochs from the store and from arrays in memory by turns, pictures a second "
              f"of the processor, quartiles of {pairs} pairs (`{speed['command']}`, {speed['date']}, one thread, the "
              "machine busy, the file in its cache).")
    lines = [first, "", "| set | held after the first batch | allocated beyond | in memory beyond, at most |",
             "|---|---:|---:|---:|"]  # fmt: skip
    for name in ("13 MB", "130 MB", "1.3 GB"):
        row = memory["sets"][name]
        lines.append(f"| {name} | {row['after_first_batch_mb']} MB | {row['allocated_more_mb']:.0f} MB | "
                     f"{row['resident_more_mb']:.0f} MB |")
    lines += ["", second, "", "| pictures | memory | store | store over memory |", "|---|---:|---:|---:|"]
    for name, row in speed["pictures"].items():
        each, ratio = row["images_per_processor_second"], row["store_over_memory"]
        lines.append(f"| {name} | {each['memory']['median']:.0f} | {each['store']['median']:.0f} | "
                     f"{ratio['median']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f}) |")
    return "\n".join(lines)


def page() -> str:
    """The page as it should be."""
    return page_with(PAGE, "tests/stores/table.py", figures(json.loads(RESULT.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
