"""Points of faces and of one person: `pellucid train` as a user types it, on persons that nobody learnt from.

Run with   python -m benchmarks.keypoints landmarks|faces68|lspe|lspe-scratch|plain [--seeds 0 1 2] [--folds 0 1 2 3 4]
           python -m benchmarks.keypoints --table        what is committed, as the table of docs/faces.md
landmarks  255 faces of 150 persons, whole frames; five folds by person, drawn once, so that every face is told by a
           network that never saw its person; NME by the outer corners of the eyes over all faces of a seed
plain      the book's plain network and the tweaked one made of it, on the same folds
faces68    Helen's and AFW's training pictures, Helen's test part; boxes around the true points (oracle boxes), and the
           same shifted and scaled by up to a tenth
lspe       the split of its README, PCK at 0.2 of the torso; boxes around the true points; begun with the weights of
           SqueezeNet, and (lspe-scratch) without any
Recipes were chosen on persons or pictures held out of the training parts; a test part is read once a seed. Rows
are kept one by one in benchmarks/results/keypoints.json, each with its commit; processor seconds are those of the whole
command.
Data is looked for in $PELLUCID_DATA, or ../shared/data beside the repository.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import shlex
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.stats

from benchmarks.published import ROOT, commit, spent, yardstick
from pellucid.runs.environment import environment_of
from pellucid.tasks.keypoints.tcnn.tweaking import tweak_run
from pellucid.training.session import engine_named
from pellucid.using.reopening import Reopening
from pellucid.using.stored import Stored

RESULT = ROOT / "benchmarks" / "results" / "keypoints.json"
PLACE = Path(os.environ.get("PELLUCID_DATA") or ROOT.parent / "shared" / "data")
FOLDS = 5
CYCLE = "--spread 1 --optimizer adamw --weight-decay 0.01 --schedule onecycle --use-ema --val-fraction 0 --no-checks"
FACE = f"--engine pytorch --channels gray --resize 96x96 --batch-size 16 --lr 0.01 {CYCLE}"
TURNED = "--augment flip,rotate=60,zoom=0.3,shift=8,brightness=0.3,contrast=0.3"
RECIPES = {
    "landmarks": f"{FACE} --epochs 112 --augment flip,rotate=20,zoom=0.2,shift=8,brightness=0.3,contrast=0.3",
    "faces68": f"{FACE} --epochs 40 --augment flip,rotate=20,zoom=0.2,shift=8,brightness=0.3,contrast=0.3",
    "lspe": "--engine pytorch --pretrained squeezenet --points-codec heatmaps --freeze conv1 --trunk-rate 0.5 "
            "--crop 0.25 --resize 112x112 --batch-size 16 --lr 0.004 "
            f"{CYCLE.replace('-decay 0.01', '-decay 0.1')} --epochs 75 {TURNED}",
    "lspe-scratch": "--engine pytorch --model heatmap-coarse --crop 0.25 --resize 96x96 --batch-size 16 --lr 0.012 "
                    f"{CYCLE} --epochs 400 {TURNED}",
    "plain": f"--engine pytorch --model plain --resize 40x40 --batch-size 16 --lr 0.003 {CYCLE} --epochs 100 "
             "--augment flip,rotate=20,zoom=0.2,shift=3,brightness=0.3,contrast=0.3",
}  # fmt: skip
KEPT = ("nme", "nme_interval", "pck", "error_px_median", "n", "parameters")


def typed(*words: str, folder: Path) -> dict[str, Any]:
    """What a command prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "pellucid", *words, "--json"], text=True, check=True, capture_output=True, cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def unpacked(name: str, folder: Path) -> None:
    """The pictures of a set in a folder."""
    with tarfile.open(PLACE / name / f"{name}.tar") as tar:
        tar.extractall(folder, filter="data")


def fold_of(persons: list[str]) -> np.ndarray:
    """Which fold each face (N,) is in: persons drawn once, dealt out one after another."""
    each = sorted(set(persons))
    dealt = {each[place]: turn % FOLDS for turn, place in enumerate(np.random.default_rng(0).permutation(len(each)))}
    return np.array([dealt[person] for person in persons])


def write_landmarks(folder: Path, fold: int) -> str:
    """The faces with the persons of a fold as the test part."""
    unpacked("landmarks", folder)
    head, *rows = csv.reader((folder / "keypoints.csv").read_text(encoding="utf-8").splitlines())
    persons = [re.sub(r"_?\d+\.jpg$", "", row[0]) for row in rows]
    parts = np.where(fold_of(persons) == fold, "test", "train")
    made = [["image_name", "group", "split", *head[1:]]]
    made += [[f"images/{row[0]}", person, str(part), *row[1:]]
             for row, person, part in zip(rows, persons, parts, strict=True)]  # fmt: skip
    return written(folder, made)


def write_faces(folder: Path, fold: int) -> str:
    """Helen and AFW to learn from, Helen's test part."""
    unpacked("faces68", folder)
    (table,) = folder.rglob("points.csv")
    head, *rows = csv.reader(table.read_text(encoding="utf-8").splitlines())
    part = head.index("split")
    kept = [row for row in rows if row[part] == "train" or row[0].startswith("helen")]
    for row in kept:
        row[0] = (table.parent / "images" / row[0]).relative_to(folder).as_posix()
    return written(folder, [head, *kept])


def write_people(folder: Path, fold: int) -> str:
    """The set as it is."""
    return str(PLACE / "lspe" / "lspe.tar")


def written(folder: Path, rows: list[list[str]]) -> str:
    """A table among the pictures, in place of those that came with them; what is named to `pellucid train`."""
    for other in folder.rglob("*.csv"):
        other.unlink()
    with (folder / "faces.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return "faces.csv"


SETS: dict[str, Callable[[Path, int], str]] = {
    "landmarks": write_landmarks, "faces68": write_faces, "lspe": write_people,
    "lspe-scratch": write_people, "plain": write_landmarks}
NOISES = {"faces68": 0.1, "lspe": 0.1, "lspe-scratch": 0.1}


def measured(name: str, seed: int, fold: int) -> dict[str, Any]:
    """One run: its scores on the test part, those with mirrored views, and those with boxes that are off."""
    with tempfile.TemporaryDirectory() as place:
        folder, before = Path(place), spent()
        data = SETS[name](folder, fold)
        own = typed("train", data, *shlex.split(RECIPES[name]), "--seed", str(seed), "--out", "run", folder=folder)
        row = kept(own) | {"processor_seconds": round(spent() - before, 1), "matrix_product_ms": yardstick()}
        looks = {"mirrored": ["--tta"]}
        if name in NOISES:
            noise = ["--box-noise", str(NOISES[name])]
            looks |= {"boxes off": noise, "boxes off, mirrored": [*noise, "--tta"]}
        for look, words in looks.items():
            row[look] = kept(typed("evaluate", "run", "--split", "test", *words, folder=folder))
        if name == "plain":
            row["tweaked"] = tweaked(folder)
    return row


def kept(found: dict[str, Any]) -> dict[str, Any]:
    """What a row tells of scores."""
    return {name: found[name] for name in KEPT if name in found}


def tweaked(folder: Path) -> dict[str, Any]:
    """The run's network with a regressor for each cluster: its scores, and what became of the clusters."""
    found = tweak_run(Stored.open(str(folder / "run"), Reopening(data=str(folder / "faces.csv"))))
    found.model.save(folder / "tweaked.safetensors")
    scores = typed("evaluate", "tweaked.safetensors", "faces.csv", "--split", "test", folder=folder)
    return kept(scores) | {"faces": list(found.faces), "strengths": list(found.strengths)}


def table(found: dict[str, Any]) -> str:
    """A row a set and a way of asking: the mean over all samples of all runs, and what it gains run by run."""
    heads = ("set", "asked", "NME", "gained, points (95 %)", "PCK", "samples, runs", "processor seconds a run")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name, entry in found["sets"].items():
        rows = list(entry["runs"].values())
        looks = ["", *(look for look, value in rows[0].items() if isinstance(value, dict))]
        for look in looks:
            own = [row[look] if look else row for row in rows]
            nme = weighted(own, "nme")
            pck = weighted(own, "pck")
            seconds = statistics.mean(row["processor_seconds"] for row in rows)
            samples = sum(row["n"] for row in rows)
            lines.append(f"| {name} | {look or 'as it is'} | {100 * nme:.2f} % | {gained(rows, look)} | {pck:.3f} "
                         f"| {samples:,}, {len(rows)} | {seconds:.0f} |")  # fmt: skip
    return "\n".join(lines)


def gained(rows: list[dict[str, Any]], look: str) -> str:
    """By how much the NME is smaller, with Student's interval over the runs; empty for a run itself."""
    if not look or len(rows) < 2:
        return ""
    each = [100 * (row["nme"] - row[look]["nme"]) for row in rows]
    mean, reach = statistics.mean(each), statistics.stdev(each) / len(each) ** 0.5
    reach *= float(scipy.stats.t.ppf(0.975, len(each) - 1))
    return f"{mean:+.2f} ({mean - reach:+.2f} to {mean + reach:+.2f})"


def weighted(rows: list[dict[str, Any]], score: str) -> float:
    """The mean of a score over all samples of all runs."""
    return sum(row[score] * row["n"] for row in rows) / sum(row["n"] for row in rows)


def main() -> None:
    """Measure what is asked for, and write it beside what is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", choices=[*SETS, []])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(FOLDS)))
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    found: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {"sets": {}}
    for name in given.sets:
        for seed in given.seeds:
            for fold in given.folds if SETS[name] is write_landmarks else [0]:
                entry = found["sets"].setdefault(name, {"runs": {}})
                row = measured(name, seed, fold) | {"commit": commit()}
                entry |= {"recipe": RECIPES[name]}
                entry["runs"][f"seed {seed}, fold {fold}" if SETS[name] is write_landmarks else f"seed {seed}"] = row
                found["environment"] = environment_of(engine_named("pytorch", "float32", None))
                RESULT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
                print(f"{name}, seed {seed}, fold {fold}: {row}", flush=True)
    if given.table:
        print(table(found))


if __name__ == "__main__":
    main()
