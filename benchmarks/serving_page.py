"""The table of docs/serving.md, made from benchmarks/results/serving.json.

Run with   python -m benchmarks.serving_page
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.docs.made import page_with

ROOT = Path(__file__).resolve().parents[1]
PAGE, RESULT = ROOT / "docs" / "serving.md", ROOT / "benchmarks" / "results" / "serving.json"
MAKER = "benchmarks/serving_page.py"


def told(rate: dict[str, Any]) -> str:
    """A rate as measured, and by processor time."""
    return f"{rate['per_second']:,.0f} ({rate['a_core_per_second']:,})"


def made(found: dict[str, Any]) -> str:
    """A row a figure: what was measured, and what was aimed at."""
    rates, raw, steady = found["rates"], found["raw"], found["steady"]
    batching, overload, broken, soak = (found[name] for name in ("batching", "overload", "malformed", "soak"))
    rows = ["| what | here | pass | aim |", "|---|---|---|---|"]
    for kind, word in (("jpeg", "a JPEG"), ("json", "JSON of the protocol")):
        ours = rates[f"pellucid {kind}"]
        beside = ", ".join(f"{name} {told(rates[f'{peer} {kind}'])}"
                           for peer, name in (("fastapi", "by hand"), ("litserve", "LitServe")))  # fmt: skip
        rows.append(f"| LeNet, 28x28 as {word}, requests a second (by processor time) | "
                    f"{told(ours)}; {beside} | 800 | 1,500 |")
    kinds = ", ".join(f"{raw[f'{kind} before the network, a core a second']:,} as {kind}" for kind in ("UINT8", "FP32"))
    rows.append(f"| 224x224x3 as a raw tensor, before the network, a second, by processor time | {kinds}; as JSON "
                f"{raw['pellucid JSON']['per_second']:,.0f} with the network | 500 | 1,000 |")
    rows.append(f"| 99 of 100 answers at four fifths of the rate ({steady['offered_per_second']:,.0f} a second) take "
                f"at most | {steady['p99_ms']:,.0f} ms; half of them {steady['p50_ms']:,.0f} ms | 50 ms | 20 ms |")
    rows.append(f"| failed of {steady['requests_with_a_swap']:,} requests with another model swapped in | "
                f"{steady['failed']} | 0 | 0 |")
    rows.append(f"| ResNet-18 at 32x32, 64 clients, over one picture a call | {batching['batch 8 over 1']} with "
                f"`--batch 8`, {batching['batch 32 over 1']} with `--batch 32` | 2 | 3 |")
    rows.append(f"| 95 of 100 refusals at twice the capacity take at most | {overload['refusals_p95_ms']:,.0f} ms | "
                "20 ms | |")
    rows.append(f"| of {broken['requests']:,} malformed requests: crashed, hung, answered with a 5xx but 503, or with "
                f"what is outside | {broken['fault_count']} | 0 | 0 |")
    rows.append(f"| memory after {soak['minutes']:g} minutes of requests, against the first third | "
                f"{soak['growth']:+.1%} | 2 % | |")
    return "\n".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE, MAKER, made(json.loads(RESULT.read_text(encoding="utf-8")))), encoding="utf-8")
