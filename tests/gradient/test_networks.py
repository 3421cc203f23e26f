"""The walk back through whole networks: shared layers, several inputs and outputs, sub-models, frozen layers, taps."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.engines.reference import ReferenceEngine
from pellucid.graph.build import build
from pellucid.graph.graph import Graph, LayerEntry, Nested, Node
from pellucid.graph.layer import Layer
from pellucid.spec.activations import ReLU
from pellucid.spec.convolution import Conv2D
from pellucid.spec.dense import Dense
from pellucid.spec.merging import Add, Concatenate, Multiply
from pellucid.spec.moving import BatchOf
from pellucid.spec.normalization import BatchNormalization
from pellucid.spec.operations import ConstantValue, Lookup, Reduce, Unary, Variable
from pellucid.spec.pooling import GlobalAveragePooling2D, MaxPooling2D
from pellucid.spec.products import Einsum, MatMul
from pellucid.spec.reshaping import Flatten, InputLayer
from tests.gradient.checking import KEY, check_layers, draw

L = Layer.of


def shared() -> Graph:
    """One dense layer called on two inputs and once more on its own result."""
    a, b = L(InputLayer((4,)), "a")(()), L(InputLayer((4,)), "b")(())
    layer = L(Dense(4, "tanh"), "twice")
    return build([a, b], [L(Add())([layer(a), layer(layer(b))])]).graph


def branches() -> Graph:
    """A residual block with a gate: values that several steps read, each of which may write into its input."""
    x = L(InputLayer((5, 4, 3)))(())
    left = L(Conv2D(3, 3, padding="same", activation="relu"))(x)
    gate = L(Dense(3, "sigmoid"))(L(GlobalAveragePooling2D(keepdims=True))(left))
    scaled = L(Multiply())([left, gate])
    y = L(ReLU())(L(Add())([x, scaled, left]))
    return build([x], [L(Dense(2))(L(Flatten())(L(MaxPooling2D())(y)))]).graph


def several() -> Graph:
    """Two inputs, three outputs, one of them an inner value and one of them twice."""
    a, b = L(InputLayer((3,)), "a")(()), L(InputLayer((2,)), "b")(())
    both = L(Dense(4, "elu"), "inner")(L(Concatenate())([a, b]))
    return build([a, b], [L(Dense(2, "softmax"), "one")(both), both, L(Dense(3), "three")(both)]).graph


def nested() -> Graph:
    """A sub-model with two inputs and two outputs, called twice inside another network."""
    p, q = L(InputLayer((3,)), "p")(()), L(InputLayer((3,)), "q")(())
    mixed = L(Dense(3, "tanh"), "mix")(L(Add())([p, q]))
    inner = build([p, q], [mixed, L(Multiply(), "product")([mixed, q])]).graph
    layers = (LayerEntry("x", InputLayer((3,))), LayerEntry("model", Nested(inner)), LayerEntry("sum", Add()))
    nodes = (Node(0, ()), Node(1, ((0, 0), (0, 0))), Node(1, ((1, 1), (1, 0))), Node(2, ((2, 0), (2, 1), (1, 1))))
    return Graph(layers, nodes, (("input", 0),), (("output", (3, 0)),))


def frozen() -> Graph:
    """A frozen batch norm keeps its moving averages, and the gradient still passes through."""
    x = L(InputLayer((4,)))(())
    y = L(BatchNormalization(), trainable=False)(L(Dense(3))(x))
    return build([x], [L(Dense(2), trainable=False)(y)]).graph


def of_values() -> Graph:
    """Weights and constants as values: a table that is looked up, a token before each row, a product with a weight."""
    numbers, x = L(InputLayer((4,)), "numbers")(()), L(InputLayer((3, 5)), "x")(())
    table = L(Variable((2, 5)), "table")(())
    places = L(Unary("clip", (0.5, 1.5)))(numbers)
    rows = L(Lookup())([table, places])
    token = L(BatchOf())([L(Variable((1, 5)), "token")(()), x])
    joined = L(Concatenate(1))([token, x, rows])
    shifted = L(Add())([joined, L(ConstantValue(((0.5, -1.0, 2.0, 0.3, 0.1),)))(())])
    product = L(MatMul((False, True)))([shifted, L(Variable((5, 2)), "weight")(())])
    both = L(MatMul((True, True)))([L(Variable((3, 2)), "left")(()), L(Variable((2, 2)), "right")(())])
    mixed = L(Einsum("bij,kj->bik", (False, True)))([product, both])
    return build([numbers, x], [L(Reduce("mean", (1,)))(mixed)]).graph


NETWORKS = {
    "shared": shared, "branches": branches, "several": several, "nested": nested, "frozen": frozen, "values": of_values,
}  # fmt: skip


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_the_gradient_of_a_network_is_its_derivative(make) -> None:
    worst = check_layers(draw(make(), batch=3))[0]
    assert worst.error < 1e-6, worst


def test_a_gradient_counted_once_too_often_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid.engines.reference import engine

    def forgets(gradients, number, dx):
        gradients[number] = dx

    point = draw(branches(), batch=3)
    monkeypatch.setattr(engine, "add_to", forgets)
    assert check_layers(point)[0].error > 1e-2


def test_a_tap_gets_the_derivative_by_a_layers_result() -> None:
    """Cut the network at the tap: the rest, run on the tapped value as its input, has the same gradient there."""
    point = draw(branches(), batch=3)
    engine = ReferenceEngine("float64")
    run = engine.forward(point.graph, point.params, point.state, point.inputs, training=True, key=KEY, taps=("conv2d",))
    dy = np.random.default_rng(3).normal(size=run.outputs["output"].shape)
    found = engine.vjp(run, {"output": dy}, wrt=("taps",)).taps["conv2d"]

    x = L(InputLayer((5, 4, 3)), "x")(())
    left = L(InputLayer((5, 4, 3)), "left")(())
    gate = L(Dense(3, "sigmoid"), "dense")(L(GlobalAveragePooling2D(keepdims=True))(left))
    y = L(ReLU())(L(Add())([x, L(Multiply())([left, gate]), left]))
    rest = build([x, left], [L(Dense(2), "dense_1")(L(Flatten())(L(MaxPooling2D())(y)))]).graph
    params = {name: point.params[name] for name in rest.weights}
    inputs = {"x": point.inputs["input"], "left": run.taps["conv2d"]}
    cut = engine.forward(rest, params, {}, inputs, training=True, key=KEY)
    wanted = engine.vjp(cut, {"output": dy}, wrt=("inputs",)).inputs["left"]
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)


def test_two_walks_back_over_one_run_agree() -> None:
    point = draw(branches(), batch=3)
    engine = ReferenceEngine("float64")
    run = engine.forward(point.graph, point.params, point.state, point.inputs, training=True, key=KEY)
    dy = np.random.default_rng(3).normal(size=run.outputs["output"].shape)
    first = engine.vjp(run, {"output": dy}, wrt=("parameters", "inputs"))
    second = engine.vjp(run, {"output": dy}, wrt=("parameters", "inputs"))
    for name, value in {**first.parameters, **first.inputs}.items():
        np.testing.assert_array_equal(value, {**second.parameters, **second.inputs}[name])
