"""One hourglass or two: the mean error on drawn figures after the same number of steps.

Run with   python -m benchmarks.stacks [--seeds 0 1 2]          (about ten minutes of one core a seed)
figures    drawn scenes of 96x96 with one stick figure, cut out by its box: LEARNT to learn from, TESTED others
error      mean distance of a figure's joints to where they are, over the square root of its box (NME)
interval   of the mean difference, two stacks less one: Student's over all figures of all seeds, asked of both
Batches, rate, epochs and so the steps are the same; nothing was chosen on the test figures. Seeds measured before stay
in benchmarks/results/stacks.json, each with its commit.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import scipy.stats

from benchmarks.published import ROOT, commit, spent, yardstick
from pellucid.data.scenes.folder import write_scenes
from pellucid.runs.environment import environment_of
from pellucid.training.session import engine_named

RESULT = ROOT / "benchmarks" / "results" / "stacks.json"
LEARNT, SEEN, TESTED = 2000, 80, 300
NETWORKS = {"one": "hourglass", "two": "hourglass-2"}
FLAGS = ("--task keypoints --resize 64x64 --crop 0.25 --no-checks --engine pytorch --batch-size 8 --epochs 2 "
         "--score-every 2 --optimizer adamw --lr 0.003 --weight-decay 0.01 --schedule onecycle --augment rotate=15 "
         "--normaliser box --pck 0.1")


def measured(seed: int) -> dict[str, Any]:
    """Of one drawing, what each network makes of its test figures."""
    row: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as place:
        write_scenes(f"{place}/figures", {"train": LEARNT, "val": SEEN, "test": TESTED}, seed=seed, people=(1, 1),
                     size=(96, 96))
        for word, model in NETWORKS.items():
            before = spent()
            subprocess.run(
                [sys.executable, "-m", "pellucid", "train", "figures", "--model", model, *shlex.split(FLAGS), "--seed",
                 str(seed), "--out", word], check=True, capture_output=True, cwd=place,
                env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
            metrics = json.loads(Path(place, word, "metrics.json").read_text(encoding="utf-8"))
            told = Path(place, word, "predictions.jsonl").read_text(encoding="utf-8").splitlines()
            row[word] = {"nme": metrics["nme"], "pck": metrics["pck"], "steps": LEARNT * 2 // 8,
                         "each": [round(json.loads(line)["nme"], 5) for line in told],
                         "processor_seconds": round(spent() - before, 1)}  # fmt: skip
    return row | {"commit": commit(), "matrix_product_ms": yardstick()}


def difference(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Two less one: the mean over all figures with its interval, and the means of the seeds."""
    each = [np.subtract(row["two"]["each"], row["one"]["each"]) for row in rows]
    every = np.concatenate(each)
    reach = float(scipy.stats.t.ppf(0.975, len(every) - 1) * scipy.stats.sem(every))
    mean = float(every.mean())
    return {"mean": mean, "interval": [mean - reach, mean + reach], "figures": len(every),
            "seeds": [float(one.mean()) for one in each]}  # fmt: skip


def main() -> None:
    """Measure the seeds, and write them beside those that are there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    found: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {"runs": {}}
    for seed in parser.parse_args().seeds:
        found["runs"][f"seed {seed}"] = measured(seed)
        found |= {"flags": FLAGS, "networks": NETWORKS, "difference": difference(list(found["runs"].values())),
                  "environment": environment_of(engine_named("pytorch", "float32", None))}  # fmt: skip
        RESULT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        print(f"seed {seed}: {found['difference']}", flush=True)


if __name__ == "__main__":
    main()
