"""Run the published recipes and hold them to their figures: `python benchmarks/published.py [NAME ...]`.

A recipe is a TOML file in benchmarks/published/: a command with {seed}, {out} (a folder) and {data} (where the data
are), the seeds, the figure the source published, and checks on the mean over the seeds. Each command prints one JSON
object last. Results go to benchmarks/results/published-NAME.json with machine, versions, seeds and spread; exit 1 when
a check fails.
Data is looked for in $PELLUCID_DATA, or ../shared/data beside the repository.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.engines.protocol import Engine
from pellucid.runs.environment import environment_of
from pellucid.training.session import engine_named

ROOT = Path(__file__).resolve().parents[1]
RECIPES, RESULTS = ROOT / "benchmarks" / "published", ROOT / "benchmarks" / "results"
SIDE = 1_024  # of the matrices whose product says how fast the machine was at that moment


def main() -> int:
    """Run the named recipes, or all; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="recipes; default: all")
    known = {path.stem: path for path in sorted(RECIPES.glob("*.toml"))}
    names = parser.parse_args().names or list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        parser.error(f"no recipe '{unknown[0]}'; known are {', '.join(known)}")
    failed = [name for name in names if not run_recipe(name, tomllib.loads(known[name].read_text(encoding="utf-8")))]
    print(f"{len(names) - len(failed)} of {len(names)} recipes reach their figures; short: {failed or 'none'}")
    return 1 if failed else 0


def run_recipe(name: str, recipe: dict[str, Any]) -> bool:
    """Run every seed, write the result, print a line a check; True when all hold."""
    began, machine = time.perf_counter(), environment_of(engine_of(recipe["command"])) | {"threads": int(threads())}
    measured = {"commit": commit(), "date": time.strftime("%Y-%m-%d")}  # now: the files may be others when it ends
    runs = [run_seed(recipe["command"], seed) | {"seed": seed} for seed in recipe["seeds"]]
    checks = [check(rule, runs) for rule in recipe["checks"]]
    result = {
        "recipe": recipe,
        "checks": checks,
        "runs": runs,
        "seconds_in_all": round(time.perf_counter() - began, 1),
        "environment": machine,
        **measured,
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=2, sort_keys=True) + "\n"
    (RESULTS / f"published-{name}.json").write_text(text, encoding="utf-8")
    for entry in checks:
        word = "reached" if entry["holds"] else "SHORT"
        numbers = f"{entry['score']} mean {entry['mean']:.5f} (spread {entry['spread']:.5f})"
        print(f"{name}: {numbers} {entry['wanted']} {word}", flush=True)
    return all(entry["holds"] for entry in checks)


def engine_of(command: str) -> Engine:
    """The engine that a command asks for."""
    return engine_named("pytorch" if "--engine pytorch" in command else "reference", "float32", None)


def commit() -> str:
    """The commit that was measured."""
    words = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def threads() -> str:
    """Threads of the matrix products: one, unless the caller says otherwise, so that numbers repeat."""
    return os.environ.get("OPENBLAS_NUM_THREADS", "1")


def yardstick() -> float:
    """Processor milliseconds of one product of two float32 matrices, the middle of five."""
    a = np.random.default_rng(0).random((SIDE, SIDE), np.float32)
    took = []
    for _ in range(5):
        before = time.process_time()
        a @ a
        took.append(time.process_time() - before)
    return round(1_000 * statistics.median(took), 1)


def spent() -> float:
    """Processor seconds, user and system, of all commands that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def run_seed(command: str, seed: int) -> dict[str, Any]:
    """The scores of one seed: the command's JSON, the last row of its history as last_*, and processor seconds.

    These are user and system of the whole command; beside other work on the machine they are larger, and
    "matrix_product_ms" says how long a product of two 1,024 x 1,024 float32 matrices took right after it.
    """
    before = spent()
    with tempfile.TemporaryDirectory() as folder:
        data = os.environ.get("PELLUCID_DATA") or str(ROOT.parent / "shared" / "data")
        words = shlex.split(command.format(seed=seed, out=f"{folder}/run", data=data))
        if words[0] == "pellucid":
            words = [sys.executable, "-m", *words]
        elif words[0] == "python":
            words[0] = sys.executable
        pools = {"OPENBLAS_NUM_THREADS": threads(), "OMP_NUM_THREADS": threads()}
        environment = os.environ | {"PELLUCID_DATA": data} | pools
        done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{command} (seed {seed}) failed: {done.stderr.strip()}")
        found = json.loads(done.stdout.strip().splitlines()[-1])
        scores = {key: value for key, value in found.items() if isinstance(value, (int, float))}
        history = Path(folder, "run", "history.csv")
        if history.exists():
            with history.open(encoding="utf-8") as file:
                last = list(csv.DictReader(file))[-1]
            scores |= {f"last_{key}": float(value) for key, value in last.items() if math.isfinite(float(value))}
    return scores | {"processor_seconds": round(spent() - before, 1), "matrix_product_ms": yardstick()}


def check(rule: dict[str, Any], runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Whether the mean of a score is where the rule wants it."""
    values = [float(run[rule["score"]]) for run in runs]
    mean = statistics.mean(values)
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    if "at_least" in rule:
        wanted, holds = f">= {rule['at_least']}", mean >= rule["at_least"]
    elif "at_most" in rule:
        wanted, holds = f"<= {rule['at_most']}", mean <= rule["at_most"]
    else:
        wanted, holds = f"within {rule['within']} of {rule['near']}", abs(mean - rule["near"]) <= rule["within"]
    return {"score": rule["score"], "mean": mean, "spread": spread, "values": values, "wanted": wanted, "holds": holds}


if __name__ == "__main__":
    sys.exit(main())
