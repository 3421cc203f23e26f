"""A long-tailed CIFAR-10 (1:100) and each remedy against none: balanced accuracy of the test part, three seeds.

Run with   python -m benchmarks.imbalance [WORKERS]          (about twelve minutes of one processor)
The cut keeps 4,800 * 100^(-k/9) training images of class k (48 of the last) and holds 100 images a class, which are
not among them, for validation; it is drawn anew for every seed and thrown away. Each remedy sees as many images as the
others, rounded to whole epochs. gamma and the number of rounds are chosen on the validation part of a further seed.
Data is looked for in $PELLUCID_DATA, or ../shared/data beside the repository. Writes benchmarks/results/imbalance.json.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.published import ROOT, commit
from pellucid.data.dataset import Dataset
from pellucid.data.opening import open_dataset
from pellucid.keys import Key
from pellucid.runs.config import RunConfig
from pellucid.runs.environment import environment_of
from pellucid.runs.experiment import start_run
from pellucid.settings import flag_of
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.tables import read_csv
from pellucid.training.session import engine_named

Settings = dict[str, Any]  # of a RunConfig
SEEDS, TUNING_SEED = (0, 1, 2), 100
LARGEST, RATIO, HELD, CLASSES, RAREST = 4800, 100, 100, 10, 3
PASSES = 6  # over the cut; other epochs are converted to as many images
MODEL = "conv_16,pool,conv_32,pool,conv_64,pool,FC_64"
COMMON = RunConfig(model=MODEL, engine="pytorch", precision="bfloat16", batch_size=128, augment="flip,shift=2",
                   threads=1, no_checks=True)  # fmt: skip
GRIDS: dict[str, list[Settings]] = {
    "focal loss": [{"loss": f"focal:{gamma}"} for gamma in ("0.5", "1", "2")],
    "mining in rounds": [{"mine_rounds": rounds} for rounds in (1, 2, 5)],
}
RESULT = ROOT / "benchmarks" / "results" / "imbalance.json"


def sizes() -> list[int]:
    """Training images of each class."""
    return [round(LARGEST * RATIO ** (-k / (CLASSES - 1))) for k in range(CLASSES)]


def write_cut(path: Path, data: Dataset, seed: int) -> None:
    """The long-tailed cut as an NPZ with the parts train, val and test."""
    train, test = data.part("train"), data.part("test")
    random = Key.of(seed).fold("long tail").generator()
    rows: dict[str, list[int]] = {"train": [], "val": []}
    for k, size in enumerate(sizes()):
        own = random.permutation(np.flatnonzero(train.labels == k))
        rows["val"] += own[:HELD].tolist()
        rows["train"] += own[HELD : HELD + size].tolist()
    arrays = {"x_test": test.images.take(np.arange(len(test))), "y_test": test.labels}
    for name, chosen in rows.items():
        arrays[f"x_{name}"], arrays[f"y_{name}"] = train.images.take(np.array(chosen)), train.labels[chosen]
    np.savez(path, **arrays)


def cut_of(place: Path, seed: int) -> Path:
    """Where the cut of a seed lies."""
    return place / f"cut-{seed}.npz"


def config_of(cut: Path, remedy: Settings, seed: int) -> RunConfig:
    """The run of a remedy, with as many epochs as show the images of PASSES over the whole cut."""
    sampler = remedy.get("sampler", "none")
    images = {"over": CLASSES * max(sizes()), "under": CLASSES * min(sizes()), "none": sum(sizes())}[sampler]
    epochs = max(1, round(PASSES * sum(sizes()) / images))
    return COMMON.changed(data=str(cut), epochs=epochs, seed=seed, **remedy)


def train(place: Path, remedy: Settings, seed: int) -> Settings:
    """The scores of one run on the cut of its seed."""
    cut, out = cut_of(place, seed), Path(tempfile.mkdtemp(dir=place))
    found = start_run(config_of(cut, remedy, seed), RunFolder.create(out / "run"), command="", console=None).metrics
    validation = max(float(row["val_accuracy"]) for row in read_csv(out / "run" / "history.csv"))
    shutil.rmtree(out)
    rare = statistics.mean(row["recall"] for row in found["per_class"][-RAREST:])
    return {"seed": seed, "balanced_accuracy": found["balanced_accuracy"], "rare_recall": rare,
            "validation_balanced_accuracy": validation, "seconds": found["seconds"]}  # fmt: skip


def choose(place: Path, workers: Executor) -> tuple[dict[str, Settings], list[Settings]]:
    """The remedies with their settings, and what each setting came to on the validation part."""
    remedies: dict[str, Settings] = {"none": {}, "class weights": {"class_weight": "balanced"}, "focal loss": {},
                                     "over-sampling": {"sampler": "over"}, "under-sampling": {"sampler": "under"},
                                     "mining in rounds": {}}  # fmt: skip
    tried = []
    for name, grid in GRIDS.items():
        runs = [workers.submit(train, place, remedy, TUNING_SEED) for remedy in grid]
        scores = [run.result()["validation_balanced_accuracy"] for run in runs]
        remedies[name] = grid[int(np.argmax(scores))]
        tried += [{**remedy, "score": score} for remedy, score in zip(grid, scores, strict=True)]
        print(f"{name}: {list(zip(grid, scores, strict=True))}, taken {remedies[name]}", flush=True)
    return remedies, tried


def words_of(remedy: Settings) -> str:
    """The settings as `pellucid train` is told them."""
    words = [f"{flag_of(name)} {value}" for name, value in remedy.items()]
    return " ".join([*words, f"--epochs {config_of(Path(), remedy, 0).epochs}"])


def summary(runs: list[Settings], none: list[Settings]) -> dict[str, Any]:
    """Means and spreads over the seeds, and the gain over none seed by seed."""
    found: dict[str, Any] = {"runs": runs}
    for score in ("balanced_accuracy", "rare_recall"):
        values = [run[score] for run in runs]
        found[score] = {"mean": statistics.mean(values), "spread": statistics.stdev(values)}
    gains = [run["balanced_accuracy"] - plain["balanced_accuracy"] for run, plain in zip(runs, none, strict=True)]
    return found | {"gain": {"mean": statistics.mean(gains), "spread": statistics.stdev(gains), "least": min(gains)}}


def main() -> int:
    """Choose the settings, run every remedy and seed, write the result, print a line a remedy."""
    began, load, count = time.perf_counter(), os.getloadavg()[0], int((*sys.argv[1:], "1")[0])
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(count, get_context("spawn")) as workers:
        place = Path(folder)
        data = open_dataset("cifar10", data_dir=os.environ.get("PELLUCID_DATA") or ROOT.parent / "shared" / "data")
        for seed in (TUNING_SEED, *SEEDS):
            write_cut(cut_of(place, seed), data, seed)
        remedies, tried = choose(place, workers)
        tasks = {(name, seed): workers.submit(train, place, remedy, seed)
                 for seed in SEEDS for name, remedy in remedies.items()}  # fmt: skip
        runs: dict[str, list[Settings]] = {name: [] for name in remedies}
        for (name, seed), task in tasks.items():
            runs[name].append(task.result())
            print(f"seed {seed}, {name}: {runs[name][-1]['balanced_accuracy']:.4f}", flush=True)
    result = {
        "cut": {"sizes": sizes(), "held_for_validation": HELD, "passes": PASSES, "rarest": RAREST},
        "settings": COMMON.to_json(),
        "words": {name: words_of(remedy) for name, remedy in remedies.items()},
        "validation_balanced_accuracy_while_choosing": tried,
        "tuning_seed": TUNING_SEED,
        "seeds": SEEDS,
        "remedies": {name: summary(found, runs["none"]) for name, found in runs.items()},
        "environment": environment_of(engine_named("pytorch", "bfloat16", None)),
        "load_before": round(load, 2),
        "workers": count,
        "seconds_in_all": round(time.perf_counter() - began, 1),
        "commit": commit(),
        "date": time.strftime("%Y-%m-%d"),
    }
    RESULT.write_text(json.dumps(result, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    for name, found in result["remedies"].items():
        score, gain = found["balanced_accuracy"], found["gain"]
        print(f"{name}: balanced accuracy {score['mean']:.4f} (spread {score['spread']:.4f}), {gain['mean']:+.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
