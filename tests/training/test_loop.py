"""The loop: positions, resuming in the middle of an epoch, events in order, update ratios."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from pellucid.data.batches import ArrayBatches
from pellucid.engines.protocol import Objective, Term
from pellucid.engines.reference import ReferenceEngine
from pellucid.keys import Key
from pellucid.layers import BatchNormalization, Dense, Dropout, Input
from pellucid.models import Sequential
from pellucid.runs.recording import KeepBest
from pellucid.spec.losses import MeanSquaredError
from pellucid.spec.optimizers import SGD, Adam
from pellucid.training.console import EpochLines, scores
from pellucid.training.events import Event, Position, Progress
from pellucid.training.loop import train
from pellucid.training.program import Supervised
from pellucid.training.stopping import EarlyStopping, ReduceLROnPlateau

X = np.random.default_rng(0).normal(size=(26, 3)).astype("float32")
Y = (X[:, :1] - X[:, 1:2]).astype("float32")
MSE = Objective((Term("output", MeanSquaredError()),))


def program(rule: Any = None) -> Supervised:
    model = Sequential([Input((3,)), Dense(8, activation="elu"), BatchNormalization(), Dropout(0.2), Dense(1)])
    return Supervised(model.graph, MSE, rule or Adam(0.01), ratio_every=3)


def batches() -> ArrayBatches:
    return ArrayBatches({"input": X}, {"output": Y}, batch_size=4, key=Key.of(1))


def run(
    task: Supervised, state: Any, position: Position, events: Any = (), epochs: int = 4, history: Any = ()
) -> Progress:
    return train(task, ReferenceEngine(), batches(), list(events), state=state, position=position, epochs=epochs,
                 key=Key.of(2), validation=batches(), history=history)  # fmt: skip


class StopAt(Event):
    """Stops after a step, and keeps a copy of all that a checkpoint would."""

    def __init__(self, step: int) -> None:
        self.at = step
        self.saved: Any = None

    def step(self, progress: Progress, sums: Any) -> None:
        if progress.position.step == self.at:
            progress.stop = "enough"

    def end(self, progress: Progress) -> None:
        state = {name: {k: np.array(v) for k, v in part.items()} for name, part in progress.state.items()}
        self.saved = state, json.loads(json.dumps(progress.position.to_json())), list(progress.history)


@pytest.mark.parametrize("step", [1, 6, 7, 8, 13, 14, 27])  # epochs of 7 steps: first, last, middle
def test_a_stopped_run_goes_on_to_the_same_bits(step: int) -> None:
    task = program()
    whole = run(task, task.start(ReferenceEngine(), Key.of(0)), Position())
    stop = StopAt(step)
    run(task, task.start(ReferenceEngine(), Key.of(0)), Position(), [stop])
    state, position, history = stop.saved
    again = run(task, state, Position.from_json(position), history=history)
    assert again.history == whole.history and again.position == whole.position
    for section, values in whole.state.items():
        for name, value in values.items():
            np.testing.assert_array_equal(value, again.state[section][name], err_msg=f"{section} {name}")


def test_events_come_in_order_and_end_even_after_a_fault() -> None:
    told: list[str] = []

    class Teller(Event):
        def __init__(self, fails: bool = False) -> None:
            self.fails = fails

        def begin(self, progress: Progress) -> None:
            told.append("begin")

        def epoch_begin(self, progress: Progress) -> None:
            told.append(f"epoch {progress.position.epoch}")

        def step(self, progress: Progress, sums: Any) -> None:
            told.append(f"step {progress.position.step_in_epoch}")
            assert progress.samples == (2 if progress.position.step_in_epoch == 7 else 4)
            if self.fails:
                raise RuntimeError

        def epoch(self, progress: Progress, row: Any) -> None:
            assert progress.history[-1] is row and progress.position.step_in_epoch == 0
            told.append(f"row {row['epoch']}")

        def end(self, progress: Progress) -> None:
            told.append("end")

    task = program()
    run(task, task.start(ReferenceEngine(), Key.of(0)), Position(), [Teller()], epochs=2)
    steps = [f"step {n}" for n in range(1, 8)]
    assert told == ["begin", "epoch 0", *steps, "row 1", "epoch 1", *steps, "row 2", "end"]
    told.clear()
    with pytest.raises(RuntimeError):
        run(task, task.start(ReferenceEngine(), Key.of(0)), Position(), [Teller(fails=True)])
    assert told == ["begin", "epoch 0", "step 1", "end"]


def test_update_ratios_of_each_layer_every_few_steps() -> None:
    """With plain gradient descent |update| / |weights| is rate * |g| / |w|."""
    seen: dict[int, dict[str, float]] = {}

    class Note(Event):
        def step(self, progress: Progress, sums: Any) -> None:
            ratios = {name: value for name, (value, _) in sums.items() if name.startswith("update_ratio/")}
            if ratios:
                seen[progress.position.step - 1] = ratios

    task = program(SGD(0.1))
    state = task.start(ReferenceEngine(), Key.of(0))
    first = {name: np.array(value) for name, value in state["params"].items()}
    (batch, *_) = batches().epoch(0)
    forward = ReferenceEngine().forward(task.graph, first, state["state"], batch.inputs, training=True,
                                        key=Key.of(2).fold(0))  # fmt: skip
    _, gradients = ReferenceEngine().grad(MSE, forward, batch, wrt=("parameters",))
    run(task, state, Position(), [Note()], epochs=1)
    assert list(seen) == [0, 3, 6]
    assert set(seen[0]) == {"update_ratio/dense", "update_ratio/batch_normalization", "update_ratio/dense_1"}
    for layer, parts in {"dense": ("kernel", "bias"), "dense_1": ("kernel", "bias")}.items():
        steps = [0.1 * gradients.parameters[f"{layer}/{part}"].ravel() for part in parts]
        moved = sum(step @ step for step in steps)
        size = sum(first[f"{layer}/{part}"].ravel() @ first[f"{layer}/{part}"].ravel() for part in parts)
        assert seen[0][f"update_ratio/{layer}"] == pytest.approx(np.sqrt(moved / size), rel=1e-4)
    assert "update_ratio/dense" not in run(task, state, Position(), epochs=1).history[0]


@pytest.mark.parametrize(
    "make", [lambda: EarlyStopping("val_loss", patience=3), lambda: ReduceLROnPlateau("val_loss", 0.5, 2, cooldown=2),
             lambda: KeepBest("val_", "accuracy", lambda progress: None, mode="max"),
             lambda: KeepBest("val_", "accuracy", lambda progress: None, mode="max", noise=lambda best: 0.06)],
    ids=["stop", "plateau", "best", "sure"],
)  # fmt: skip
def test_watchers_go_on_from_their_memory(make: Any) -> None:
    """A resumed watcher does what one that was never stopped does, whatever the epoch it was stopped at."""
    losses = [1.0, 0.9, 0.95, 0.96, 0.94, 0.93, 0.8, 0.85, 0.9, 0.9]

    def follow(resume_after: int | None) -> list[Any]:
        class Stand:
            stop, rate, state, validates = "", 1.0, {}, True

            def scale_rate(self, factor: float) -> None:
                self.rate *= factor

        progress: Any = Stand()
        watcher = make()
        watcher.begin(progress)
        found = []
        for epoch, loss in enumerate(losses, 1):
            watcher.epoch(progress, {"epoch": epoch, "val_loss": loss, "val_accuracy": 1 - loss})
            found.append((progress.stop, progress.rate, watcher.best, watcher.best_epoch, watcher.wait))
            if epoch == resume_after:
                memory = json.loads(json.dumps(watcher.memory()))
                watcher = make()
                watcher.recall(memory)
                watcher.begin(progress)
        return found

    whole = follow(None)
    assert all(follow(epoch) == whole for epoch in range(1, 10))


def test_of_epochs_within_the_noise_of_the_best_the_lowest_loss_is_kept() -> None:
    rows = [(0.95, 0.30), (0.970, 0.20), (0.9725, 0.40), (0.968, 0.19), (0.9715, 0.21), (0.968, 0.15), (0.9725, 0.35),
            (0.990, 0.9), (math.nan, 0.1)]  # fmt: skip

    def kept(noise: float, last: bool = False) -> list[int]:
        saved: list[int] = []
        keeper = KeepBest("val_", "accuracy", lambda progress: saved.append(len(saved)), mode="max",
                          noise=lambda best: noise, last=last)  # fmt: skip
        found = []
        for epoch, (accuracy, loss) in enumerate(rows, 1):
            keeper.epoch(Any, {"epoch": epoch, "val_accuracy": accuracy, "val_loss": loss})
            found.append(keeper.best_epoch)
        assert len(saved) == len(set(found))
        return found

    assert kept(0.0) == [1, 2, 3, 3, 3, 3, 7, 8, 8]  # 2 of 800 images more, and twice the loss
    assert kept(0.006) == [1, 2, 2, 2, 5, 6, 6, 8, 8]  # losses of 0.19 to 0.21 are equal
    assert kept(0.0, last=True) == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_a_line_leaves_out_what_an_event_did_not_measure_but_no_nan_of_the_training() -> None:
    class Seldom(Event):
        def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
            row["val_nme"] = math.nan if row["epoch"] < 2 else 0.25

    task, lines = program(SGD(0.1)), []
    history = run(task, task.start(ReferenceEngine(), Key.of(0)), Position(), [Seldom(), EpochLines(lines.append)],
                  epochs=2).history  # fmt: skip
    assert "val_loss" in lines[0] and "val_nme" not in lines[0] and "val_nme 0.2500" in lines[1]
    assert math.isnan(history[0]["val_nme"])
    row = {"epoch": 1, "loss": math.inf, "r2": math.nan, "learning_rate": 0.1, "val_nme": math.nan}
    assert scores(row) == "loss inf  r2 nan"


def test_every_step_has_noise_of_its_own_that_a_resume_finds_again() -> None:
    class Listener:
        """A program that only notes the keys it is given."""

        def __init__(self) -> None:
            self.keys: list[Key] = []

        def step(self, engine: Any, state: Any, batch: Any, key: Key) -> Any:
            self.keys.append(key)
            return state, {"loss": (0.0, 1.0)}

        def evaluate(self, engine: Any, state: Any, batch: Any) -> Any:
            return {"loss": (0.0, 1.0)}

        def report(self, sums: Any) -> dict[str, float]:
            return {"loss": 0.0}

        def rate(self, state: Any) -> float:
            return 0.1

    whole, rest, other = Listener(), Listener(), Listener()
    run(whole, {}, Position(), epochs=2)  # type: ignore[arg-type]
    run(rest, {}, Position(1, 3, 10), epochs=2)  # type: ignore[arg-type]
    assert len(set(whole.keys)) == 14
    assert rest.keys == whole.keys[10:]
    task: Any = other
    train(task, ReferenceEngine(), batches(), [], state={}, position=Position(), epochs=1, key=Key.of(3))
    assert not set(other.keys) & set(whole.keys)
