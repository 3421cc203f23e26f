"""How well wrong labels are found: 3 % of MNIST's training labels are made wrong on purpose, then looked for.

uniform      3 % of all images, drawn at random, get one of the nine other labels
systematic   as many images, all of them 4s called 9 and 7s called 1: the models can learn this mistake

Five models judge the folds they did not learn from (`using.cross_validation`), confident learning ranks the labels
(`diagnosis.label_errors`), and the judgement of all answers names those that `pellucid diagnose` lists
(`diagnosis.judging`). Labels that MNIST itself has wrong count against the precision. The test part is not read.

Run with   python -m benchmarks.label_errors MNIST_FOLDER     (four minutes of one processor)
Writes     benchmarks/results/label-errors.json
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score

from pellucid.data.annotations import Classes
from pellucid.data.dataset import Dataset
from pellucid.diagnosis.judging import judge, named
from pellucid.diagnosis.label_errors import find_label_errors
from pellucid.keys import Key
from pellucid.runs.config import RunConfig
from pellucid.runs.environment import environment_of
from pellucid.runs.preparation import divide, understand
from pellucid.runs.reading import read_data
from pellucid.tasks.classification.diagnosing.labels import answers_of, known_of
from pellucid.using.cross_validation import FOLDS, cross_validate

SHARE, SEEDS = 0.03, (0, 1, 2)
TURNED = {4: 9, 7: 1}
RESULT = Path(__file__).resolve().parent / "results" / "label-errors.json"
SETTINGS: dict[str, Any] = {
    "model": "conv_16,pool,conv_32,pool,FC_64", "epochs": 4, "batch_size": 64, "limit": 12_000, "engine": "pytorch",
    "threads": 1,
}  # fmt: skip


def planted(
    dataset: Dataset, kind: str, key: Key, share: float, turned: dict[int, int]
) -> tuple[Dataset, np.ndarray]:
    """The data with wrong labels in its training part, and the ids (M,) of the samples that have one.

    share: of the part, at most half of what `turned` names; turned: the classes of the systematic ones, and what they
    are called.
    """
    part, random = dataset.part("train"), key.fold("planted", kind).generator()
    candidates = np.arange(len(part)) if kind == "uniform" else np.flatnonzero(np.isin(part.labels, list(turned)))
    count = min(round(share * len(part)), len(candidates) // 2)
    chosen = np.sort(random.permutation(candidates)[:count])
    labels = part.labels.copy()
    if kind == "uniform":
        labels[chosen] = (labels[chosen] + random.integers(1, 10, count)) % 10
    else:
        labels[chosen] = [turned[int(label)] for label in labels[chosen]]
    parts = {**dataset.parts, "train": replace(part, annotations=Classes(labels))}
    return replace(dataset, parts=parts), part.ids[chosen]


def measure(config: RunConfig, dataset: Dataset, kind: str, seed: int) -> dict[str, Any]:
    """Precision and recall of the flagged labels, and of as many of the first as were planted."""
    noisy, wrong_ids = planted(dataset, kind, Key.of(seed), SHARE, TURNED)
    validated = cross_validate(replace(config, seed=seed, split_seed=seed), folds=FOLDS,
                               dataset=divide(noisy, replace(config, split_seed=seed)))  # fmt: skip
    wrong = np.isin(validated.part.ids, wrong_ids)
    answers, known = answers_of(validated), known_of(validated)
    judgement = judge(answers, known)
    listed = named(judgement, answers, find_label_errors(answers, judged=known))
    found = {name: find_label_errors(answers, ranking=name) for name in ("margin", "confidence")}
    flagged = found["margin"].flagged
    caught = int((flagged & wrong).sum())
    at_planted = {
        name: float(wrong[one.order[: wrong.sum()]].mean()) for name, one in found.items()
    }
    return {
        "kind": kind,
        "seed": seed,
        "n": len(wrong),
        "planted": int(wrong.sum()),
        "cross_validated_accuracy": float(answers.right.mean()),
        "estimated": round(found["margin"].estimated, 1),
        "judgement": judgement.to_json(),
        "listed": of(listed, wrong),
        "flagged": int(flagged.sum()),
        "flagged_precision": caught / max(int(flagged.sum()), 1),
        "flagged_recall": caught / int(wrong.sum()),
        "precision_at_planted": at_planted,  # as many as were planted are looked at, so it is the recall as well
        "average_precision": {
            name: float(average_precision_score(wrong, -one.score)) for name, one in found.items()
        },
    }


def of(chosen: np.ndarray, wrong: np.ndarray) -> dict[str, Any]:
    """How many samples (M,) were chosen, the share of them that is wrong (N,), and of the wrong ones that is chosen."""
    caught, planted_ones = int(wrong[chosen].sum()), int(wrong.sum())
    shares = {"precision": round(caught / max(len(chosen), 1), 4), "recall": round(caught / max(planted_ones, 1), 4)}
    return {"n": len(chosen)} | (shares if planted_ones else {})


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean, and standard deviation over seeds, of each figure of one kind."""
    columns = {name: [row[name] for row in rows] for name in ("flagged_precision", "flagged_recall")}
    columns |= {
        f"precision_at_planted_{name}": [row["precision_at_planted"][name] for row in rows]
        for name in ("margin", "confidence")
    }
    columns |= {f"listed_{name}": [row["listed"][name] for row in rows] for name in ("precision", "recall")}
    return {name: {"mean": float(np.mean(v)), "spread": float(np.std(v, ddof=1))} for name, v in columns.items()}


def commit() -> str:
    """The commit that is measured."""
    words = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(words, capture_output=True, text=True, check=True, cwd=RESULT.parent).stdout.strip()


def main(folder: str) -> int:
    """Measure both kinds with every seed, write the result, print a line each."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    config = RunConfig(data=folder, **SETTINGS)
    dataset = read_data(config)
    began = time.process_time()
    rows = []
    for kind in ("uniform", "systematic"):
        for seed in SEEDS:
            rows.append(measure(config, dataset, kind, seed))
            print(json.dumps(rows[-1]), flush=True)
    result = {
        "command": "python -m benchmarks.label_errors MNIST_FOLDER",
        "date": time.strftime("%Y-%m-%d"),
        "commit": commit(),
        "machine": environment_of(understand(config).engine),
        "data": {"fingerprint": dataset.fingerprint, "share": SHARE, "turned": {str(a): b for a, b in TURNED.items()}},
        "settings": SETTINGS | {"folds": FOLDS},
        "processor_seconds": round(time.process_time() - began, 1),
        "summary": {kind: summary([row for row in rows if row["kind"] == kind]) for kind in ("uniform", "systematic")},
        "runs": rows,
    }
    RESULT.write_text(json.dumps(result, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(f"written to {RESULT}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
