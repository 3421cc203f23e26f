"""The table of docs/imbalance.md, made from benchmarks/results/imbalance.json.

Run with   python -m tests.imbalance.table          to write it after a new measurement
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.docs.made import page_with

ROOT = Path(__file__).resolve().parents[2]
PAGE, RESULT = ROOT / "docs" / "imbalance.md", ROOT / "benchmarks" / "results" / "imbalance.json"
MAKER = "tests/imbalance/table.py"


def table(result: dict[str, Any]) -> str:
    """One row a remedy: balanced accuracy, what it gains on none, recall of the rarest classes."""
    rarest = result["cut"]["rarest"]
    rows = [f"| Remedy | Words | Balanced accuracy | Against none | Recall of the {rarest} rarest classes |",
            "|---|---|---|---|---|"]  # fmt: skip
    for name, found in result["remedies"].items():
        gain = f"{found['gain']['mean']:+.3f} ({found['gain']['spread']:.3f})" if name != "none" else "-"
        words = result["words"][name]
        rows.append(f"| {name} | `{words}` | {score(found['balanced_accuracy'])} | {gain} | "
                    f"{score(found['rare_recall'])} |")  # fmt: skip
    where = result["environment"]
    seeds = ", ".join(map(str, result["seeds"]))
    told = (f"{where['processor']}, one thread, PyTorch {where['libraries']['torch']} in {where['precision']}, "
            f"seeds {seeds}, {result['date']}, commit {result['commit']}.")  # fmt: skip
    return "\n".join([*rows, "", told])


def score(found: dict[str, float]) -> str:
    """Mean and spread."""
    return f"{found['mean']:.3f} ({found['spread']:.3f})"


def result() -> dict[str, Any]:
    """The committed measurement; remedies in the order of the benchmark."""
    found: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))
    order = ("none", "class weights", "focal loss", "over-sampling", "under-sampling", "mining in rounds")
    return found | {"remedies": {name: found["remedies"][name] for name in order}}


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE, MAKER, table(result())), encoding="utf-8")
