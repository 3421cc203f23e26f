"""Blood cells in five folds over all pictures: one fold is the test part, a detector learns from the other four.

Folds     pictures in the order of their names, drawn once, dealt out one after another
Numbers   scores of the fold that was not learnt from, as `pellucid train --json` tells them
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np

FOLDS = 5


def divide(root: Path, fold: int) -> None:
    """Write the lists of the parts anew."""
    names = sorted(path.stem for path in (root / "Annotations").glob("*.xml"))
    drawn = np.random.default_rng(0).permutation(len(names))
    lists = root / "ImageSets" / "Main"
    for known in lists.glob("*.txt"):
        known.unlink()
    for part in ("train", "test"):
        chosen = [names[place] for turn, place in enumerate(drawn) if (turn % FOLDS == fold) == (part == "test")]
        (lists / f"{part}.txt").write_text("\n".join(sorted(chosen)) + "\n", encoding="utf-8")


def main() -> None:
    """Divide and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="bccd.tar")
    parser.add_argument("--fold", type=int, default=0, choices=range(FOLDS))
    parser.add_argument("--flags", default="", help="what `pellucid train` is told")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(asked.data) as tar:
            tar.extractall(place, filter="data")
        (root,) = (path.parent for path in Path(place).rglob("Annotations"))
        divide(root, asked.fold)
        flags = ["--val-fraction", "0", "--out", str(asked.out), *shlex.split(asked.flags), "--json"]
        subprocess.run([sys.executable, "-m", "pellucid", "train", str(root), *flags], check=True)


if __name__ == "__main__":
    main()
