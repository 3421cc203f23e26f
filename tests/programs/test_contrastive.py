"""A restricted Boltzmann machine learns digits by contrastive divergence, through the same loop and engine contract.

Up, down and the outer products are one linear Dense layer: v W + c is its output, h W' its gradient by the input,
v' h its gradient by the kernel. Source: Hinton 2002, CD-1; the books' one-layer machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from pellucid.data.batches import ArrayBatches
from pellucid.engines.protocol import Engine, Run, Sums, mean
from pellucid.engines.reference import ReferenceEngine
from pellucid.graph.graph import Graph
from pellucid.initializers import RandomNormal
from pellucid.keys import Key
from pellucid.layers import Dense, Input
from pellucid.models import Sequential
from pellucid.spec.optimizers import SGD, OptimizerSpec
from pellucid.training.callbacks import Recorder
from pellucid.training.events import Position
from pellucid.training.loop import train
from pellucid.training.program import State, new_clock


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


@dataclass(frozen=True)
class ContrastiveDivergence:
    """CD-1 on a graph of one linear Dense layer; `visible/bias` is a weight of the program's own."""

    graph: Graph
    rule: OptimizerSpec

    def start(self, engine: Engine, key: Key) -> State:
        params, _ = engine.init(self.graph, key)
        params |= engine.put({"visible/bias": np.zeros(self.graph.input_shapes["input"], np.float32)})
        return {"params": params, "state": {}, "slots": engine.slots(self.rule, params), "clock": new_clock()}

    def rate(self, state: State) -> float:
        return float(self.rule.learning_rate) * float(state["clock"]["rate_factor"])  # type: ignore[arg-type]

    def up(self, engine: Engine, state: State, v: Any) -> tuple[Run, Any]:
        run = engine.forward(self.graph, state["params"], {}, {"input": v}, training=True)
        return run, sigmoid(run.outputs["output"])

    def down(self, engine: Engine, state: State, run: Run, h: Any) -> Any:
        back = engine.vjp(run, {"output": h}, wrt=("inputs",)).inputs["input"]
        return sigmoid(back + state["params"]["visible/bias"])

    def step(self, engine: Engine, state: State, batch: Any, key: Key) -> tuple[State, Sums]:
        v0, n = engine.put(batch.inputs)["input"], len(batch.inputs["input"])
        run0, p0 = self.up(engine, state, v0)
        h0 = (key.generator().random(p0.shape) < p0).astype(p0.dtype)
        v1 = self.down(engine, state, run0, h0)
        run1, p1 = self.up(engine, state, v1)
        data = engine.vjp(run0, {"output": -p0 / n}, wrt=("parameters",)).parameters
        model = engine.vjp(run1, {"output": p1 / n}, wrt=("parameters",)).parameters
        gradients = {name: data[name] + model[name] for name in data} | {"visible/bias": (v1 - v0).mean(axis=0)}
        step = int(state["clock"]["step"])
        rate = self.rate(state)
        params, slots = engine.update(self.rule, state["params"], gradients, state["slots"], step, rate=rate)
        clock = {**state["clock"], "step": np.asarray(step + 1, np.int64)}
        return {**state, "params": params, "slots": slots, "clock": clock}, self.error(v0, v1)

    def evaluate(self, engine: Engine, state: State, batch: Any) -> Sums:
        v = engine.put(batch.inputs)["input"]
        run, p = self.up(engine, state, v)
        return self.error(v, self.down(engine, state, run, p))

    def error(self, v: Any, again: Any) -> Sums:
        return {"reconstruction": (float(((v - again) ** 2).mean(axis=1).sum()), float(len(v)))}

    def report(self, sums: Sums) -> dict[str, float]:
        return {name: mean(pair) for name, pair in sums.items()}


def machine() -> ContrastiveDivergence:
    layer = Dense(48, name="hidden", kernel_initializer=RandomNormal(stddev=0.05))
    return ContrastiveDivergence(Sequential([Input((64,)), layer]).graph, SGD(0.2, momentum=0.5))


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    from sklearn.datasets import load_digits

    return np.asarray(load_digits().data / 16, np.float32)


def test_the_reconstruction_comes_near_the_digits(digits: np.ndarray) -> None:
    engine, program, recorder = ReferenceEngine(), machine(), Recorder()
    learnt = ArrayBatches({"input": digits[:1500]}, batch_size=50, key=Key.of(1))
    held_out = ArrayBatches({"input": digits[1500:]}, batch_size=297, key=Key.of(1), shuffle=False)
    state = program.start(engine, Key.of(0))
    untrained = program.report(program.evaluate(engine, state, next(held_out.epoch(0))))["reconstruction"]
    progress = train(program, engine, learnt, [recorder], state=state, position=Position(), epochs=12, key=Key.of(2),
                     validation=held_out)  # fmt: skip
    errors = recorder.record.history["val_reconstruction"]
    assert errors[-1] < untrained / 2
    assert errors[-1] < digits.var(axis=0).mean() / 2  # far nearer than the mean digit is
    assert errors[-1] < errors[0]
    assert int(progress.state["clock"]["step"]) == 12 * 30


def test_one_step_is_the_formula(digits: np.ndarray) -> None:
    """dW = rate (v0' p0 - v1' p1) / n, written out with plain matrix products."""
    engine, program = ReferenceEngine("float64"), machine()
    state = program.start(engine, Key.of(0))
    w, c = (np.array(state["params"][f"hidden/{name}"]) for name in ("kernel", "bias"))
    v0 = digits[:20].astype(np.float64)
    key = Key.of(3)
    p0 = sigmoid(v0 @ w + c)
    h0 = (key.generator().random(p0.shape) < p0).astype(float)
    v1 = sigmoid(h0 @ w.T)
    p1 = sigmoid(v1 @ w + c)
    batch = next(ArrayBatches({"input": v0}, batch_size=20, key=key, shuffle=False).epoch(0))
    after, _ = program.step(engine, state, batch, key)
    np.testing.assert_allclose(after["params"]["hidden/kernel"], w + 0.2 * (v0.T @ p0 - v1.T @ p1) / 20, atol=1e-14)
    np.testing.assert_allclose(after["params"]["hidden/bias"], c + 0.2 * (p0 - p1).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(after["params"]["visible/bias"], 0.2 * (v0 - v1).mean(axis=0), rtol=1e-12)
