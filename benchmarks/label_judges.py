"""Whether models that judge labels claim what is not so, and how many labels that were made wrong they name.

clean        six real sets as they are, of CIFAR-10 so few pictures that little is learnt, with two seeds: any claim of
             wrong labels (`diagnosis.judging`, verdict "some") is a false one
uniform      10 % of the training labels of MNIST and Fashion-MNIST, drawn at random, get one of the nine other labels
systematic   as many, all of two classes called another one, so that half of these are wrong: models learn that mistake

Run with   python -m benchmarks.label_judges        (nine minutes of one processor)
Data is looked for in $PELLUCID_DATA, or ../shared/data beside the repository; test parts are not read. Each row is
written to benchmarks/results/label-judges.json when it is made, and not made again.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

from benchmarks.label_errors import of, planted
from benchmarks.published import ROOT, commit
from benchmarks.verdict_sets import data_folder
from pellucid.diagnosis.judging import judge, named
from pellucid.diagnosis.label_errors import find_label_errors
from pellucid.keys import Key
from pellucid.runs.config import RunConfig
from pellucid.runs.environment import environment_of
from pellucid.runs.preparation import divide, understand
from pellucid.runs.reading import read_data
from pellucid.tasks.classification.diagnosing.labels import answers_of, known_of
from pellucid.using.cross_validation import cross_validate

SHARE, FOLDS, SEEDS = 0.1, 5, (0, 1)
COMMON: dict[str, Any] = {"model": "conv_16,pool,conv_32,pool,FC_64", "epochs": 4, "batch_size": 32, "limit": 8_000,
                          "engine": "pytorch", "threads": 1}  # fmt: skip
SETS: dict[str, dict[str, Any]] = {
    "mnist": {}, "fashion-mnist": {},
    "digits": {"model": "conv_16,pool,conv_32,FC_64", "epochs": 20, "batch_size": 32},
    "fruits360-mini": {"resize": "32x32", "epochs": 10, "batch_size": 32},
    "flowers10": {"resize": "32x32", "channels": "rgb", "epochs": 20, "batch_size": 16},
    "cifar10": {"limit": 600, "epochs": 10, "batch_size": 16},
}  # fmt: skip
OFTEN = ("cifar10",)  # clean with every seed
TURNED = {"mnist": {4: 9, 7: 1}, "fashion-mnist": {6: 0, 4: 2}}  # shirts to T-shirts, coats to pullovers
RESULT = ROOT / "benchmarks" / "results" / "label-judges.json"


def rows() -> list[tuple[str, str, int]]:
    """Set, kind and seed of each row, the first seed of all before the others."""
    kinds = [(name, "clean") for name in SETS] + [(name, kind) for kind in ("uniform", "systematic") for name in TURNED]
    return [(name, kind, seed) for seed in SEEDS for name, kind in kinds
            if seed == 0 or kind != "clean" or name in OFTEN]  # fmt: skip


def measure(name: str, kind: str, seed: int) -> dict[str, Any]:
    """The verdict, and how many of the planted labels are named; beside it those that confident learning flags."""
    config = RunConfig(data=name, data_dir=str(data_folder()), seed=seed, split_seed=seed, **COMMON | SETS[name])
    dataset, wrong_ids = read_data(config), np.empty(0, np.int64)
    if kind != "clean":
        dataset, wrong_ids = planted(dataset, kind, Key.of(seed), SHARE, TURNED[name])
    validated = cross_validate(config, folds=FOLDS, dataset=divide(dataset, config))
    answers, known = answers_of(validated), known_of(validated)
    found, judgement = find_label_errors(answers, judged=known), judge(answers, known)
    chosen, wrong = named(judgement, answers, found), np.isin(validated.part.ids, wrong_ids)
    return {
        "set": name, "kind": kind, "seed": seed, "n": len(wrong), "planted": int(wrong.sum()),
        "cross_validated_accuracy": round(float(answers.right.mean()), 4), "judgement": judgement.to_json(),
        "named": of(chosen, wrong),
        "flagged_by_confident_learning": of(np.flatnonzero(found.flagged), wrong),
    }  # fmt: skip


def main() -> int:
    """Make the rows that are missing, each written as it is made."""
    result = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {"rows": []}
    done = {(row["set"], row["kind"], row["seed"]) for row in result["rows"]}
    for name, kind, seed in rows():
        if (name, kind, seed) in done:
            continue
        row = measure(name, kind, seed)
        print(json.dumps(row), flush=True)
        result["rows"].append(row)
        result |= {
            "command": "python -m benchmarks.label_judges", "commit": commit(), "date": time.strftime("%Y-%m-%d"),
            "settings": COMMON | {"folds": FOLDS, "share": SHARE}, "sets": SETS,
            "environment": environment_of(understand(RunConfig(**COMMON)).engine),
            "false_claims": sum(row["kind"] == "clean" and row["judgement"]["verdict"] == "some"
                                for row in result["rows"]),
        }  # fmt: skip
        RESULT.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
