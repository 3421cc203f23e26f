"""A hundred steps on both engines: every update rule, whole networks, and a training that changes engines midway."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pellucid.data.batches import Batch
from pellucid.engines.protocol import Engine, Measure, Objective, Term
from pellucid.engines.pytorch import rules
from pellucid.errors import TrainingError
from pellucid.graph.graph import Graph
from pellucid.keys import Key
from pellucid.layers import (
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    LeakyReLU,
    MaxPooling2D,
)
from pellucid.models import Model, Sequential, load_model
from pellucid.spec.losses import SparseCategoricalAccuracy, SparseCategoricalCrossentropy
from pellucid.spec.optimizers import SGD, Adam, OptimizerSpec, RMSprop
from pellucid.spec.schedules import CosineDecay
from pellucid.training.program import State, Supervised
from tests.parity_engines.comparing import assert_same, engines
from tests.parity_keras.test_rules import RULES

OBJECTIVE = Objective(
    (Term("output", SparseCategoricalCrossentropy()),),
    (Measure("output", SparseCategoricalAccuracy(), "accuracy"),),
)
SHAPES = {"a/kernel": (5, 4), "a/bias": (4,), "b/kernel": (30, 7)}


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_an_update_rule_is_the_same_over_a_hundred_steps(rule: OptimizerSpec, precision: str) -> None:
    moved = []
    for engine in engines(precision):
        random = np.random.default_rng(6)
        params = engine.put({name: random.normal(size=shape) for name, shape in SHAPES.items()})
        slots = engine.slots(rule, params)
        for step in range(100):
            size = 10.0 ** random.integers(-4, 2)  # large and small steps, so that epsilon's place and AMSGrad show
            gradients = engine.put({name: size * random.normal(size=shape) for name, shape in SHAPES.items()})
            params, slots = engine.update(rule, params, gradients, slots, step, rate=float(rule.learning_rate))
        moved.append((engine.get(params), engine.get(slots)))
    for ours, theirs in zip(*moved, strict=True):
        assert_same("after 100 steps", ours, theirs, {"float64": 1e-9, "float32": 1e-4}[precision])


def plain() -> Model:
    """Uneven padding, batch norm, pooling, dropout, a penalty and two dense layers."""
    return Sequential([
        Input((9, 8, 2)), Conv2D(5, 3, strides=2, padding="same", use_bias=False), BatchNormalization(),
        Conv2D(6, (3, 2), padding="same", activation="relu", kernel_regularizer="l2"), MaxPooling2D(2), Flatten(),
        Dense(12, activation="tanh"), Dropout(0.3), Dense(4, activation="softmax"),
    ])  # fmt: skip


def residual() -> Model:
    """A frozen stem and two branches that meet."""
    x = Input((6, 6, 3))
    stem = Conv2D(4, 3, padding="same", activation="relu")
    stem.trainable = False
    trunk = stem(x)
    side = LeakyReLU()(Conv2D(4, 3, padding="same")(trunk))
    return Model(x, Dense(4, activation="softmax")(GlobalAveragePooling2D()(Add()([trunk, side]))))


def batches(graph: Graph, count: int, size: int = 8) -> list[Batch]:
    """Random images with labels, the same at every call."""
    random = np.random.default_rng(11)
    ((name, shape),) = graph.input_shapes.items()
    ((output, _),) = graph.output_shapes.items()
    return [
        Batch({name: random.normal(size=(size, *shape))}, {output: random.integers(0, 4, size)}) for _ in range(count)
    ]


def trained(program: Supervised, engine: Engine, state: State, first: int, last: int) -> State:
    """The state after steps `first` to `last`."""
    for number, batch in enumerate(batches(program.graph, last)):
        if number >= first:
            state, _ = program.step(engine, state, batch, Key.of(3).fold(number))
    return state


def program_of(model: Model, rule: OptimizerSpec) -> Supervised:
    return Supervised(model.graph, OBJECTIVE, rule)


def moved_to(engine: Engine, other: Engine, state: State) -> State:
    """A state as the other engine's arrays, by the way a checkpoint takes."""
    return {
        name: part if name == "clock" else other.put({key: np.array(value) for key, value in engine.get(part).items()})
        for name, part in state.items()
    }


def assert_same_state(ours: Engine, a: State, theirs: Engine, b: State, limit: float = 1e-9) -> None:
    for section in ("params", "state", "slots"):
        assert_same(section, ours.get(a[section]), theirs.get(b[section]), limit)


TRAININGS = [
    (plain, SGD(CosineDecay(0.05, 100), 0.9, True)),
    (plain, RMSprop(0.001)),
    (residual, Adam(0.01)),
]


@pytest.mark.parametrize(("make", "rule"), TRAININGS, ids=lambda value: getattr(value, "__name__", repr(value)))
def test_weights_after_a_hundred_steps_are_the_same(make, rule: OptimizerSpec) -> None:
    ours, theirs = engines("float64")
    program = program_of(make(), rule)
    states = [trained(program, engine, program.start(engine, Key.of(0)), 0, 100) for engine in (ours, theirs)]
    assert_same_state(ours, states[0], theirs, states[1])


@pytest.mark.parametrize("turned", [False, True], ids=["reference first", "pytorch first"])
def test_a_training_goes_on_on_the_other_engine(turned: bool) -> None:
    first, second = engines("float64")[:: -1 if turned else 1]
    program = program_of(plain(), Adam(0.01))
    whole = trained(program, first, program.start(first, Key.of(0)), 0, 40)
    half = trained(program, first, program.start(first, Key.of(0)), 0, 20)
    assert_same_state(first, whole, second, trained(program, second, moved_to(first, second, half), 20, 40))


@pytest.mark.parametrize("make", [plain, residual])
def test_a_step_in_float32_is_the_same(make) -> None:
    ours, theirs = engines("float32")
    program = program_of(make(), SGD(0.1))
    states = [trained(program, engine, program.start(engine, Key.of(0)), 0, 1) for engine in (ours, theirs)]
    assert_same_state(ours, states[0], theirs, states[1], 1e-4)


def test_both_engines_start_from_the_same_weights() -> None:
    ours, theirs = engines("float32")
    graph = plain().graph
    for mine, other in zip(ours.init(graph, Key.of(5)), theirs.init(graph, Key.of(5)), strict=True):
        assert_same("init", ours.get(mine), theirs.get(other), 0.0)


def test_a_planted_difference_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = rules.RULES[Adam]
    monkeypatch.setitem(rules.RULES, Adam, lambda rule, w, g, slots, t, rate: right(rule, w, g, slots, t + 1, rate))
    with pytest.raises(AssertionError, match="off by"):
        test_weights_after_a_hundred_steps_are_the_same(residual, Adam(0.01))


def fitted(engine: str, path: Path, precision: str = "float32") -> Model:
    """A model trained by `fit` on one engine and saved."""
    model = residual()
    model.key = Key.of(9)
    random = np.random.default_rng(1)
    model.set_weights([random.normal(0, 0.3, value.shape) for value in model.get_weights()])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], engine=engine, precision=precision)
    model.fit(random.normal(size=(40, 6, 6, 3)).astype("float32"), random.integers(0, 4, 40), epochs=2, verbose=0)
    model.save(path)
    return model


def test_a_model_file_holds_the_same_whatever_engine_trained_it(tmp_path: Path) -> None:
    models = [fitted(engine, tmp_path / f"{engine}.safetensors") for engine in ("reference", "pytorch")]
    x = np.random.default_rng(2).normal(size=(5, 6, 6, 3)).astype("float32")
    first, second = (load_model(tmp_path / f"{engine}.safetensors") for engine in ("reference", "pytorch"))
    assert_same("weights", first.weights_by_key(), second.weights_by_key(), 1e-4)
    np.testing.assert_array_equal(second.get_weights()[0], models[1].get_weights()[0])
    np.testing.assert_allclose(models[1].predict(x, verbose=0), second.predict(x, verbose=0), rtol=1e-4, atol=1e-6)
    assert (models[0].engine.name, models[1].engine.name) == ("reference", "pytorch")


def test_a_model_trains_in_bfloat16_and_keeps_float32_weights(tmp_path: Path) -> None:
    model = fitted("pytorch", tmp_path / "model.safetensors", "bfloat16")
    assert {str(value.dtype) for value in model.get_weights()} == {"float32"}
    exact = fitted("pytorch", tmp_path / "exact.safetensors")
    assert_same("weights", exact.weights_by_key(), model.weights_by_key(), 0.05)
    assert not np.array_equal(model.get_weights()[0], exact.get_weights()[0]) or not np.array_equal(
        model.get_weights()[2], exact.get_weights()[2]
    )


ODD = {
    "of another byte order": lambda x: x.astype(">f4"),
    "in two bytes": lambda x: x.astype("float16"),
    "in reversed order": lambda x: x.astype("float32")[::-1, :, ::-1],
    "read-only": lambda x: np.broadcast_to(x[:1], x.shape),
    "whole numbers": lambda x: (x * 10).astype(">u2"),
    "bytes": lambda x: (x * 10).astype("uint8"),
}


@pytest.mark.parametrize("turn", ODD.values(), ids=ODD)
def test_arrays_of_any_make_enter_both_engines(turn) -> None:
    x = turn(np.random.default_rng(3).uniform(1, 3, (4, 6, 6, 3)))
    y = np.random.default_rng(3).integers(0, 4, 4).astype(">i2")[::-1]
    graph = residual().graph
    batch = Batch({"input": x}, {"output": y})
    found = []
    for engine in engines("float32"):
        params, state = engine.init(graph, Key.of(1))
        run = engine.forward(graph, params, state, engine.put(batch.inputs), training=True, key=Key.of(2))
        sums, gradients = engine.grad(OBJECTIVE, run, batch, wrt=("parameters",))
        assert sums["metric:accuracy"] == engine.measure(OBJECTIVE, run, batch)["metric:accuracy"]
        found.append(engine.get({**run.outputs, **gradients.parameters}))
    assert_same("odd arrays", *found, 1e-4)


def test_numbers_that_run_away_are_told_by_step_and_place() -> None:
    model = plain()
    model.compile(SGD(1e15), "sparse_categorical_crossentropy", engine="pytorch", device="cpu")
    random = np.random.default_rng(1)
    with pytest.raises(TrainingError, match=r"no longer finite at step \d+: it first appeared in the result of layer"):
        model.fit(random.normal(size=(32, 9, 8, 2)), random.integers(0, 4, 32), batch_size=8, epochs=3, verbose=0)
