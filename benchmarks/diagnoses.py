"""Train ten networks, each with a trouble of its own, and diagnose them: `python -m benchmarks.diagnoses [NAME ...]`.

mnist-lenet            LeNet-5 on MNIST, two epochs: little is wrong, and the page says how little
small                  80 digits to learn from
random-labels          3,000 MNIST images whose training labels were shuffled on purpose; the test labels are true
imbalanced             blood cells cut out of bccd, ten red ones for each white one
flowers10-overfitted   210 pictures of flowers, 30 epochs, nothing against over-fitting
diverged               digits at a learning rate of 1
mismatched             learnt from scikit-learn's digits drawn larger, asked about MNIST's
two-classes            shirts and T-shirts of Fashion-MNIST
many-classes           131 characters of Omniglot, about thirteen drawings of each to learn from
one-epoch              Fashion-MNIST, one epoch

Runs go to --place (default: a temporary folder); a run that is there already is continued, not trained again. Pages and
numbers go to benchmarks/results/diagnosis/NAME/. Data is looked for in $PELLUCID_DATA, or ../shared/data beside
the repository. About fifteen minutes on one core. Pictures of flowers10 are left out: that set has no licence.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from benchmarks.published import ROOT, commit, threads
from benchmarks.verdict_sets import cut_cells, data_folder
from pellucid.data import open_dataset
from pellucid.keys import Key

RESULTS = ROOT / "benchmarks" / "results" / "diagnosis"
NET = "conv_16,pool,conv_32,pool,conv_64,pool,FC_128"
RUNS = {  # what is typed after `pellucid train`, and after `pellucid diagnose RUN`
    "mnist-lenet": ("mnist --model lenet5 --epochs 2 --train-dev-fraction 0.1", "--reference-error 0.002"),
    "small": ("digits --limit 100 --val-fraction 0.2 --epochs 30", ""),
    "random-labels": ("random-labels.npz --model conv_16,pool,conv_32,pool,FC_256 --augment none --epochs 40", ""),
    "imbalanced": ("cells --resize 24x24 --val-fraction 0.2 --epochs 8", ""),
    "flowers10-overfitted": (
        f"flowers10/flower_labels.csv --resize 64x64 --channels rgb --val-fraction 0.2 --model {NET} --augment none",
        "--no-images",
    ),
    "diverged": ("digits --model conv_16,pool,FC_32 --optimizer sgd --lr 1 --momentum 0.9 --epochs 5 --no-checks", ""),
    "mismatched": ("mismatched.npz --train-dev-fraction 0.2 --epochs 15", ""),
    "two-classes": ("two-classes.npz --val-fraction 0.2 --epochs 10", ""),
    "many-classes": ("many-classes.npz --val-fraction 0.2 --epochs 30", ""),
    "one-epoch": ("fashion-mnist --limit 10000 --val-fraction 0.2 --epochs 1", ""),
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


def bring_data(place: Path) -> None:
    """The flowers as a link, cells cut out of photographs, and an NPZ for each set that is made of others."""
    if not (place / "flowers10").exists():
        (place / "flowers10").symlink_to(data_folder() / "flowers10")
    cut_cells(place)
    for name, made in MADE.items():
        if not (path := place / f"{name}.npz").exists():
            np.savez_compressed(path, **made())


def first_of(name: str, part: str, most: int, classes: tuple[int, ...] = tuple(range(10))) -> tuple[Any, Any]:
    """The first images (N,H,W,1) and labels (N,) of a known set that are of these classes, labelled 0 and up."""
    read = open_dataset(name, data_dir=data_folder()).part(part)
    chosen = np.flatnonzero(np.isin(read.labels, classes))[:most]
    return read.images.take(chosen), np.searchsorted(classes, read.labels[chosen])


def random_labels() -> dict[str, Any]:
    """MNIST images with shuffled training labels."""
    mnist = open_dataset("mnist", data_dir=data_folder(), limit=3000)
    train, test = mnist.part("train"), mnist.part("test")
    shuffled = Key.of(0).fold("random labels").generator().permutation(train.labels)
    chosen = np.arange(0, len(test), 3)
    return {"x_train": train.images.take(np.arange(len(train))), "y_train": shuffled,
            "x_test": test.images.take(chosen), "y_test": test.labels[chosen]}  # fmt: skip


def mismatched() -> dict[str, Any]:
    """scikit-learn's digits (8,8) drawn at (28,28) to learn from; MNIST to choose by and to be scored on."""
    digits = load_digits()
    drawn = [Image.fromarray((image * 15.9).astype(np.uint8)).resize((28, 28), Image.Resampling.BICUBIC)
             for image in digits.images]
    (x_val, y_val), (x_test, y_test) = (first_of("mnist", part, 1000) for part in ("train", "test"))
    return {"x_train": np.stack(drawn)[..., None], "y_train": digits.target, "x_val": x_val, "y_val": y_val,
            "x_test": x_test, "y_test": y_test}  # fmt: skip


def two_classes() -> dict[str, Any]:
    """Fashion-MNIST's T-shirts and shirts."""
    (x_train, y_train), (x_test, y_test) = (first_of("fashion-mnist", part, most, (0, 6))
                                            for part, most in (("train", 3000), ("test", 2000)))
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test,
            "class_names": np.array(["T-shirt", "shirt"])}  # fmt: skip


def many_classes() -> dict[str, Any]:
    """The first 131 characters of Omniglot at (28,28), ink white; drawings 1 to 16 to learn from, 17 to 20 to test."""
    found: dict[str, list[tuple[int, np.ndarray]]] = {}
    with tarfile.open(data_folder() / "handwriting" / "omniglot-images.tar.gz") as archive:
        for member in archive:
            if (file := archive.extractfile(member)) is None or not member.name.endswith(".png"):
                continue
            _, alphabet, character, name = member.name.split("/")
            small = Image.open(file).convert("L").resize((28, 28), Image.Resampling.BOX)
            drawer = int(Path(name).stem.split("_")[1])
            found.setdefault(f"{alphabet} {character[-2:]}", []).append((drawer, 255 - np.asarray(small)))
    names = sorted(found)[:131]
    rows = [(image, label, drawer) for label, name in enumerate(names) for drawer, image in found[name]]
    x, y = np.stack([row[0] for row in rows])[..., None], np.array([row[1] for row in rows])
    test = np.array([row[2] for row in rows]) > 16
    return {"x_train": x[~test], "y_train": y[~test], "x_test": x[test], "y_test": y[test],
            "class_names": np.array(names)}  # fmt: skip


MADE: dict[str, Callable[[], dict[str, Any]]] = {
    "random-labels": random_labels, "mismatched": mismatched, "two-classes": two_classes, "many-classes": many_classes,
}  # fmt: skip


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
        if path.suffix in (".html", ".json") or path.name == "diagnosis-split.png":
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
