"""What each technique of docs/recipes.md is worth: `pellucid train` as a user types it, one row a technique.

Run with   python -m benchmarks.recipes [--set flowers10] [--row NAME] [--seeds 0 1 2] [--missing]
           python -m benchmarks.recipes --table             the tables of docs/recipes.md, from what is committed
Every seed is a split of its own (--split-seed); the test part is read once a seed, and nothing was chosen on it. What
was measured before stays in benchmarks/results/recipes.json, set by set and row by row, each with its commit.
Processor seconds are user and system of the whole command; beside other work on the machine they are larger, and
"matrix_product_ms" says how long a product of two 1,024 x 1,024 float32 matrices took right after the run.
Data is looked for in $PELLUCID_DATA, or ../shared/data beside the repository.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.published import ROOT, spent, yardstick
from benchmarks.rows import Rows
from pellucid.data.opening import open_dataset

RESULT = ROOT / "benchmarks" / "results" / "recipes.json"
PLACE = os.environ.get("PELLUCID_DATA") or str(ROOT.parent / "shared" / "data")
PLAIN = "--augment none --dropout 0.3"  # the network in words, as before there was a default for photos
SETS = {"flowers10": "flowers10", "flowers10, 5 a class": "few", "fruits360-mini": "fruits360-mini",
        "cifar10": "cifar10 --limit 5000", "fashion-mnist": "fashion-mnist --limit 1000"}  # fmt: skip
ROWS = {
    "the default": "",
    "words, unchanged pictures": PLAIN,
    "without changes of pictures": "--augment none",
    "with changes of pictures": "--augment auto",
    "with label smoothing": "--label-smoothing 0.1",
    "with averages": "--use-ema --ema-momentum 0.95",
    "with AdamW": "--optimizer adamw --weight-decay 0.05",
    "with mixup": "--augment flip,shift=4,mixup=0.2",
    "with mirrors and shifts": "--augment flip,shift=2",
    "with one cycle": "--schedule onecycle --lr 0.01",
    "nothing laid aside": "--val-fraction 0",
    "from SqueezeNet": "--pretrained squeezenet",
    "from SqueezeNet, frozen": "--pretrained squeezenet --resize 160x160",
    "from SqueezeNet, frozen, nothing laid aside": "--pretrained squeezenet --resize 160x160 --val-fraction 0",
    "from SqueezeNet, labels not smoothed": "--pretrained squeezenet --resize 160x160 --label-smoothing 0",
    "from SqueezeNet, at its own size": "--pretrained squeezenet --label-smoothing 0",
    "from SqueezeNet, its own head":
        "--pretrained squeezenet --resize 160x160 --lr 0.0005 --epochs 60 --keep-epoch sure",
}
FEW = 5  # pictures a class
MEASURED = Rows(RESULT, SETS, ROWS, "the default", ("recipe", "splits", "one split", "over the default, same splits"),
                over=True, digits=1)  # fmt: skip


def write_few(folder: Path, seed: int) -> None:
    """flowers10 as train/CLASS and test/CLASS in a folder: a few pictures of each class, and all others."""
    dataset = open_dataset("flowers10", data_dir=PLACE)
    part, left = dataset.part("train"), dict.fromkeys(range(len(dataset.class_names)), FEW)
    with tarfile.open(Path(PLACE) / "flowers10" / "flower_images.tar") as tar:
        for place in np.random.default_rng(seed).permutation(len(part)):
            label, name = int(part.labels[place]), part.names[place]
            left[label] -= 1
            into = folder / ("train" if left[label] >= 0 else "test") / dataset.class_names[label]
            into.mkdir(parents=True, exist_ok=True)
            file = tar.extractfile(name)
            assert file is not None, name
            (into / Path(name).name).write_bytes(file.read())


def typed(data: str, row: str, seed: int) -> str:
    """The command of one seed."""
    return f"pellucid train {SETS[data]} {ROWS[row]} --split-seed {seed} --json".replace("  ", " ")


def measured(data: str, row: str, seed: int) -> dict[str, Any]:
    """Accuracy on the test part and processor seconds of one seed."""
    words = shlex.split(typed(data, row, seed))[1:]
    with tempfile.TemporaryDirectory() as folder:
        if SETS[data] == "few":
            write_few(Path(folder) / "few", seed)
        before = spent()
        done = subprocess.run(
            [sys.executable, "-m", "pellucid", *words, "--out", "run"], text=True, check=True,
            capture_output=True, env={**os.environ, "PELLUCID_DATA": PLACE, "OMP_NUM_THREADS": "1"},
            cwd=folder,
        )  # fmt: skip
    seconds = spent() - before
    return {"accuracy": json.loads(done.stdout)["accuracy"], "processor_seconds": round(seconds, 1),
            "matrix_product_ms": yardstick()}  # fmt: skip


def main() -> None:
    """Measure what is asked for, and write it beside what is there."""
    given = MEASURED.arguments(__doc__.splitlines()[0], "flowers10").parse_args()
    if given.table:
        print(MEASURED.table())
    else:
        MEASURED.measure(given, measured, typed)


if __name__ == "__main__":
    main()
