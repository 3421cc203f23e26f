"""The tables of docs/binary.md, from benchmarks/results/binary-speed.json and binary.json.

Run with   python -m tests.packed.table          to write it after a new measurement
"""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.binary import MEASURED
from tests.docs.made import page_with

ROOT = Path(__file__).resolve().parents[2]
PAGE, RESULT = ROOT / "docs" / "binary.md", ROOT / "benchmarks" / "results" / "binary-speed.json"
MAKER, OF_ACCURACIES = "tests/packed/table.py", "benchmarks/binary.py"


def table() -> str:
    """One row a network and batch."""
    found = json.loads(RESULT.read_text(encoding="utf-8"))
    peers = ("reference float32", "pytorch float32", "bfloat16 by hand")
    rows = [f"| what | packed | {' | '.join(f'times as fast as {peer}' for peer in peers)} |", "|---" * 5 + "|"]
    for name, batches in found["networks"].items():
        for batch, pairs in batches.items():
            ours = 1000 * pairs[peers[0]]["ours"]
            times = " | ".join(f"{pairs[peer]['ratio']:.1f}" for peer in peers)
            rows.append(f"| {name}, batch {batch} | {ours:.1f} ms | {times} |")
    product = found["product"]
    rows.append(f"| product 1024 x 4096 x 256 | {1000 * product['ours']:.1f} ms | {product['ratio']:.1f} (NumPy) | | |")
    return "\n".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE, MAKER, table()), encoding="utf-8")
    PAGE.write_text(page_with(PAGE, OF_ACCURACIES, MEASURED.table()), encoding="utf-8")
