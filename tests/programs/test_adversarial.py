"""Two networks that learn against one another run through the loop of all tasks, and resume to the same bits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.batches import ArrayBatches, Batch
from pellucid.data.waves import load_waves
from pellucid.engines.protocol import Engine, Objective, Sums, Term, mean
from pellucid.engines.reference import ReferenceEngine
from pellucid.graph.graph import Graph
from pellucid.keys import Key
from pellucid.layers import Dense, Input
from pellucid.models import Sequential
from pellucid.spec.losses import BinaryCrossentropy
from pellucid.spec.optimizers import Adam, OptimizerSpec
from pellucid.storage.checkpoint import read_checkpoint, write_checkpoint
from pellucid.training.events import Event, Position, Progress
from pellucid.training.loop import train
from pellucid.training.program import Program, State, new_clock

REAL_OR_NOT = Objective((Term("output", BinaryCrossentropy(from_logits=True)),))


@dataclass(frozen=True)
class Adversarial:
    """Goodfellow et al. 2014, algorithm 1: the critic tells points from fakes, then the maker moves to fool it."""

    maker: Graph
    critic: Graph
    rule: OptimizerSpec

    def start(self, engine: Engine, key: Key) -> State:
        params = {**engine.init(self.maker, key.fold("maker"))[0], **engine.init(self.critic, key.fold("critic"))[0]}
        return {"params": params, "state": {}, "slots": engine.slots(self.rule, params), "clock": new_clock()}

    def rate(self, state: State) -> float:
        return float(self.rule.learning_rate) * float(state["clock"]["rate_factor"])  # type: ignore[arg-type]

    def make(self, engine: Engine, state: State, n: int, key: Key) -> Any:
        noise = key.generator().normal(size=(n, 4)).astype(np.float32)
        return engine.forward(self.maker, state["params"], {}, engine.put({"input": noise}), training=True)

    def judge(self, engine: Engine, state: State, x: Any, label: float, wrt: str) -> Any:
        run = engine.forward(self.critic, state["params"], {}, {"input": x}, training=True)
        return engine.grad(REAL_OR_NOT, run, Batch({}, {"output": np.full((len(x), 1), label)}), wrt=(wrt,))

    def update(self, engine: Engine, state: State, gradients: Any) -> State:
        step = int(state["clock"]["step"])
        rate = self.rate(state)
        params, slots = engine.update(self.rule, state["params"], gradients, state["slots"], step, rate=rate)
        return {**state, "params": params, "slots": slots}

    def step(self, engine: Engine, state: State, batch: Any, key: Key) -> tuple[State, Sums]:
        real = engine.put(batch.inputs)["input"]
        made = self.make(engine, state, len(real), key)
        sums, of_real = self.judge(engine, state, real, 1.0, "parameters")
        _, of_fake = self.judge(engine, state, made.outputs["output"], 0.0, "parameters")
        both = {name: of_real.parameters[name] + of_fake.parameters[name] for name in of_real.parameters}
        state = self.update(engine, state, both)
        fooled, towards = self.judge(engine, state, made.outputs["output"], 1.0, "inputs")
        moves = engine.vjp(made, {"output": towards.inputs["input"]}, wrt=("parameters",))
        state = self.update(engine, state, moves.parameters)
        clock = {**state["clock"], "step": np.asarray(int(state["clock"]["step"]) + 1, np.int64)}
        return {**state, "clock": clock}, {"critic": sums["loss:output"], "maker": fooled["loss:output"]}

    def evaluate(self, engine: Engine, state: State, batch: Any) -> Sums:
        made = self.make(engine, state, len(batch.inputs["input"]), Key.of(1)).outputs["output"]
        near = distances(np.asarray(made), batch.inputs["input"])
        each = {"precision": near.min(axis=1), "recall": near.min(axis=0)}
        return {name: (float(nearest.sum()), len(nearest)) for name, nearest in each.items()}

    def report(self, sums: Sums) -> dict[str, float]:
        return {name: mean(pair) for name, pair in sums.items()}


def distances(made: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Between every made point and every real one."""
    return np.asarray(np.linalg.norm(made[:, None] - real[None], axis=-1))


def gan() -> Adversarial:
    maker = Sequential([Input((4,)), Dense(32, "relu", name="m1"), Dense(32, "relu", name="m2"), Dense(2, name="m3")])
    critic = Sequential([Input((2,)), Dense(32, "relu", name="c1"), Dense(32, "relu", name="c2"), Dense(1, name="c3")])
    return Adversarial(maker.graph, critic.graph, Adam(2e-3, beta_1=0.5))


POINTS = np.concatenate([points for points, _ in load_waves().values()]).astype(np.float32)  # (800, 2)


def batches() -> ArrayBatches:
    return ArrayBatches({"input": POINTS}, batch_size=100, key=Key.of(5))


EPOCHS = 100


def test_it_is_a_program() -> None:
    program: Program = gan()
    assert program.rate(program.start(ReferenceEngine(), Key.of(0))) == 2e-3


def outcome(seed: int) -> list[float]:
    """How far one game came: the share left of distances and covariance error, the distance off, the mean's error."""
    program, engine = gan(), ReferenceEngine()
    state = program.start(engine, Key.of(seed))
    untrained = np.array(program.make(engine, state, 800, Key.of(1)).outputs["output"])
    before = distances(untrained, POINTS)
    key = Key.of(9 + seed)
    progress = train(program, engine, batches(), [], state=state, position=Position(), epochs=EPOCHS, key=key)
    assert set(progress.history[-1]) == {"epoch", "critic", "maker", "learning_rate"}
    made = np.asarray(program.make(engine, progress.state, 800, Key.of(1)).outputs["output"])
    after = distances(made, POINTS)
    spread = [np.abs(np.cov(points.T) - np.cov(POINTS.T)).max() for points in (untrained, made)]
    reached = after.min(axis=0).mean() / before.min(axis=0).mean()
    mean_off = np.abs(made.mean(axis=0) - POINTS.mean(axis=0)).max()
    return [float(value) for value in (reached, after.min(axis=1).mean(), spread[1] / spread[0], mean_off)]


def test_the_made_points_move_to_the_data() -> None:
    """The median of three games, for a single one may swing at its end."""
    reached, off, spread, mean_off = np.median([outcome(seed) for seed in range(3)], axis=0)
    assert reached < 1 / 3  # every real point has a made one near
    assert off < 0.2  # and every made point a real one: the whole cloud is 4 wide
    assert spread < 0.5
    assert mean_off < 0.35


def test_a_resumed_run_has_the_same_bits(tmp_path: Path) -> None:
    engine = ReferenceEngine()
    path = tmp_path / "last.safetensors"

    class SaveAt(Event):
        def step(self, progress: Progress, sums: Sums) -> None:
            if progress.position.step == 21:  # in the middle of the third epoch of eight steps
                state = {name: engine.get(progress.state[name]) for name in ("params", "slots")}
                state |= {"state": {}, "clock": progress.state["clock"]}
                write_checkpoint(path, state=state, position=progress.position.to_json(), history=progress.history,
                                 events={}, environment={})  # fmt: skip

    few = ArrayBatches({"input": POINTS[::10]}, batch_size=80, key=Key.of(0), shuffle=False)
    start = gan().start(engine, Key.of(0))
    whole = train(gan(), engine, batches(), [SaveAt()], state=start, position=Position(), epochs=5, key=Key.of(9),
                  validation=few)  # fmt: skip
    assert {"val_precision", "val_recall"} < set(whole.history[-1])
    saved = read_checkpoint(path)
    state = {name: engine.put(saved.state.get(name, {})) for name in ("params", "state", "slots")}
    state["clock"] = dict(saved.state["clock"])
    position = Position.from_json(dict(saved.position))
    assert (position.epoch, position.step_in_epoch) == (2, 5)
    resumed = train(gan(), engine, batches(), [], state=state, position=position, epochs=5, key=Key.of(9))
    assert whole.position == resumed.position
    for section in ("params", "slots", "clock"):
        assert whole.state[section].keys() == resumed.state[section].keys()
        for name, value in whole.state[section].items():
            assert value.dtype == resumed.state[section][name].dtype
            np.testing.assert_array_equal(value, resumed.state[section][name], err_msg=name)
    for ours, theirs in zip(whole.history[2:], resumed.history, strict=True):
        assert (ours["critic"], ours["maker"]) == (theirs["critic"], theirs["maker"])
