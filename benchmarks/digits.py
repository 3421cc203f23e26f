"""`pellucid train digits` as a newcomer types it, for seeds 0, 1 and 2: accuracy of the test part, and seconds.

Run with   python -m benchmarks.digits          (about half a minute)
Writes benchmarks/results/digits-DATE.json; exit code 1 when a seed is below 0.97 or took 15 s or more.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SEEDS = (0, 1, 2)
LEAST_ACCURACY, MOST_SECONDS = 0.97, 15.0
RESULTS = Path(__file__).resolve().parent / "results"


def run_seed(seed: int, place: Path) -> dict[str, Any]:
    """One command from its start to its end, the import of Python and the report included."""
    words = [sys.executable, "-c", "from pellucid.cli import main; main()", "train", "digits", "--json"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ended = subprocess.run(
        [*words, "--seed", str(seed), "--out", str(place / str(seed))], capture_output=True, text=True, check=True
    )
    seconds, now = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    metrics = json.loads(ended.stdout)
    config = json.loads((place / str(seed) / "config.json").read_text(encoding="utf-8"))
    return {
        "seed": seed, "accuracy": metrics["accuracy"], "seconds": round(seconds, 2),
        "processor_seconds": round(now.ru_utime + now.ru_stime - before.ru_utime - before.ru_stime, 2),
        "seconds_of_steps": metrics["seconds"], "images_per_second": metrics["images_per_second"],
        "environment": config["environment"],
    }


def main() -> int:
    """Run the seeds, write the result, print a line a seed."""
    with tempfile.TemporaryDirectory() as place:
        runs = [run_seed(seed, Path(place)) for seed in SEEDS]
    environments = [run.pop("environment") for run in runs]
    accuracies = [run["accuracy"] for run in runs]
    result = {
        "command": "pellucid train digits --seed N",
        "date": time.strftime("%Y-%m-%d"),
        "machine": environments[0] | {"cores": os.cpu_count(), "load_before": os.getloadavg()[0]},
        "runs": runs,
        "accuracy": {
            "mean": statistics.mean(accuracies), "spread": statistics.stdev(accuracies), "least": min(accuracies)
        },
        "seconds": {"mean": statistics.mean(run["seconds"] for run in runs), "most": max(r["seconds"] for r in runs)},
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"digits-{result['date']}.json"
    path.write_text(json.dumps(result, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    for run in runs:
        seconds = f"{run['seconds']:.1f} s, {run['processor_seconds']:.1f} s of one processor"
        print(f"seed {run['seed']}: accuracy {run['accuracy']:.4f} in {seconds}")
    print(f"mean {statistics.mean(accuracies):.4f}, written to {path}")
    return int(min(accuracies) < LEAST_ACCURACY or max(run["seconds"] for run in runs) >= MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
