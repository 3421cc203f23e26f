"""Pooling first and zeros taken in: the same numbers, to the last bit, and only where nobody sees the difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from pellucid.engines.pytorch import order
from pellucid.engines.pytorch.engine import PyTorchEngine
from pellucid.graph.build import build
from pellucid.graph.graph import Graph
from pellucid.graph.layer import Layer
from pellucid.graph.plan import plan
from pellucid.spec.activations import ELU, LeakyReLU, ReLU
from pellucid.spec.convolution import Conv2D
from pellucid.spec.layer import LayerSpec
from pellucid.spec.merging import Add
from pellucid.spec.normalization import BatchNormalization
from pellucid.spec.pooling import AveragePooling2D, MaxPooling2D
from pellucid.spec.reshaping import Flatten, InputLayer, ZeroPadding2D
from tests.gradient.checking import KEY, Point
from tests.parity_engines.comparing import compare_passes

L = Layer.of
SHAPE = (7, 6, 3)


def chain(*specs: LayerSpec) -> Graph:
    """Layers one after the other."""
    x = value = L(InputLayer(SHAPE), "input")(())
    for spec in specs:
        value = L(spec)(value)
    return build([x], [value]).graph


def names(graph: Graph, shown: Sequence[int] = ()) -> list[str]:
    return [type(step.spec).__name__ for step in order.in_order(plan(graph), set(shown))]


def tied_inputs() -> np.ndarray:
    """Few different numbers, so that most windows have equals, above zero, below and at zero."""
    return np.random.default_rng(0).integers(-3, 3, (4, *SHAPE)).astype(float)


@pytest.mark.parametrize("pool", [MaxPooling2D(2), MaxPooling2D(3, 2, "same"), MaxPooling2D((2, 3), 1)], ids=repr)
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_pooled_first_the_numbers_are_the_same(pool: MaxPooling2D, precision: str) -> None:
    graph = chain(ReLU(), pool, BatchNormalization(), ReLU(), MaxPooling2D(2), Flatten())
    assert names(graph)[:2] == ["MaxPooling2D", "ReLU"] and names(graph)[3:5] == ["MaxPooling2D", "ReLU"]
    weights = {key: np.ones(weight.shape) for key, weight in graph.weights.items()}
    state = {key: weights.pop(key) for key in list(weights) if "moving" in key}
    compare_passes(Point(graph, weights, state, {"input": tied_inputs()}), precision)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_both_orders_end_in_the_same_bits(precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def passes() -> list[np.ndarray]:
        engine, graph = PyTorchEngine(precision, "cpu"), chain(ReLU(), MaxPooling2D(2, 2, "same"))
        run = engine.forward(graph, {}, {}, engine.put({"input": tied_inputs()}), training=True, key=KEY)
        (shape,) = (y.shape for y in run.outputs.values())
        seeds = engine.put({name: np.random.default_rng(1).normal(size=shape) for name in run.outputs})
        found = engine.vjp(run, seeds, wrt=("inputs",))
        return [*engine.get(run.outputs).values(), *engine.get(found.inputs).values()]

    first = passes()
    monkeypatch.setattr(order, "in_order", lambda todo, tapped: todo.steps)
    for ours, theirs in zip(first, passes(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("zeros", [1, (2, 1), ((1, 1), (0, 0))], ids=repr)
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_zeros_around_a_relu_become_the_poolings_own(zeros: Any, precision: str) -> None:
    graph = chain(ReLU(), ZeroPadding2D(zeros), MaxPooling2D(3, 2), Flatten())
    first, second, _ = order.in_order(plan(graph), set())
    assert isinstance(first.spec, MaxPooling2D) and first.spec.padding != "valid" and isinstance(second.spec, ReLU)
    compare_passes(Point(graph, {}, {}, {"input": tied_inputs()}), precision)


@pytest.mark.parametrize("zeros", [1, (2, 0), ((3, 3), (1, 1))], ids=repr)
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_zeros_before_a_convolution_become_its_own(zeros: Any, precision: str) -> None:
    graph = chain(ZeroPadding2D(zeros), Conv2D(4, 3, 2), ZeroPadding2D(1), Conv2D(2, 3, 1, "same"))
    assert names(graph) == ["Conv2D", "ZeroPadding2D", "Conv2D"]
    weights = {key: np.random.default_rng(1).normal(size=weight.shape) for key, weight in graph.weights.items()}
    compare_passes(Point(graph, weights, {}, {"input": tied_inputs()}), precision)


def test_zeros_that_somebody_looks_at_stay_where_they_are() -> None:
    x = L(InputLayer(SHAPE), "input")(())
    zeros = L(ZeroPadding2D(1), "zeros")(L(ELU())(x))
    graph = build([x], [L(Conv2D(4, 3))(zeros)]).graph
    assert names(graph) == ["ELU", "Conv2D"]
    assert names(graph, [plan(graph).layers["zeros"]]) == ["ELU", "ZeroPadding2D", "Conv2D"]
    assert names(chain(ELU(), ZeroPadding2D(1), MaxPooling2D(3, 2)))[1] == "ZeroPadding2D"  # zero may be the largest
    pooled = chain(ReLU(), ZeroPadding2D(1), MaxPooling2D(3, 2))
    assert names(pooled, [plan(pooled).layers["re_lu"]]) == ["ReLU", "ZeroPadding2D", "MaxPooling2D"]


@pytest.mark.parametrize(
    ("zeros", "pool"),
    [
        (((0, 1), (0, 1)), MaxPooling2D(3, 2)),  # more on one side
        (2, MaxPooling2D(2, 2)),  # windows of zeros alone
        (1, MaxPooling2D(3, 2, "same")),
        (1, AveragePooling2D(3, 2)),
    ],
    ids=repr,
)
def test_other_zeros_stay_where_they_are(zeros: Any, pool: LayerSpec) -> None:
    graph = chain(ReLU(), ZeroPadding2D(zeros), pool)
    assert names(graph)[:2] == ["ReLU", "ZeroPadding2D"]
    compare_passes(Point(graph, {}, {}, {"input": tied_inputs()}), "float64")


@pytest.mark.parametrize("spec", [LeakyReLU(0.1), ReLU(6.0), ReLU(threshold=1.0), ELU()], ids=repr)
def test_other_activations_stay_where_they_are(spec: LayerSpec) -> None:
    assert names(chain(spec, MaxPooling2D(2)))[-1] == "MaxPooling2D"
    assert names(chain(ReLU(), AveragePooling2D(2)))[-1] == "AveragePooling2D"


def test_a_relu_that_somebody_looks_at_stays_where_it_is() -> None:
    x = L(InputLayer(SHAPE), "input")(())
    seen = L(ReLU(), "seen")(x)
    pooled = L(MaxPooling2D(1), "pooled")(seen)
    as_output = build([x], [pooled, seen]).graph
    twice = build([x], [L(Add())([pooled, seen])]).graph
    alone = build([x], [pooled]).graph
    assert names(as_output) == names(twice)[:2] == ["ReLU", "MaxPooling2D"]
    assert names(alone) == ["MaxPooling2D", "ReLU"]
    assert names(alone, [plan(alone).layers["seen"]]) == ["ReLU", "MaxPooling2D"]


def test_a_tap_shows_the_map_before_it_is_pooled() -> None:
    engine, graph, x = PyTorchEngine("float64", "cpu"), chain(ReLU(), MaxPooling2D(2)), tied_inputs()
    given = (graph, {}, {}, engine.put({"input": x}))
    run = engine.forward(*given, training=False, taps=("re_lu", "max_pooling2d"))
    np.testing.assert_array_equal(engine.get(run.taps)["re_lu"], np.maximum(x, 0))
    plain = engine.forward(*given, training=False)
    np.testing.assert_array_equal(engine.get(plain.outputs)["output"], engine.get(run.taps)["max_pooling2d"])
