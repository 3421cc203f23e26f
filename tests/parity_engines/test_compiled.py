"""Steps compiled as one function: the same numbers as the usual way, and the usual way wherever compiling is none."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from pellucid.data.batches import Batch
from pellucid.engines.protocol import Measure, Objective, Term
from pellucid.engines.pytorch import compiled
from pellucid.engines.pytorch.compiled import CompiledEngine, Later
from pellucid.engines.pytorch.engine import PyTorchEngine
from pellucid.errors import ArgumentError, ShapeError, UsageError
from pellucid.graph.graph import Graph
from pellucid.keys import Key
from pellucid.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input
from pellucid.models import Model
from pellucid.runs.config import RunConfig
from pellucid.runs.experiment import resume_run, start_run
from pellucid.runs.preparation import understand
from pellucid.spec.losses import MeanSquaredError, SparseCategoricalAccuracy, SparseCategoricalCrossentropy
from pellucid.spec.optimizers import Adam
from pellucid.spec.regularizers import L1L2
from pellucid.storage.run_folder import RunFolder
from pellucid.training.program import Supervised
from pellucid.training.session import engine_named
from tests.parity_engines.test_choosing import StopAt

OBJECTIVE = Objective(
    (Term("kind", SparseCategoricalCrossentropy()), Term("size", MeanSquaredError(), 0.3)),
    (Measure("kind", SparseCategoricalAccuracy(), "accuracy"),),
)


def dense_network(*more: object) -> Graph:
    """Two heads, a penalty, and batch norm for its moving statistics."""
    image = Input((4, 3))
    x = Flatten()(image)
    for layer in (Dense(9, "relu", kernel_regularizer=L1L2(0.01, 0.02)), BatchNormalization(momentum=0.8), *more):
        x = layer(x)
    kind, size = Dense(5, "softmax", name="kind")(x), Dense(1, name="size")(x)
    return Model(image, [kind, size]).graph


def batches(count: int, size: int = 8) -> list[Batch]:
    """The last one is smaller, as that of an epoch is."""
    random = np.random.default_rng(1)
    sizes = [size] * (count - 1) + [size - 3]
    return [
        Batch({"input": random.normal(size=(n, 4, 3))},
              {"kind": random.integers(0, 5, n), "size": random.normal(size=n)}, {}, {}, np.arange(n))
        for n in sizes
    ]  # fmt: skip


def trained(engine: PyTorchEngine, graph: Graph, given: list[Batch]) -> tuple[dict[str, np.ndarray], list[dict]]:
    program = Supervised(graph, OBJECTIVE, Adam(0.01))
    state, told = program.start(engine, Key.of(0)), []
    for place, batch in enumerate(given):
        state, sums = program.step(engine, state, batch, Key.of(place))
        told.append({name: pair for name, pair in sums.items() if not name.startswith("update_ratio")})
    return engine.get(state["params"]) | engine.get(state["state"]), told


def assert_trained_alike(engine: CompiledEngine, graph: Graph, given: list[Batch]) -> None:
    wanted, told = trained(PyTorchEngine("float64", "cpu"), graph, given)
    found, said = trained(engine, graph, given)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-12, err_msg=name)
    for one, other in zip(said, told, strict=True):
        assert one.keys() == other.keys()
        for name, pair in other.items():
            assert one[name] == pytest.approx(pair, rel=1e-10), name


@pytest.fixture
def traced_only(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Steps are traced, and run as they were traced: what C++ comes to is for one test alone."""
    seen: list[object] = []

    def compile(traced: object, arguments: object) -> object:
        seen.append(traced)
        return traced

    monkeypatch.setattr(compiled, "compile_traced", compile)
    return seen


def test_a_compiled_training_ends_with_the_same_weights(caplog: pytest.LogCaptureFixture) -> None:
    engine = CompiledEngine("float64", "cpu")
    assert_trained_alike(engine, dense_network(), batches(6)[:5])  # of one size: C++ is made once
    assert not [record for record in caplog.records if record.name == "pellucid"]  # it was not left to the usual way


def test_each_size_of_batch_is_traced_once(traced_only: list[object]) -> None:
    assert_trained_alike(CompiledEngine("float64", "cpu"), dense_network(), batches(6))
    assert len(traced_only) == 2


def test_a_planted_difference_is_caught(traced_only: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    real = compiled.total_of

    def doubled(*given: object) -> object:
        total = real(*given)  # type: ignore[arg-type]
        value, count = total.parts["loss:kind"]
        total.parts["loss:kind"] = 2 * value, count
        return total

    monkeypatch.setattr(compiled, "total_of", doubled)
    with pytest.raises(AssertionError):
        assert_trained_alike(CompiledEngine("float64", "cpu"), dense_network(), batches(3))


def test_noise_is_left_to_the_usual_way(traced_only: list[object]) -> None:
    assert_trained_alike(CompiledEngine("float64", "cpu"), dense_network(Dropout(0.5)), batches(3))
    assert not traced_only


def test_convolutions_are_left_alone_which_is_said_once(
    traced_only: list[object], caplog: pytest.LogCaptureFixture
) -> None:
    image = Input((4, 3, 1))
    x = Flatten()(Conv2D(2, 3, padding="same")(image))
    graph = Model(image, [Dense(5, "softmax", name="kind")(x), Dense(1, name="size")(x)]).graph
    given = [Batch({"input": batch.inputs["input"][..., None]}, batch.targets) for batch in batches(3)]
    engine = CompiledEngine("float64", "cpu")
    with caplog.at_level(logging.INFO, "pellucid"):
        assert_trained_alike(engine, graph, given)
        assert_trained_alike(engine, Graph.from_json(graph.to_json()), given)
    assert not traced_only
    assert [record.message for record in caplog.records] == [
        "The steps are not compiled: that pays for networks of dense layers, and here is conv2d 'conv2d'."
    ]


def test_weights_and_masks_are_left_to_the_usual_way(traced_only: list[object]) -> None:
    given = [
        Batch(batch.inputs, batch.targets, {"kind": np.linspace(0.5, 2, len(batch))},
              {"size": np.arange(len(batch)) % 2 == 0}, batch.ids)
        for batch in batches(3)
    ]  # fmt: skip
    assert_trained_alike(CompiledEngine("float64", "cpu"), dense_network(), given)
    assert not traced_only


def test_where_nothing_can_be_compiled_the_training_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_compiler(traced: object, arguments: object) -> object:
        raise RuntimeError("InvalidCxxCompiler: No working C++ compiler found\nand much more")

    monkeypatch.setattr(compiled, "compile_traced", no_compiler)
    assert_trained_alike(CompiledEngine("float64", "cpu"), dense_network(), batches(4))
    assert [record.message for record in caplog.records] == [
        "The step is not compiled here: InvalidCxxCompiler: No working C++ compiler found. Going on without."
    ]


def test_a_run_that_is_looked_at_is_there(traced_only: list[object]) -> None:
    graph, (batch, *_) = dense_network(), batches(2)
    runs = []
    for engine in (CompiledEngine("float64", "cpu"), PyTorchEngine("float64", "cpu")):
        params, state = engine.init(graph, Key.of(0))
        runs.append(engine.forward(graph, params, state, engine.put(batch.inputs), training=True))
    assert isinstance(runs[0], Later)
    for name in ("kind", "size"):
        assert torch.equal(runs[0].outputs[name], runs[1].outputs[name])
    assert not hasattr(runs[0], "nonsense")


def test_faults_of_the_data_are_told_as_always(traced_only: list[object]) -> None:
    graph, (batch, *_) = dense_network(), batches(2)
    wrong = Batch(batch.inputs, {**batch.targets, "kind": np.full(8, 5)})
    with pytest.raises(ArgumentError, match=r"labels must be from 0 to 4, but it is 5"):
        trained(CompiledEngine("float64", "cpu"), graph, [wrong])
    first_only = Batch({"input": batch.inputs["input"][:, :3]}, batch.targets)
    with pytest.raises(ShapeError, match=r"data must be"):
        trained(CompiledEngine("float64", "cpu"), graph, [first_only])
    one = Batch({"input": batch.inputs["input"][:1]}, {name: value[:1] for name, value in batch.targets.items()})
    with pytest.raises(ShapeError, match=r"batch norm needs at least 2 values"):
        trained(CompiledEngine("float64", "cpu"), graph, [one])


def test_the_words() -> None:
    assert isinstance(engine_named("pytorch", "float32", None, compiled=True), CompiledEngine)
    model = Model(image := Input((3,)), Dense(2)(image))
    model.compile("sgd", "mse", jit_compile=True)
    assert isinstance(model.engine, CompiledEngine)
    model.compile("sgd", "mse", jit_compile="auto")
    assert type(model.engine) is PyTorchEngine
    model.compile("sgd", "mse", engine="reference", jit_compile=True)
    assert model.engine.name == "reference"


def test_the_flag_goes_with_pytorch() -> None:
    assert isinstance(understand(RunConfig(data="digits", compile=True)).engine, CompiledEngine)
    with pytest.raises(UsageError, match=r"--compile goes with one process on the PyTorch engine; pass --engine pyto"):
        understand(RunConfig(data="digits", compile=True, engine="reference"))


def test_a_compiled_run_resumes_to_the_same_bits(tmp_path: Path, traced_only: list[object]) -> None:
    config = RunConfig("digits", model="FC_16", batch_size=8, epochs=2, limit=60, compile=True, no_checks=True)
    whole, stopped = RunFolder.create(tmp_path / "whole"), RunFolder.create(tmp_path / "stopped")
    start_run(config, whole, command="", console=None)
    assert traced_only
    assert start_run(config, stopped, command="", console=StopAt()).stopped
    resume_run(stopped.path, allow_different=False, console=None)
    assert stopped.model.read_bytes() == whole.model.read_bytes()
