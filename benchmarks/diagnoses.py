"""Train three networks with a known trouble each and diagnose them: `python -m benchmarks.diagnoses [NAME ...]`.

mnist-lenet            LeNet-5 on MNIST, two epochs: little is wrong, and the page says how little
flowers10-overfitted   210 pictures of flowers, 40 epochs, nothing against over-fitting
random-labels          3,000 MNIST images whose training labels were shuffled on purpose; the test labels are true

Runs go to --place (default: a temporary folder); a run that is there already is continued, not trained again. Pages,
pictures and numbers go to benchmarks/results/diagnosis/NAME/. Data is looked for in $PELLUCID_DATA, or ../shared/data
beside the repository. About ten minutes on one core. Pictures of flowers10 are left out: that set has no licence.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.published import ROOT, commit, threads
from pellucid.data import open_dataset
from pellucid.keys import Key

RESULTS = ROOT / "benchmarks" / "results" / "diagnosis"
NET = "conv_16,pool,conv_32,pool,conv_64,pool,FC_128"
RUNS = {  # what is typed after `pellucid train`, and after `pellucid diagnose RUN`
    "mnist-lenet": ("mnist --model lenet5 --epochs 2 --train-dev-fraction 0.1", "--reference-error 0.002"),
    "flowers10-overfitted": (
        f"flowers10/flower_labels.csv --resize 64x64 --channels rgb --val-fraction 0.2 --model {NET} --epochs 40",
        "--no-images",
    ),
    "random-labels": ("random-labels.npz --model conv_16,pool,conv_32,pool,FC_256 --epochs 40", ""),
}


def main() -> int:
    """Train and diagnose the named runs, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(RUNS)}; default: all")
    parser.add_argument("--place", type=Path, help="the folder for the runs")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in RUNS]
    if unknown:
        parser.error(f"no run '{unknown[0]}'; known are {', '.join(RUNS)}")
    with tempfile.TemporaryDirectory() as folder:
        place = given.place or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        bring_data(place)
        for name in given.names or RUNS:
            diagnose(name, place)
    return 0


def data_folder() -> Path:
    """Where the real data sets lie."""
    return Path(os.environ.get("PELLUCID_DATA") or ROOT.parent / "shared" / "data")


def bring_data(place: Path) -> None:
    """The flowers as a link, and MNIST images with shuffled training labels as an NPZ."""
    if not (place / "flowers10").exists():
        (place / "flowers10").symlink_to(data_folder() / "flowers10")
    mnist = open_dataset("mnist", data_dir=data_folder(), limit=3000)
    train, test = mnist.part("train"), mnist.part("test")
    shuffled = Key.of(0).fold("random labels").generator().permutation(train.labels)
    chosen = np.arange(0, len(test), 3)
    np.savez_compressed(
        place / "random-labels.npz", x_train=train.images.take(np.arange(len(train))), y_train=shuffled,
        x_test=test.images.take(chosen), y_test=test.labels[chosen],
    )  # fmt: skip


def diagnose(name: str, place: Path) -> None:
    """Train (or go on), diagnose, copy what was written, and say what came of it."""
    began = time.perf_counter()
    trained, asked = RUNS[name]
    words = ["--resume", name] if (place / name / "config.json").exists() else [*trained.split(), "--out", name]
    metrics = pellucid(place, "train", *words)
    found = pellucid(place, "diagnose", name, *asked.split())
    target = RESULTS / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in sorted((place / name).glob("diagnosis*")):
        if path.suffix in (".html", ".png", ".json"):
            shutil.copy(path, target / path.name)
    config = json.loads((place / name / "config.json").read_text(encoding="utf-8"))
    result = {
        "commands": [f"pellucid train {trained} --out {name}", f"pellucid diagnose {name} {asked}".strip()],
        "seed": config["settings"]["seed"],
        "title": found["title"],
        "problems": found["problems"],
        "test_accuracy": metrics["accuracy"],
        "test_accuracy_interval": metrics["accuracy_interval"],
        "environment": config["environment"],
        "commit": commit(),
        "date": time.strftime("%Y-%m-%d"),
    }
    text = json.dumps(result, indent=2, sort_keys=True) + "\n"
    (target / "result.json").write_text(text, encoding="utf-8")
    print(f"{name}: {found['title']}. {found['sentence']} ({time.perf_counter() - began:.0f} s)", flush=True)


def pellucid(place: Path, *words: str) -> dict[str, Any]:
    """The JSON object that a command prints."""
    pools = {"OPENBLAS_NUM_THREADS": threads(), "OMP_NUM_THREADS": threads()}
    paths = {"PELLUCID_DATA": str(data_folder()), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "pellucid", *words, "--json"], cwd=place, env=os.environ | pools | paths,
        capture_output=True, text=True, check=False,
    )
    if done.returncode:
        raise SystemExit(f"pellucid {' '.join(words)} failed: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


if __name__ == "__main__":
    sys.exit(main())
