"""Whether two run folders hold the same bits, times left out; and the small network that the killed runs train."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

SAME_BYTES = ("model.safetensors", "last.safetensors", "history.csv")
TIMES = ("seconds", "seconds_with_validation", "images_per_second", "run")
WRITTEN = ("report.html", "metrics.json", "curves.png", "confusion.png", "mistakes.png")

# Everything that has a memory: batch norm's averages, dropout's masks, Adam's slots, changed pictures, a plateau.
SETTINGS = ["--model", "seed.safetensors", "--limit", "200", "--epochs", "4", "--batch-size", "32", "--lr", "0.01",
            "--schedule", "plateau:1:0.5", "--augment", "shift=1,rotate=5", "--seed", "3",
            "--engine", "reference"]  # fmt: skip
# What the rules and schedules of one's choice remember: averages, gathered gradients, decay, a rise before a fall.
RECIPE = ["--optimizer", "adamw", "--weight-decay", "0.05", "--use-ema", "--ema-momentum", "0.8", "--global-clipnorm",
          "1", "--gradient-accumulation-steps", "4", "--warmup", "1.5", "--label-smoothing", "0.1"]  # fmt: skip
ANNEALED = ["cosine" if word == "plateau:1:0.5" else word for word in SETTINGS]  # a rate for every step
NUMBERS = ["turned.npz", "--model", "conv_4,pool,FC_16", "--epochs", "4", "--batch-size", "32", "--lr", "0.03",
           "--schedule", "plateau:1:0.5", "--augment", "shift=1", "--dropout", "0.25", "--seed", "4",
           "--engine", "reference"]  # what has no classes; its second epoch of four is the best
STEPS = 4 * 6  # 180 images to learn from, in batches of 32


def write_network(path: Path) -> None:
    """A network with batch norm and dropout, as a model file to go on from."""
    from pellucid import Sequential, set_random_seed
    from pellucid.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D

    set_random_seed(5)
    Sequential([
        Input((8, 8, 1)), Conv2D(4, 3, activation="relu"), BatchNormalization(), MaxPooling2D(), Flatten(),
        Dropout(0.25), Dense(16, activation="relu"), Dense(10, activation="softmax"),
    ]).save(path)  # fmt: skip


def write_numbers(path: Path) -> None:
    """Pictures of noise below a line that is turned, and by how many degrees."""
    random = np.random.default_rng(6)
    arrays = {}
    for name, count in (("train", 200), ("test", 40)):
        angles = random.uniform(-40, 40, count)
        rows, columns = np.mgrid[:8, :8] - 3.5
        below = rows > columns * np.tan(np.radians(angles))[:, np.newaxis, np.newaxis]
        arrays |= {f"x_{name}": np.where(below, random.uniform(100, 250, below.shape), 20).astype(np.uint8)[..., None],
                   f"y_{name}": angles}  # fmt: skip
    np.savez(path, **arrays)


def differences(one: Path, other: Path) -> list[str]:
    """What differs between two runs, one sentence each."""
    found = [name for name in SAME_BYTES if (one / name).read_bytes() != (other / name).read_bytes()]
    if scores(one) != scores(other):
        found.append("metrics.json")
    if steps(one) != steps(other):
        found.append("steps.csv")
    return found + [f"{folder}: {path.name} is left over" for folder in (one, other) for path in folder.glob(".*")]


def scores(run: Path) -> dict[str, object]:
    """metrics.json without its times."""
    read = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    return {name: value for name, value in read.items() if name not in TIMES}


def steps(run: Path) -> list[dict[str, str]]:
    """steps.csv without its times."""
    with (run / "steps.csv").open(encoding="utf-8", newline="") as file:
        return [{name: value for name, value in row.items() if name not in TIMES} for row in csv.DictReader(file)]
