"""What a company computes for a test: a few networks trained on shares of the same batches, weights and sums kept.

A job draws its network and batches from fixed numbers, so it is the same whatever the number of processes. A batch of
one sample, and one whose first samples have no label, leave a process of two with nothing.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pellucid.data.batches import Batch
from pellucid.data.order import Share
from pellucid.engines.launch import launched
from pellucid.engines.protocol import Measure, Objective, Sums, Term, add_sums
from pellucid.engines.pytorch.engine import PyTorchEngine
from pellucid.engines.pytorch.processes import joined
from pellucid.engines.pytorch.shared import SharedEngine
from pellucid.keys import Key
from pellucid.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    LocalResponseNormalization,
    MaxPooling2D,
)
from pellucid.models import Model, Sequential
from pellucid.spec.losses import MeanSquaredError, SparseCategoricalAccuracy, SparseCategoricalCrossentropy
from pellucid.spec.optimizers import SGD, Adam, OptimizerSpec
from pellucid.training.program import Supervised

KEY = Key.of(11)
SIZES = (8, 7, 5, 1, 6)  # samples of each batch
STEPS = 2 * len(SIZES)


@dataclass(frozen=True)
class Job:
    """A network, what it learns and by which rule; `odd` batches have weights and missing labels."""

    model: Callable[[], Model]
    rule: OptimizerSpec
    odd: bool = False
    sync: bool = False
    two_heads: bool = False


def plain() -> Model:
    """A convolutional network with a penalty on its weights."""
    return Sequential([
        Input((7, 6, 2)), Conv2D(4, 3, strides=2, padding="same", activation="relu", kernel_regularizer="l2"),
        LocalResponseNormalization(), MaxPooling2D(2), Flatten(), Dense(9, activation="tanh"),
        Dense(3, activation="softmax"),
    ])  # fmt: skip


def two_heads() -> Model:
    """A class and two numbers for each image."""
    x = Input((7, 6, 2))
    trunk = Flatten()(Conv2D(3, 3, activation="relu")(x))
    return Model(x, [Dense(3, activation="softmax", name="kind")(trunk), Dense(2, name="place")(trunk)])


def normalised() -> Model:
    """Batch norm on maps, with a branch around it, and on a list of numbers; one without gamma, one without beta.

    A bias before batch norm has no gradient but rounding, which no two orders of adding up share: there is none.
    """
    x = Input((7, 6, 2))
    trunk = BatchNormalization(momentum=0.8)(Conv2D(4, 3, padding="same", use_bias=False)(x))
    side = DepthwiseConv2D(3, padding="same", use_bias=False)(Activation("relu")(trunk))
    side = BatchNormalization(scale=False)(side)
    joined_up = Activation("tanh")(Add()([trunk, side]))
    flat = Dense(5, use_bias=False)(GlobalAveragePooling2D()(joined_up))
    return Model(x, Dense(3, activation="softmax")(BatchNormalization(center=False, momentum=0.7)(flat)))


def dropped() -> Model:
    """A network with dropout."""
    return Sequential([Input((7, 6, 2)), Flatten(), Dropout(0.5), Dense(3, activation="softmax")])


JOBS = {
    "sgd": Job(plain, SGD(0.05)),
    "momentum": Job(plain, SGD(0.05, momentum=0.9, nesterov=True), odd=True),
    "adam": Job(two_heads, Adam(0.01), odd=True, two_heads=True),
    "sync": Job(normalised, SGD(0.05, momentum=0.9), sync=True),
    "sync-odd": Job(normalised, Adam(0.01), odd=True, sync=True),
    "apart": Job(normalised, SGD(0.05)),
    "apart-again": Job(normalised, SGD(0.05)),
    "dropout": Job(dropped, SGD(0.05)),
}


def objective_of(job: Job) -> Objective:
    """One loss, or two of unlike weight."""
    crossentropy, accuracy = SparseCategoricalCrossentropy(), SparseCategoricalAccuracy()
    if not job.two_heads:
        return Objective((Term("output", crossentropy),), (Measure("output", accuracy, "accuracy"),))
    terms = Term("kind", crossentropy), Term("place", MeanSquaredError(), weight=0.3)
    return Objective(terms, (Measure("kind", accuracy, "accuracy"),))


def batch(job: Job, step: int, share: Share) -> Batch:
    """The share of batch number `step`; job `apart` has batches that leave every process two samples or more."""
    random = np.random.default_rng(100 + step)
    size = SIZES[step % len(SIZES)] if job.model is not normalised or job.sync else 8
    size = max(size, 2) if job.sync else size
    own = share.of(np.arange(size))
    heads = ("kind", "place") if job.two_heads else ("output",)
    x = random.normal(size=(size, 7, 6, 2)) * (1 + np.arange(size)[:, None, None, None])
    targets = {heads[0]: random.integers(0, 3, size), heads[-1]: random.normal(size=(size, 2))}
    targets = targets if job.two_heads else {"output": random.integers(0, 3, size)}
    weights = {heads[0]: random.uniform(0.5, 2, size)} if job.odd else {}
    masks = {heads[-1]: np.arange(size) >= size // 2} if job.odd else {}  # the first of two processes has no label
    parts = ({name: value[own] for name, value in part.items()} for part in ({"input": x}, targets, weights, masks))
    return Batch(*parts, ids=own, whole=size)


def learn(job: Job, engine: PyTorchEngine, share: Share) -> dict[str, np.ndarray]:
    """Weights, moving statistics and slots after the last step, and the sums of all steps and of an evaluation."""
    program = Supervised(job.model().graph, objective_of(job), job.rule)
    state = program.start(engine, KEY)
    seen: Sums = {}
    for step in range(STEPS):
        state, sums = program.step(engine, state, batch(job, step, share), KEY.fold("noise", step))
        seen = add_sums(seen, {name: pair for name, pair in sums.items() if "/" not in name})
    scored = engine.reduce(program.evaluate(engine, state, batch(job, 1, share)))
    arrays = {name: value for part in ("params", "state", "slots") for name, value in engine.get(state[part]).items()}
    sums = seen | {f"val {name}": pair for name, pair in scored.items()}
    return arrays | {f"sum {name}": np.array(pair) for name, pair in sums.items()}


def run(count: int) -> None:
    """Do all jobs and leave; what each found is in NAME-COUNT.npz."""
    try:
        launch = launched()
        assert launch.count == count
        if launch.several:
            with joined(launch) as processes:
                share = Share(launch.rank, launch.count)
                for name, job in JOBS.items():
                    engine = SharedEngine(processes, "float64", sync_batch_norm=job.sync)
                    save(f"{name}-{count}.npz", learn(job, engine, share))
        else:
            for name, job in JOBS.items():
                save(f"{name}-{count}.npz", learn(job, PyTorchEngine("float64"), Share()))
    except Exception:
        traceback.print_exc()
        sys.exit(1)
    sys.exit(0)


def save(path: str, found: dict[str, np.ndarray]) -> None:
    """Arrays by name, in names that a file may have."""
    np.savez(path, **{name.replace("/", "|"): value for name, value in found.items()})  # type: ignore[arg-type]
