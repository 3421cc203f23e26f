"""The table of docs/pytorch.md and the line of README.md on `fit` as typed, from benchmarks/results/torch-typed.json.

Run with   python -m tests.parity_engines.table          to write both after a new measurement
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.docs.made import page_with

ROOT = Path(__file__).resolve().parents[2]
PAGE, FRONT = ROOT / "docs" / "pytorch.md", ROOT / "README.md"
RESULT = ROOT / "benchmarks" / "results" / "torch-typed.json"
MAKER = "tests/parity_engines/table.py"
OURS = {"ours-float32": "float32", "ours-compiled": "float32, `jit_compile=True`", "ours-bfloat16": "bfloat16"}


def table(result: dict[str, Any]) -> str:
    """One row a net: images a second of every side, and how many times as fast ours is."""
    heads = ["net", *OURS.values(), "Keras on torch", "Keras on JAX", *(f"{word} over Keras" for word in OURS.values())]
    rows = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name, net in result["nets"].items():
        rates = [f"{net['images_per_second'][peer]['median']:,.0f}" for peer in (*OURS, "keras-torch", "keras-jax")]
        rows.append(f"| {' | '.join([name, *rates, *(times(net, peer) for peer in OURS)])} |")
    where = result["machine"]
    busy = max(net["load"] for net in result["nets"].values())
    told = (f"{where['processor']}, one core, {result['rounds']} alternating rounds, median (quartiles of the ratio), "
            f"load at most {busy:.1f}; torch {where['torch']}, Keras {where['keras']}, JAX {where['jax']}; "
            f"{result['date']}, commit {result['commit']} "
            "([the result](../benchmarks/results/torch-typed.json)).")  # fmt: skip
    return "\n".join([*rows, "", told])


def times(net: dict[str, Any], peer: str) -> str:
    """The ratio over the better of Keras's backends."""
    found = net["times_as_fast_as_the_better_keras"][peer]
    return f"{found['median']:.2f} ({found['low']:.2f} to {found['high']:.2f})"


def line(result: dict[str, Any]) -> str:
    """The ratios in float32, and of dense nets compiled."""
    nets = {name: net["times_as_fast_as_the_better_keras"] for name, net in result["nets"].items()}
    plain = ", ".join(f"{name} {ratios['ours-float32']['median']:.2f}" for name, ratios in nets.items())
    compiled = nets["clothes MLP"]["ours-compiled"]["median"]
    return (f"`fit` as typed, float32, wall time, over the better of Keras's backends: {plain}; the MLP with "
            f"`jit_compile=True` {compiled:.2f}.")  # fmt: skip


def made() -> dict[Path, str]:
    """What stands in each page."""
    if not RESULT.exists():
        return dict.fromkeys((PAGE, FRONT), "`fit` as typed was not measured on a quiet machine yet.")
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    return {PAGE: table(result), FRONT: line(result)}


if __name__ == "__main__":
    for page, text in made().items():
        page.write_text(page_with(page, MAKER, text), encoding="utf-8")
