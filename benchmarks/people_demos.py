"""The figures of docs/people.md: blinks and pairs, three seeds each.

Run with   OMP_NUM_THREADS=1 python -m benchmarks.people_demos               (about two minutes of one core)
Writes benchmarks/results/people-demos.json.
"""

from __future__ import annotations

import json
import time
from typing import Any

from benchmarks.published import ROOT, commit
from docs.examples import blinks, pairs
from pellucid.runs.environment import environment_of
from pellucid.training.session import engine_named

RESULT = ROOT / "benchmarks" / "results" / "people-demos.json"
SEEDS = (0, 1, 2)


def main() -> None:
    """Run, write."""
    found: dict[str, Any] = {}
    for name, demo in (("blinks", blinks.main), ("pairs", pairs.main)):
        began = time.process_time()
        found[name] = [demo(seed) for seed in SEEDS]
        found[f"{name}_cpu_seconds"] = round((time.process_time() - began) / len(SEEDS), 1)
    engine = engine_named("auto", "float32", None)
    told = {"command": "OMP_NUM_THREADS=1 python -m benchmarks.people_demos", "commit": commit(), "seeds": SEEDS,
            "date": time.strftime("%Y-%m-%d"), "environment": environment_of(engine)} | found
    RESULT.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
