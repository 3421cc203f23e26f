"""From CIFAR-10 to flowers10 (210 images): a network from scratch against the same one transferred, five seeds.

Run with   python -m benchmarks.transfer          (about five minutes of one processor)
One small network is trained on 20,000 images of CIFAR-10. For every seed the flowers are split anew, by class, into
100 to learn from, 40 for validation and 70 for testing. Each way has the same epochs, the same batches and the same
grid of learning rates; the rate and the best epoch are chosen on the seed's validation part, and the test part is read
once, with the rate that was chosen. Images have 32x32 pixels.
Data is looked for in $PELLUCID_DATA, or ../shared/data beside the repository. Writes benchmarks/results/transfer.json
and prints the table of docs/transfer.md.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from typing import Any

import numpy as np

from benchmarks.published import ROOT, commit
from pellucid import Model, Sequential, set_random_seed
from pellucid.callbacks import EarlyStopping, Unfreeze
from pellucid.data.apportion import stratified_sample
from pellucid.data.augmentation import Augmentation
from pellucid.data.batches import Batches
from pellucid.data.dataset import Part
from pellucid.data.opening import open_dataset
from pellucid.data.preprocessing import Pipeline, default_pipeline
from pellucid.engines.threads import limited_threads
from pellucid.keys import Key
from pellucid.layers import BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D, Input, MaxPooling2D, ReLU
from pellucid.optimizers import Adam
from pellucid.runs.environment import environment_of
from pellucid.training.session import engine_named

SEEDS = (0, 1, 2, 3, 4)
FILTERS, SIDE = (16, 32, 64), 32
PRETRAIN = {"images": 20_000, "epochs": 6, "batch_size": 128, "rate": 0.003, "precision": "bfloat16"}
EPOCHS, BATCH, HEAD_EPOCHS = 40, 16, 15
RATES = (0.01, 0.003, 0.001)
LEARN, HOLD = 100, 40
WAYS = ("from scratch", "frozen trunk, new head", "new head, then all at 0.1 of the rate")
RESULT = ROOT / "benchmarks" / "results" / "transfer.json"
PLACE = os.environ.get("PELLUCID_DATA") or ROOT.parent / "shared" / "data"


def network(classes: int) -> Sequential:
    """Three convolutions with batch norm, their mean, and a head."""
    layers: list[Any] = [Input((SIDE, SIDE, 3))]
    for filters in FILTERS:
        layers += [Conv2D(filters, 3, padding="same", use_bias=False), BatchNormalization(), ReLU(), MaxPooling2D()]
    return Sequential([*layers[:-1], GlobalAveragePooling2D(), Dense(classes, activation="softmax")])


def compiled(model: Model, rate: float, precision: str = "float32") -> Model:
    """The model on the PyTorch engine."""
    model.compile(Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"], engine="pytorch",
                  precision=precision)  # fmt: skip
    return model


def batches(part: Part, key: Key, size: int, *, learning: bool, pipeline: Pipeline) -> Batches:
    """A part of a data set; images to learn from are mirrored and shifted."""
    augmentation = Augmentation.parse("flip,shift=2") if learning else None
    return Batches(part, batch_size=size, key=key, shuffle=learning, preprocessing=pipeline, augmentation=augmentation)


def pretrained() -> tuple[Model, dict[str, Any]]:
    """The network after CIFAR-10, at the epoch that was best on the validation part."""
    data = open_dataset("cifar10", data_dir=PLACE, limit=PRETRAIN["images"] + 2000)
    whole, key = data.part("train"), Key.of(0)
    held = stratified_sample(whole.labels, 2000, key=key.fold("held"))
    learnt = np.setdiff1d(np.arange(len(whole)), held)
    pipeline = default_pipeline().fit(whole.subset(learnt), key=key)
    set_random_seed(0)
    model = compiled(network(10), PRETRAIN["rate"], PRETRAIN["precision"])
    watched = batches(whole.subset(held), key, 256, learning=False, pipeline=pipeline)
    began = time.perf_counter()
    fit = model.fit(
        batches(whole.subset(learnt), key, PRETRAIN["batch_size"], learning=True, pipeline=pipeline),
        epochs=PRETRAIN["epochs"], validation_data=watched, verbose=0, callbacks=[best()],
    )  # fmt: skip
    scores = fit.history["val_accuracy"]
    print(f"CIFAR-10: validation accuracy {max(scores):.4f}", flush=True)
    return model, {**PRETRAIN, "validation_accuracy": max(scores), "seconds": round(time.perf_counter() - began, 1)}


def best() -> EarlyStopping:
    """All epochs, and the weights of the best of them."""
    return EarlyStopping("val_accuracy", patience=max(EPOCHS, PRETRAIN["epochs"]), restore_best_weights=True)


def parts_of(flowers: Part, seed: int) -> dict[str, Part]:
    """100 images to learn from, 40 held for validation, 70 for testing, every class in proportion."""
    key = Key.of(seed).fold("flowers")
    first = stratified_sample(flowers.labels, LEARN + HOLD, key=key.fold("test"))
    rest = np.setdiff1d(np.arange(len(flowers)), first)
    held = first[stratified_sample(flowers.labels[first], HOLD, key=key.fold("validation"))]
    return {"train": flowers.subset(np.setdiff1d(first, held)), "validation": flowers.subset(held),
            "test": flowers.subset(rest)}  # fmt: skip


def learn(way: str, trunk: Model, parts: dict[str, Part], seed: int, rate: float) -> tuple[float, Model]:
    """The best validation accuracy of one way at one rate, and the model that had it."""
    set_random_seed(seed)
    model: Model = network(10)
    callbacks: list[Any] = [best()]
    if way != WAYS[0]:
        own = model.weights_by_key()
        given = {key: value for key, value in trunk.weights_by_key().items() if not key.startswith("dense")}
        model.set_weights([given.get(key, value) for key, value in own.items()])
        model.freeze()
    if way == WAYS[2]:
        callbacks.append(Unfreeze(HEAD_EPOCHS, rate=0.1))
    key, pipeline = Key.of(seed), default_pipeline().fit(parts["train"], key=Key.of(0))
    history = compiled(model, rate).fit(
        batches(parts["train"], key, BATCH, learning=True, pipeline=pipeline), epochs=EPOCHS, verbose=0,
        validation_data=batches(parts["validation"], key, 64, learning=False, pipeline=pipeline), callbacks=callbacks,
    ).history  # fmt: skip
    return max(history["val_accuracy"]), model


def score(model: Model, part: Part) -> float:
    """The accuracy on a part."""
    pipeline = default_pipeline().fit(part, key=Key.of(0))
    return float(model.evaluate(batches(part, Key.of(0), 64, learning=False, pipeline=pipeline), verbose=0)[1])


def run_seed(trunk: Model, flowers: Part, seed: int) -> dict[str, dict[str, Any]]:
    """Each way with its rate chosen on validation, and its one look at the test part."""
    parts, found = parts_of(flowers, seed), {}
    for way in WAYS:
        tried = {rate: learn(way, trunk, parts, seed, rate) for rate in RATES}
        rate = max(RATES, key=lambda rate: tried[rate][0])
        validation = {str(rate): accuracy for rate, (accuracy, _) in tried.items()}
        found[way] = {"seed": seed, "rate": rate, "validation_accuracy_by_rate": validation,
                      "test_accuracy": score(tried[rate][1], parts["test"])}  # fmt: skip
        print(f"seed {seed}, {way}: {found[way]['test_accuracy']:.4f} at rate {rate:g}", flush=True)
    return found


def summary(runs: list[dict[str, Any]], scratch: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean and spread over the seeds, and the gain over scratch seed by seed."""
    values = [run["test_accuracy"] for run in runs]
    gains = [run["test_accuracy"] - plain["test_accuracy"] for run, plain in zip(runs, scratch, strict=True)]
    return {
        "runs": runs, "test_accuracy": {"mean": statistics.mean(values), "spread": statistics.stdev(values)},
        "gain": {"mean": statistics.mean(gains), "spread": statistics.stdev(gains), "least": min(gains)},
    }  # fmt: skip


def table(result: dict[str, Any]) -> str:
    """The result as the lines of docs/transfer.md."""
    lines = ["| | test accuracy (spread) | gain over scratch (spread) | least gain |", "|---|---|---|---|"]
    for way, found in result["ways"].items():
        accuracy, gain = found["test_accuracy"], found["gain"]
        told = f"{100 * gain['mean']:+.1f} ({100 * gain['spread']:.1f}) | {100 * gain['least']:+.1f}"
        told = "- | -" if way == WAYS[0] else told
        lines.append(f"| {way} | {100 * accuracy['mean']:.1f} % ({100 * accuracy['spread']:.1f}) | {told} |")
    return "\n".join(lines)


def main() -> int:
    """Train once, transfer with every seed, write the result, print a line a way."""
    began, load = time.perf_counter(), os.getloadavg()[0]
    with limited_threads(1):
        trunk, source = pretrained()
        flowers = open_dataset("flowers10", data_dir=PLACE, resize=(SIDE, SIDE), channels="rgb").part("train")
        seeds = [run_seed(trunk, flowers, seed) for seed in SEEDS]
    ways = {way: summary([found[way] for found in seeds], [found[WAYS[0]] for found in seeds]) for way in WAYS}
    result = {
        "pretraining": source, "ways": ways, "seeds": SEEDS, "rates": RATES, "epochs": EPOCHS, "batch_size": BATCH,
        "head_epochs": HEAD_EPOCHS, "images": {"train": LEARN, "validation": HOLD, "test": len(flowers) - LEARN - HOLD},
        "side": SIDE, "filters": FILTERS, "environment": environment_of(engine_named("pytorch", "float32", None)),
        "load_before": round(load, 2), "seconds_in_all": round(time.perf_counter() - began, 1), "commit": commit(),
        "date": time.strftime("%Y-%m-%d"),
    }  # fmt: skip
    RESULT.write_text(json.dumps(result, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
