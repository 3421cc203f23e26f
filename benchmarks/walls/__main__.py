"""Put the command line before hostile inputs of every family and count what it handled right.

Run with   python -m benchmarks.walls [--seed 1] [--scale 1.0] [--only FAMILY]
Scale 1 is about 7,500 inputs, an hour of one core. Writes benchmarks/results/walls.json: a row a family, and every
input that was handled wrong; `--only` writes nothing.
The rules are in trial.py. Exit code 1 below 99.5 %.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from benchmarks.published import ROOT, commit
from benchmarks.walls import pictures, places, records, stores
from benchmarks.walls.trial import Outcome, Range, Trial

MARK = 0.995
RESULT = ROOT / "benchmarks" / "results" / "walls.json"
SMALL = (
    "digits",
    "--limit",
    "60",
    "--model",
    "conv_4,pool,FC_8",
    "--epochs",
    "3",
    "--no-checks",
    "--engine",
    "reference",
)


def prepared(place: Path) -> tuple[Path, Path]:
    """A finished run, and one that was stopped with a checkpoint behind it."""
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    from benchmarks.walls.trial import typed

    run, stopped = place / "good", place / "stopped"
    assert typed(["train", *SMALL, "--out", str(run)]) == 0, "the small run must succeed"
    assert typed(["diagnose", str(run)]) == 0, "its diagnosis must succeed"
    words = [
        sys.executable,
        "-m",
        "pellucid",
        "train",
        *SMALL,
        "--epochs",
        "2000",
        "--checkpoint-every",
        "2",
        "--out",
        str(stopped),
    ]
    child = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    limit = time.monotonic() + 60
    while not (stopped / "last.safetensors").exists() and time.monotonic() < limit:
        time.sleep(0.05)
    child.send_signal(signal.SIGTERM)
    child.wait(60)
    config = json.loads((stopped / "config.json").read_text())
    config["settings"]["epochs"] = 3
    (stopped / "config.json").write_text(json.dumps(config))
    Image.fromarray((load_digits().images[0] * 15).astype(np.uint8)).save(place / "digit.png")
    return run, stopped


def trials(place: Path, bounds: Range, seed: int, scale: float, only: str | None) -> Iterator[Trial]:
    """Every input, a family after the other."""
    run, stopped = prepared(place)
    draw = random.Random(seed)
    families = {
        "pictures": lambda spot: pictures.trials(spot, draw, int(2_000 * scale), run),
        "stores": lambda spot: stores.trials(spot, draw, int(900 * scale), run),
        "places": lambda spot: places.folders(spot, draw, run, run, bounds.victims),
        "strangers": lambda spot: places.strangers(spot, run, stopped, bounds.victims),
        "records": lambda spot: records.runs(spot, draw, int(1_600 * scale), run, stopped),
        "words": lambda spot: records.typed(spot, run),
    }
    for name, family in families.items():
        if only in (None, name):
            spot = place / name
            spot.mkdir()
            yield from family(spot)


def told(trial: Trial, outcome: Outcome) -> dict[str, object]:
    """One input that was handled wrong, as the result keeps it."""
    return {
        "family": trial.family,
        "input": trial.name,
        "words": [word[:80] for word in trial.words],
        "exit": outcome.code,
        "faults": list(outcome.faults),
        "seconds": outcome.seconds,
        "megabytes": outcome.megabytes,
        "said": outcome.said[-400:],
    }


def main() -> int:
    """Run the attack; 0 when at least 99.5 % was handled right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    wrong: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="walls-") as name:
        place = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(place / "cache-first")
        bounds = Range(place / "range")
        work = place / "range" / "work"
        work.mkdir()
        last = None
        for trial in trials(work, bounds, given.seed, given.scale, given.only):
            if last not in (None, trial.folder):
                os.chdir(work)
                shutil.rmtree(last, ignore_errors=True)
            last = trial.folder
            outcome = bounds.run(trial)
            counts[trial.family] += 1
            if outcome.faults:
                wrong.append(told(trial, outcome))
                print(
                    f"{trial.family}: {trial.name!r}: {'; '.join(outcome.faults)} | {outcome.said[-160:]!r}", flush=True
                )
    bad = Counter(str(each["family"]) for each in wrong)
    for family, count in counts.items():
        print(f"{family}: {count - bad[family]:,} of {count:,} right ({100 * (1 - bad[family] / count):.2f} %)")
    share = 1 - len(wrong) / counts.total()
    print(f"all: {counts.total() - len(wrong):,} of {counts.total():,} right ({100 * share:.2f} %)")
    if given.only is None:
        from pellucid.runs.environment import environment_of
        from pellucid.training.session import engine_named

        record = {
            "date": date.today().isoformat(),
            "commit": commit(),
            "command": f"python -m benchmarks.walls --seed {given.seed} --scale {given.scale:g}",
            "machine": environment_of(engine_named("reference", "float32", None)),
            "right": round(share, 5),
            "mark": MARK,
            "families": {family: {"inputs": count, "wrong": bad[family]} for family, count in counts.items()},
            "wrong": wrong,
        }
        RESULT.write_text(json.dumps(record, indent=2, default=str) + "\n")
    return 0 if share >= MARK else 1


if __name__ == "__main__":
    sys.exit(main())
