"""Seconds of training to a fixed test accuracy: LeNet to 0.988 on MNIST, the full CIFAR-10 net to 0.70; ours and Keras.

Keras runs the program of the sources (LeNet: RMSprop, batch 32; CIFAR-10: Adam 0.0005, batch 32) on both backends, and
the better one counts. Ours trains the same network with a recipe of its own, which is chosen first, on a validation
part: of the candidates the one that reaches the accuracy soonest there, for two seeds. The test part is read only
afterwards. Accuracy is looked at ten times an epoch on every side, and that time is not counted, nor is building the
network; compiling (JAX) is. Each training is a process of its own on one core, sides by turns. Mark: Keras takes at
least 4 times as long.

    python -m benchmarks.time_to_accuracy [--nets LeNet,CIFAR-10] [--seeds 0,1,2] [--core 0] [--choose-only]
                                          [--backends torch,jax]

About two hours on a quiet core: 10 minutes for LeNet, the rest for CIFAR-10, most of it Keras on torch.
Data: $PELLUCID_DATA, or ../shared/data.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engine_nets import NETS
from benchmarks.engines import ONE_THREAD, ROOT, machine
from benchmarks.published import commit

LOOKS, HELD_OUT = 10, 5000  # looks at the accuracy an epoch; images of the validation part
TUNING_SEEDS = (100, 101)
SPARSE = "sparse_categorical_crossentropy"
MARK = 4.0


@dataclass(frozen=True)
class Opening:
    """The first images, at a constant rate; then the first layer is frozen, as in FreezeOut (Brock et al. 2017)."""

    share: float
    batch: int
    rate: float


@dataclass(frozen=True)
class Recipe:
    """Adam with the rate annealed to zero: along a cosine, after an opening on a line; `epochs` may be a part of one.

    Few epochs want less dropout than the sources' ten.
    """

    batch: int
    rate: float
    epochs: float
    dropout: float = 0.0
    precision: str = "bfloat16"
    smoothing: float = 0.0  # of the labels
    opening: Opening | None = None

    @classmethod
    def of(cls, told: dict[str, Any]) -> Recipe:
        """A recipe from its JSON."""
        return cls(**told | {"opening": Opening(**told["opening"]) if told["opening"] else None})


@dataclass(frozen=True)
class Task:
    """A goal, and what may reach it."""

    net: str
    data: str
    goal: float
    keras_epochs: int
    candidates: tuple[Recipe, ...]


TASKS = {
    "LeNet": Task("LeNet", "mnist", 0.988, 6, (
        Recipe(64, 0.003, 1), Recipe(64, 0.003, 1, smoothing=0.1),
        Recipe(128, 0.004, 1, opening=Opening(0.3, 64, 0.003)),
        Recipe(128, 0.004, 1, smoothing=0.1, opening=Opening(0.3, 64, 0.003)),
        Recipe(128, 0.004, 0.8, smoothing=0.1, opening=Opening(0.25, 64, 0.003)),
        Recipe(64, 0.003, 0.7, smoothing=0.1, opening=Opening(0.25, 64, 0.003)),
    )),
    "CIFAR-10": Task("CIFAR-10 full", "cifar10", 0.70, 25, (
        Recipe(64, 0.002, 3, 0.1), Recipe(64, 0.002, 4, 0.1), Recipe(128, 0.003, 4, 0.1),
    )),
}  # fmt: skip


def images_of(task: Task, tuning: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """x, y to learn from and x, y to be scored on: the test part, or while tuning the end of the training part."""
    from pellucid.data.opening import open_dataset

    dataset = open_dataset(task.data)
    parts = [(np.asarray(p.images.take(np.arange(len(p))), np.float32) / 255, np.asarray(p.labels))
             for p in (dataset.part("train"), dataset.part("test"))]  # fmt: skip
    (x, y), (x_test, y_test) = parts
    if not tuning:
        return x, y, x_test, y_test
    order = np.random.default_rng(0).permutation(len(x))
    kept, held = order[HELD_OUT:], order[:HELD_OUT]
    return x[kept], y[kept], x[held], y[held]


@dataclass(frozen=True)
class Pass:
    """Images in the order they are learnt from, and what is done to the model before."""

    images: np.ndarray
    batch: int
    prepare: Callable[[], None] | None = None


def ours(task: Task, recipe: Recipe, seed: int, images: int) -> tuple[Any, Iterator[Pass]]:
    """Pellucid on the PyTorch engine: the model, and its passes."""
    import pellucid
    from benchmarks.torch_nets import pellucid_model
    from pellucid.engines.memory import keep_freed_memory
    from pellucid.spec.normalization import Dropout

    keep_freed_memory()  # as `pellucid train` does
    pellucid.set_random_seed(seed)
    net = NETS[task.net]()
    layers = [replace(spec, rate=recipe.dropout) if isinstance(spec, Dropout) else spec for spec in net.layers]
    model = pellucid_model(replace(net, layers=layers))
    return model, our_passes(model, recipe, np.random.default_rng(seed), images)


def our_passes(model: Any, recipe: Recipe, random: np.random.Generator, images: int) -> Iterator[Pass]:
    """A pass an epoch; with an opening there is one epoch, of two passes."""
    from pellucid.losses import CategoricalCrossentropy
    from pellucid.optimizers import Adam, schedules

    loss = CategoricalCrossentropy(label_smoothing=recipe.smoothing) if recipe.smoothing else SPARSE

    def compile_with(rate: Any) -> None:
        model.compile(Adam(rate), loss, metrics=["accuracy"], engine="pytorch", precision=recipe.precision,
                      device="cpu")  # fmt: skip

    def freeze_first(steps: int) -> None:
        next(layer for layer in model.layers if layer.weights).trainable = False
        compile_with(schedules.PolynomialDecay(recipe.rate, steps, 0.0))

    orders = orders_of(random, images, recipe.epochs)
    if recipe.opening is None:
        steps = sum(-(-len(order) // recipe.batch) for order in orders)
        compile_with(schedules.CosineDecay(recipe.rate, steps))
        yield from (Pass(order, recipe.batch) for order in orders)
        return
    (order,), cut = orders, round(recipe.opening.share * images)
    compile_with(recipe.opening.rate)
    yield Pass(order[:cut], recipe.opening.batch)
    yield Pass(order[cut:], recipe.batch, partial(freeze_first, -(-len(order[cut:]) // recipe.batch)))


def orders_of(random: np.random.Generator, images: int, epochs: float) -> list[np.ndarray]:
    """The images of each epoch in an order of its own, of the last one as many as are left."""
    wanted = round(epochs * images)
    return [random.permutation(images)[: wanted - seen] for seen in range(0, wanted, images)]


def keras(task: Task, seed: int, images: int) -> tuple[Any, Iterator[Pass]]:
    """The program of the sources."""
    import keras as library

    from benchmarks.engine_workers import keras_arguments, keras_layers_model

    library.utils.set_random_seed(seed)
    net = NETS[task.net]()
    model = keras_layers_model(net)
    rule = getattr(library.optimizers, type(net.optimizer).__name__)(**keras_arguments(net.optimizer))
    model.compile(rule, SPARSE, metrics=["accuracy"])
    orders = orders_of(np.random.default_rng(seed), images, task.keras_epochs)
    return model, (Pass(order, net.batch) for order in orders)


def run(task: Task, side: str, seed: int, recipe: Recipe | None) -> dict[str, Any]:
    """Train until the goal is reached or the epochs are over; while a recipe is chosen, on the validation part."""
    if side.startswith("keras-"):
        os.environ["KERAS_BACKEND"] = side.removeprefix("keras-")
    x, y, x_scored, y_scored = images_of(task, side == "tuning")
    if recipe and recipe.smoothing:
        y, y_scored = (np.eye(NETS[task.net]().classes, dtype=np.float32)[labels] for labels in (y, y_scored))
    model, passes = ours(task, recipe, seed, len(x)) if recipe else keras(task, seed, len(x))
    taken = seen = best = 0.0
    for one in passes:
        if not seen:
            model.predict(x[: one.batch], verbose=0)
        began = time.process_time()
        if one.prepare:
            one.prepare()
        taken += time.process_time() - began
        for part in parts_of(one.images, one.batch, round(LOOKS * len(one.images) / len(x))):
            began = time.process_time()
            model.fit(x[part], y[part], batch_size=one.batch, epochs=1, verbose=0, shuffle=False)
            taken, seen = taken + time.process_time() - began, seen + len(part) / len(x)
            accuracy = model.evaluate(x_scored, y_scored, batch_size=500, verbose=0)[1]
            best = max(best, accuracy)
            if accuracy >= task.goal:
                return {"seed": seed, "seconds": round(taken, 2), "accuracy": accuracy, "epochs": round(seen, 2)}
    return {"seed": seed, "seconds": None, "accuracy": best, "epochs": round(seen, 2), "all_seconds": round(taken, 2)}


def parts_of(order: np.ndarray, batch: int, count: int) -> list[np.ndarray]:
    """Images in `count` parts of whole batches."""
    steps = -(-len(order) // batch)
    ends = [batch * (steps * number // count) for number in range(count)] + [len(order)]
    return [order[first:last] for first, last in itertools.pairwise(ends) if last > first]


def trained(core: int, name: str, side: str, seed: int, recipe: Recipe | None = None) -> dict[str, Any]:
    """One training in a process of its own."""
    asked = json.dumps({"name": name, "side": side, "seed": seed, "recipe": asdict(recipe) if recipe else None})
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.time_to_accuracy", "--worker", asked], cwd=ROOT, check=True, text=True,
        stdout=subprocess.PIPE, env=os.environ | ONE_THREAD, preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )  # fmt: skip
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    print(name, side, found, flush=True)
    return found


def choose(core: int, name: str) -> tuple[Recipe, list[dict[str, Any]]]:
    """The candidate that reaches the goal soonest on the validation part, for every tuning seed."""
    tried, best = [], (float("inf"), TASKS[name].candidates[-1])
    for recipe in TASKS[name].candidates:
        runs = [trained(core, name, "tuning", seed, recipe) for seed in TUNING_SEEDS]
        tried.append({"recipe": asdict(recipe), "runs": runs})
        seconds = [one["seconds"] for one in runs]
        if None not in seconds and statistics.mean(seconds) < best[0]:
            best = statistics.mean(seconds), recipe
    return best[1], tried


def measure(core: int, name: str, seeds: list[int], backends: list[str], choose_only: bool) -> dict[str, Any]:
    """The chosen recipe and every side's seconds."""
    recipe, tried = choose(core, name)
    result: dict[str, Any] = {
        "commit": commit(), "task": asdict(TASKS[name]), "recipe": asdict(recipe), "tried": tried,
    }  # fmt: skip
    if choose_only:
        return result
    sides: dict[str, Recipe | None] = {"ours": recipe} | {f"keras-{backend}": None for backend in backends}
    runs: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    for seed in seeds:
        for side, own in sides.items():
            runs[side].append(trained(core, name, side, seed, own))
    means = {side: mean_seconds(found) for side, found in runs.items()}
    reached = [seconds for side, seconds in means.items() if side != "ours" and seconds is not None]
    ratio = min(reached) / means["ours"] if reached and means["ours"] else None
    return result | {"runs": runs, "mean_seconds": means, "times_as_fast": ratio}


def mean_seconds(runs: list[dict[str, Any]]) -> Any:
    """The mean; None when a seed never got there."""
    seconds = [one["seconds"] for one in runs]
    return None if None in seconds else round(statistics.mean(seconds), 2)


def main() -> int:
    """Measure, write the result, and say by the exit code whether both marks are reached."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--nets", default=",".join(TASKS))
    words.add_argument("--seeds", default="0,1,2")
    words.add_argument("--core", type=int, default=0)
    words.add_argument("--backends", default="torch,jax")
    words.add_argument("--choose-only", action="store_true", help="write which recipe is taken, and read no test part")
    words.add_argument("--worker", help=argparse.SUPPRESS)
    words.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    given = words.parse_args()
    os.environ.setdefault("PELLUCID_DATA", str(ROOT.parent / "shared" / "data"))
    if given.worker:
        asked = json.loads(given.worker)
        recipe = Recipe.of(asked["recipe"]) if asked["recipe"] else None
        print(json.dumps(run(TASKS[asked["name"]], asked["side"], asked["seed"], recipe)))
        return 0
    seeds = [int(seed) for seed in given.seeds.split(",")]
    backends = given.backends.split(",")
    nets = {name: measure(given.core, name, seeds, backends, given.choose_only) for name in given.nets.split(",")}
    result = {"date": date.today().isoformat(), "machine": machine(), "nets": nets}
    path = given.out / f"time-to-accuracy-{result['date']}.json"
    if path.exists():  # a net measured by itself joins those of the day
        result["nets"] = json.loads(path.read_text(encoding="utf-8"))["nets"] | nets
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    for name, net in nets.items():
        print(name, "recipe", net["recipe"], net.get("mean_seconds", ""), "times as fast", net.get("times_as_fast", ""))
    return int(not given.choose_only and any((net["times_as_fast"] or 0) < MARK for net in nets.values()))


if __name__ == "__main__":
    sys.exit(main())
