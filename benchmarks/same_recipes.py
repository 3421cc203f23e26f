"""The recipes of `benchmarks.same`: six short trainings that between them pass most of what a run can do.

Every recipe types what it relies on, so that a new default is seen only where the recipe is about it (the default
network). Data are small cuts of the real sets, so that a recipe takes a few seconds of one core.
"""

from __future__ import annotations

import csv
import gzip
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RUN = "run"  # the folder of the training that is compared; an earlier one of a recipe is `first`
COMMON = ("--threads", "1", "--seed", "3", "--split-seed", "1", "--patience", "0", "--augment", "",
          "--keep-epoch", "sure")  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """What is trained, in words of the command line; later words take the place of earlier ones, as they do there."""

    covers: str
    data: str  # a known name, or a file that `makers` writes
    words: tuple[str, ...]
    before: tuple[str, ...] = ()  # data and words of a training of its own before this one, into `first`
    stopped: bool = False  # killed after its first checkpoint, then resumed


RECIPES = {
    "digits": Recipe(
        "the reference engine, the default network, cosine", "digits",
        ("--engine", "reference", "--epochs", "2", "--batch-size", "32", "--limit", "600", "--schedule", "cosine",
         "--l2", "0.001"),
    ),
    "augmented": Recipe(
        "the PyTorch engine, an architecture by name, augmentation", "mnist",
        ("--engine", "pytorch", "--model", "lenet5", "--epochs", "3", "--batch-size", "50", "--limit", "600",
         "--optimizer", "rmsprop", "--lr", "0.001", "--schedule", "linear", "--augment", "flip,shift=2,rotate=10",
         "--preprocess", "scale,standardize"),
    ),
    "uneven": Recipe(
        "class weights, focal loss and mining on classes of 200 to 15 images", "uneven.npz",
        ("--engine", "pytorch", "--model", "conv_8,pool,FC_32", "--epochs", "4", "--batch-size", "32",
         "--schedule", "constant", "--patience", "0", "--class-weight", "balanced", "--loss", "focal:2",
         "--mine-rounds", "1", "--dropout", "0.2"),
    ),
    "transferred": Recipe(
        "weights of another model, a new head, a frozen trunk that thaws", "fashion-mnist",
        ("--engine", "reference", "--model", "conv_8,pool,FC_32", "--epochs", "3", "--batch-size", "32",
         "--limit", "400", "--schedule", "cosine", "--dropout", "0", "--weights", "first/model.safetensors",
         "--new-head", "--freeze", "all-but-head", "--unfreeze-after", "1", "--unfreeze-rate", "0.2"),
        before=("mnist", "--engine", "reference", "--model", "conv_8,pool,FC_32", "--epochs", "1",
                "--batch-size", "32", "--limit", "400", "--schedule", "cosine", "--dropout", "0"),
    ),
    "grouped": Recipe(
        "a table with groups, photos with alpha brought to one size, batch norm, a part for `diagnose`", "flowers.csv",
        ("--engine", "pytorch", "--model", "cifar10cnn", "--epochs", "2", "--batch-size", "16", "--schedule", "cosine",
         "--group", "bed", "--resize", "32x32", "--channels", "rgb", "--val-fraction", "0.2",
         "--train-dev-fraction", "0.1", "--batch-norm-momentum", "0.9"),
    ),
    "stopped": Recipe(
        "a plateau, early stopping, a kill in the middle of an epoch and a resume", "digits",
        ("--engine", "reference", "--model", "conv_8,pool,FC_32", "--epochs", "12", "--batch-size", "16",
         "--optimizer", "sgd", "--lr", "0.2", "--schedule", "plateau:1:0.5", "--patience", "2", "--dropout", "0.3",
         "--augment", "shift=1,rotate=5", "--checkpoint-every", "7"),
        stopped=True,
    ),
}  # fmt: skip


def write_uneven(path: Path, shared: Path) -> None:
    """Ten kinds of clothes, the commonest with 200 training images and each next a quarter fewer; 20 each to test."""
    folder, arrays = shared / "fashion-mnist", {}
    images = np.frombuffer(gzip.decompress((folder / "t10k-images-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16)
    labels = np.frombuffer(gzip.decompress((folder / "t10k-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8)
    places = [np.flatnonzero(labels == number) for number in range(10)]
    for part, cut in (("test", [slice(20)] * 10), ("train", [slice(20, 20 + int(200 * 0.75**k)) for k in range(10)])):
        rows = np.sort(np.concatenate([place[some] for place, some in zip(places, cut, strict=True)]))
        arrays[f"x_{part}"], arrays[f"y_{part}"] = images.reshape(-1, 28, 28, 1)[rows], labels[rows]
    np.savez(path, **arrays)  # type: ignore[arg-type]


def write_flowers(path: Path, shared: Path) -> None:
    """flowers10 as pictures beside a table; seven pictures in a row grew in one bed."""
    with tarfile.open(shared / "flowers10" / "flower_images.tar") as packed:
        packed.extractall(path.parent, filter="data")
    with (shared / "flowers10" / "flower_labels.csv").open(encoding="utf-8", newline="") as file:
        given = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("path", "label", "bed"))
        for number, row in enumerate(given):
            table.writerow((f"flower_images/{row['file']}", f"species {row['label']}", f"bed {number // 7}"))


MAKERS: dict[str, Callable[[Path, Path], None]] = {"uneven.npz": write_uneven, "flowers.csv": write_flowers}
