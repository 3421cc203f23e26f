"""The scale experiment of CNN-book 12.11: what a classifier makes of pictures that were small, and fine-tuned on such.

Run with   OMP_NUM_THREADS=1 python -m benchmarks.shrunk [--seeds 3] [--limit 12000]   (two processor minutes a seed)
whole      `pellucid train mnist --model lenet5`, scored with `evaluate --shrink 14 10 7 5`: a falling curve
fine-tuned the same network, two more epochs on training pictures shrunk to 5 pixels and enlarged again
Must hold  the curve falls; fine-tuning lifts its low end (the book, ImageNet from 96 pixels: 59.7 to 72.1 %)
Writes benchmarks/results/shrunk.json; exit code 1 where one of these does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.published import ROOT, commit
from pellucid.data.shrunk import ShrunkImages
from pellucid.runs.config import RunConfig
from pellucid.runs.environment import environment_of
from pellucid.runs.reading import read_data
from pellucid.training.session import engine_named

SIDES, SMALL = (14, 10, 7, 5), 5
RESULT = ROOT / "benchmarks" / "results" / "shrunk.json"


def typed(folder: str, *words: str) -> dict[str, Any]:
    """What a command tells with --json."""
    done = subprocess.run([sys.executable, "-m", "pellucid", *words, "--json"], cwd=folder, capture_output=True,
                          text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"})
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def curve(folder: str, run: str, data: list[str]) -> dict[str, float]:
    """The accuracy of a run on the test part, whole and at each side."""
    shrink = [word for side in SIDES for word in ("--shrink", str(side))]
    found = typed(folder, "evaluate", run, *data, *shrink)
    return {"28": found["accuracy"], **{str(one["side"]): one["value"] for one in found["shrunk"]}}


def measure(seed: int, limit: int, place: str) -> dict[str, Any]:
    """One seed."""
    with tempfile.TemporaryDirectory() as folder:
        data = ["mnist", "--data-dir", place, "--limit", str(limit)]
        words = ["--no-checks", "--augment", "none", "--seed", str(seed)]
        typed(folder, "train", *data, "--model", "lenet5", "--epochs", "4", *words, "--out", "whole")
        dataset, arrays = read_data(RunConfig(data="mnist", data_dir=place, limit=limit)), {}
        for name in ("train", "test"):
            part = dataset.part(name)
            arrays[f"x_{name}"] = ShrunkImages(part.images, SMALL).take(np.arange(len(part)))
            arrays[f"y_{name}"] = part.labels
        np.savez(Path(folder) / "small.npz", **arrays)
        typed(folder, "train", "small.npz", "--model", "whole/model.safetensors", "--epochs", "2", "--lr", "0.0003",
              *words, "--out", "tuned")  # fmt: skip
        whole, tuned = (curve(folder, run, data) for run in ("whole", "tuned"))
    values = list(whole.values())
    held = {"falls": all(later < before for before, later in pairwise(values)),
            "low_end_lifted": tuned[str(SMALL)] > whole[str(SMALL)]}  # fmt: skip
    return {"seed": seed, "whole": whole, "fine_tuned": tuned, "held": held}


def main() -> int:
    """Measure, write, print; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=12_000)
    given = parser.parse_args()
    place, began = os.environ.get("PELLUCID_DATA") or str(ROOT.parent / "shared" / "data"), time.process_time()
    rows = []
    for seed in range(given.seeds):
        rows.append(measure(seed, given.limit, place))
        print(rows[-1], flush=True)
    children = os.times().children_user + os.times().children_system
    told = {"rows": rows, "limit": given.limit, "commit": commit(), "date": time.strftime("%Y-%m-%d"),
            "cpu_seconds": round(time.process_time() - began + children, 1),
            "environment": environment_of(engine_named("pytorch", "float32", None)),
            "command": f"OMP_NUM_THREADS=1 python -m benchmarks.shrunk --seeds {given.seeds} --limit {given.limit}"}
    RESULT.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0 if all(all(row["held"].values()) for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
