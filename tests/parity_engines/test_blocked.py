"""Maps in oneDNN's blocks: the numbers of channels-last maps, only where it pays, and no NaN hidden."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch

import pellucid.architectures as architectures
from pellucid.engines.protocol import Objective, Term
from pellucid.engines.pytorch.blocked import ON_BLOCKS, can_block
from pellucid.engines.pytorch.engine import PyTorchEngine
from pellucid.engines.pytorch.order import order_of
from pellucid.engines.pytorch.regions import SAVED
from pellucid.graph.build import build
from pellucid.graph.graph import Graph
from pellucid.graph.layer import Layer
from pellucid.graph.plan import plan
from pellucid.keys import Key
from pellucid.spec.activations import LeakyReLU, ReLU
from pellucid.spec.convolution import Conv2D
from pellucid.spec.dense import Dense
from pellucid.spec.losses import MeanSquaredError
from pellucid.spec.merging import Add
from pellucid.spec.normalization import BatchNormalization
from pellucid.spec.pooling import GlobalAveragePooling2D, MaxPooling2D
from pellucid.spec.reshaping import Flatten, InputLayer, ZeroPadding2D
from tests.gradient.checking import KEY, Point
from tests.gradient.test_losses import batch_of
from tests.parity_engines.comparing import assert_same, passes

L = Layer.of
SHAPE = (12, 11, 3)
LIMIT = 1e-5  # of the largest value, in float32
PRECISIONS = ["float32", *(["bfloat16"] if torch.ops.mkldnn._is_mkldnn_bf16_supported() else [])]


def plain_net() -> Graph:
    """Convolutions with all that works in blocks, one after another."""
    x = value = L(InputLayer(SHAPE), "input")(())
    for spec in (conv(32, 3, padding="same"), BatchNormalization(), ReLU(), MaxPooling2D(3, 2, (1, 0)),
                 conv(16, 3, 2, (1, 0)), BatchNormalization(momentum=0.7), ReLU(), MaxPooling2D(2),
                 Conv2D(32, 1), ReLU(), Flatten(), Dense(3)):  # fmt: skip
        value = L(spec)(value)
    return build([x], [value]).graph


def residual_net() -> Graph:
    """Ways that meet, and zeros that are put around a map by themselves."""
    x = L(InputLayer(SHAPE), "input")(())
    met = L(ReLU())(L(BatchNormalization())(L(conv(32, 3))(x)))
    for number in range(6):
        way = L(ReLU(), f"narrow{number}")(L(BatchNormalization())(L(conv(16, 1))(met)))
        way = L(BatchNormalization())(L(conv(32, 3, padding="same"))(way))
        met = L(ReLU())(L(Add())([met, way]))
    narrow = L(ReLU())(L(BatchNormalization())(L(conv(16, 3))(L(ZeroPadding2D(((0, 1), (0, 1))))(met))))
    return build([x], [L(Dense(3))(L(GlobalAveragePooling2D())(narrow))]).graph


conv = partial(Conv2D, use_bias=False)  # before batch norm, where a bias has no gradient but rounding
NETS: list[Callable[[], Graph]] = [plain_net, residual_net]


def point_of(graph: Graph) -> Point:
    random = np.random.default_rng(0)
    engine = PyTorchEngine("float64", "cpu")
    params, state = (engine.get(part) for part in engine.init(graph, Key.of(0)))
    return Point(graph, params, state, {"input": random.normal(size=(6, *SHAPE))})


def engine_with(blocks: bool, precision: str = "float32") -> PyTorchEngine:
    engine = PyTorchEngine(precision, "cpu")
    engine.blocks = blocks
    return engine


def blocked_kinds(graph: Graph) -> list[str]:
    order = order_of(plan(graph), frozenset())
    return [type(step.spec).__name__ for step in order.steps if step.output in order.blocked]


@pytest.mark.parametrize("net", NETS)
def test_the_numbers_are_those_of_channels_last_maps(net: Callable[[], Graph]) -> None:
    point = point_of(net())
    assert {"Conv2D", "BatchNormalization", "ReLU"} <= set(blocked_kinds(point.graph))
    ours, theirs = (passes(engine_with(blocks), point) for blocks in (True, False))
    for where in ours:
        assert_same(where, ours[where], theirs[where], LIMIT)


@pytest.mark.skipif(not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="a processor without bfloat16 in oneDNN")
@pytest.mark.parametrize("net", NETS)
def test_in_bfloat16_they_are_no_further_from_the_exact_ones(net: Callable[[], Graph]) -> None:
    point = point_of(net())
    exact = passes(engine_with(False, "float64"), point)
    ours, theirs = (passes(engine_with(blocks, "bfloat16"), point) for blocks in (True, False))
    for where in exact:
        for name, value in exact[where].items():
            off, usual = (np.linalg.norm(found[where][name] - value) for found in (ours, theirs))
            assert off <= 1.5 * usual + 1e-3 * np.linalg.norm(value), f"{where} {name}: {off:.3g}, {usual:.3g}"


def test_each_kind_that_saves_something_has_arithmetic_and_is_met_here() -> None:
    assert set(ON_BLOCKS) == set(SAVED)
    assert {kind for net in NETS for kind in blocked_kinds(net())} == {kind.__name__ for kind in SAVED}


def test_where_it_pays() -> None:
    kinds = blocked_kinds(architectures.VGG16(weights=None, input_shape=(64, 64, 3)).graph)
    assert kinds.count("Conv2D") == 13 and kinds.count("MaxPooling2D") == 5
    kinds = blocked_kinds(architectures.ResNet50(weights=None, input_shape=(224, 224, 3)).graph)
    assert kinds.count("Conv2D") == kinds.count("BatchNormalization") == 53 and kinds.count("MaxPooling2D") == 1
    assert "MaxPooling2D" in blocked_kinds(architectures.FruitsCNN().graph)


@pytest.mark.parametrize("name", ["LeNet5", "Cifar10CNN", "ClothesMLP", "MobileNetV2", "GoogLeNet"])
def test_where_it_does_not(name: str) -> None:
    assert blocked_kinds(getattr(architectures, name)(weights=None).graph) == []


def test_what_blocks_cannot_hold_stays_as_it_is() -> None:
    def kinds(*specs: object, frozen: int | None = None) -> list[str]:
        x = value = L(InputLayer((32, 32, 16)), "input")(())
        for place, spec in enumerate((*specs, Flatten(), Dense(2))):
            layer = L(spec)  # type: ignore[arg-type]
            layer.trainable = place != frozen
            value = layer(value)
        return blocked_kinds(build([x], [value]).graph)

    twice = (Conv2D(64, 3), BatchNormalization()) * 8
    small = (MaxPooling2D(4), Conv2D(16, 1))
    assert len(kinds(*twice, *small)) == 18
    assert kinds(*(Conv2D(72, 3), BatchNormalization()) * 8, *small) == []  # channels that fill no block
    assert kinds(*(Conv2D(64, 3, groups=16), BatchNormalization()) * 8, *small) == []
    assert kinds(*(Conv2D(64, 3), LeakyReLU()) * 8, *small) == []
    assert len(kinds(*twice, BatchNormalization(scale=False), *small)) < 18
    assert len(kinds(*twice, *small, frozen=15)) == 15  # moving statistics have no way back in blocks
    assert len(kinds(*twice, *small, frozen=14)) == 14  # no gradient to tell of NaN
    assert len(kinds(*twice, Conv2D(64, 4, 1, "same"), BatchNormalization(), *small)) == 16  # uneven padding
    assert len(kinds(*twice, MaxPooling2D(3, 2, "same"), *small)) == 16


def test_a_map_of_unknown_size_is_not_kept_in_blocks() -> None:
    graph = architectures.VGG16(weights=None, include_top=False, input_shape=(None, None, 3)).graph
    assert blocked_kinds(graph) == []


def test_a_value_that_somebody_looks_at_is_not_opaque() -> None:
    point = point_of(residual_net())
    found = []
    for blocks in (True, False):
        engine = engine_with(blocks)
        given = [engine.put(part) for part in (point.params, point.state, point.inputs)]
        run = engine.forward(point.graph, *given, training=True, key=KEY, taps=("narrow2",))
        assert bool(run.tape.blocked) == blocks
        seeds = engine.put({"narrow2": np.random.default_rng(1).normal(size=run.taps["narrow2"].shape)})
        backward = engine.vjp(run, seeds, wrt=("inputs",)).inputs
        seeds = engine.put({"output": np.random.default_rng(2).normal(size=(6, 3))})
        way_back = engine.vjp(run, seeds, wrt=("taps",)).taps["narrow2"]
        found.append(engine.get({**run.taps, **backward, "way back": way_back}))
    assert_same("tap", *found, LIMIT)


def loss_of(engine: PyTorchEngine, point: Point, x: np.ndarray) -> tuple[float, dict[str, np.ndarray], bool]:
    """The loss, the gradients and whether the pass was kept in blocks to the end."""
    params, state, inputs = (engine.put(part) for part in (point.params, point.state, {"input": x}))
    run = engine.forward(point.graph, params, state, inputs, training=True, key=KEY)
    objective = Objective((Term("output", MeanSquaredError()),))
    batch = batch_of(np.zeros((len(x), 3)), False, False, np.random.default_rng(0))
    sums, found = engine.grad(objective, run, batch, wrt=("parameters",))
    outputs = engine.get(run.outputs)
    arrays = {**engine.get(found.parameters), **outputs, **engine.get(run.state)}
    return sums["loss:output"][0], arrays, bool(run.tape.blocked)


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_number_that_is_not_finite_is_not_hidden(net: Callable[[], Graph], value: float, precision: str) -> None:
    point = point_of(net())
    x = np.random.default_rng(3).normal(size=(4, *SHAPE))
    loss, _, kept = loss_of(engine_with(True, precision), point, x)
    assert np.isfinite(loss) and kept
    x[2, 5, 5, 1] = value
    loss, ours, kept = loss_of(engine_with(True, precision), point, x)
    expected, theirs, _ = loss_of(engine_with(False, precision), point, x)
    assert np.isnan(loss) and np.isnan(expected) and not kept
    assert set(ours) == set(theirs)
    for name, array in ours.items():  # the plain pass itself, to the last bit
        np.testing.assert_array_equal(array, theirs[name])


def test_prediction_and_an_empty_share_of_a_batch_do_without() -> None:
    engine, point = engine_with(True), point_of(plain_net())
    params, state = engine.put(point.params), engine.put(point.state)
    run = engine.forward(point.graph, params, state, engine.put(point.inputs), training=False)
    assert not run.tape.blocked
    run = engine.forward(point.graph, params, state, {"input": torch.zeros(0, *SHAPE)}, training=True, key=KEY)
    assert not run.tape.blocked and run.outputs["output"].shape == (0, 3)


def test_only_where_it_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    assert not can_block(cpu, torch.float64) and not can_block(torch.device("cuda"), torch.float32)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    assert can_block(cpu, torch.float32) == torch.backends.mkldnn.is_available()
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    assert not can_block(cpu, torch.float32)
