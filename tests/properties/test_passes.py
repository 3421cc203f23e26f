"""Passes over a graph: predictions let go what they need no more, and no pass disturbs another or its inputs."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from pellucid.engines.protocol import Objective, Term
from pellucid.engines.reference import ReferenceEngine
from pellucid.graph.build import build
from pellucid.graph.graph import Graph
from pellucid.graph.layer import Layer
from pellucid.spec.activations import LeakyReLU, Sigmoid
from pellucid.spec.convolution import Conv2D, DepthwiseConv2D
from pellucid.spec.dense import Dense
from pellucid.spec.losses import SparseCategoricalCrossentropy
from pellucid.spec.merging import Add
from pellucid.spec.normalization import BatchNormalization
from pellucid.spec.optimizers import Adam, RMSprop
from pellucid.spec.pooling import AveragePooling2D, MaxPooling2D
from pellucid.spec.reshaping import Flatten, InputLayer, ZeroPadding2D
from tests.gradient.checking import KEY, check_layers, draw

L = Layer.of
ENGINE = ReferenceEngine("float64")


def residual() -> Graph:
    """A small net with a branch, a pool and batch norm."""
    x = L(InputLayer((8, 6, 3)))(())
    left = L(LeakyReLU())(L(BatchNormalization())(L(Conv2D(3, 3, padding="same"))(x)))
    y = L(MaxPooling2D())(L(Add())([x, left]))
    return build([x], [L(Dense(4, "softmax"))(L(Flatten())(y))]).graph


def test_a_prediction_keeps_only_what_it_hands_out() -> None:
    point = draw(residual(), training=False)
    run = ENGINE.forward(point.graph, point.params, point.state, point.inputs, training=False)
    shapes = sorted(value.shape for value in run.tape.values.values())
    assert shapes == [(2, 4), (2, 4)]  # probabilities, and the logits that a fused loss reads
    assert run.tape.saved == []


def test_a_tap_of_a_prediction_is_kept_and_is_the_layers_result() -> None:
    point = draw(residual(), training=False)
    known = {tap: ENGINE.forward(point.graph, point.params, point.state, point.inputs, training=False, taps=(tap,)).taps
             for tap in ("conv2d", "add", "flatten")}
    every = ENGINE.forward(point.graph, point.params, point.state, point.inputs, training=False, taps=tuple(known)).taps
    for tap, alone in known.items():
        np.testing.assert_array_equal(every[tap], alone[tap])


def test_the_gradient_of_a_prediction_is_its_derivative() -> None:
    worst = check_layers(draw(residual(), training=False))[0]
    assert worst.error < 1e-5, worst


def test_a_prediction_has_the_same_loss_as_a_kept_pass() -> None:
    x = L(InputLayer((5,)))(())
    point = draw(build([x], [L(Dense(4, "softmax"))(L(Dense(3, "relu"))(x))]).graph)
    batch = SimpleNamespace(targets={"output": np.array([1, 3])}, weights={}, masks={})
    objective = Objective((Term("output", SparseCategoricalCrossentropy()),))
    runs = [ENGINE.forward(point.graph, point.params, {}, point.inputs, training=mode) for mode in (True, False)]
    assert ENGINE.measure(objective, runs[0], batch) == ENGINE.measure(objective, runs[1], batch)


MIDDLES = [BatchNormalization(), Sigmoid(), Conv2D(3, 2), Conv2D(3, 1)]
BEHIND_A_VIEW = {"padding": ZeroPadding2D(2), "average": AveragePooling2D(2, 1, "same"),
                 "depthwise": DepthwiseConv2D(3, padding="same"), "max": MaxPooling2D(2, 1, "same")}


@pytest.mark.parametrize("last", BEHIND_A_VIEW.values(), ids=BEHIND_A_VIEW)
@pytest.mark.parametrize("middle", MIDDLES, ids=lambda s: s.prefix)
def test_a_gradient_that_is_a_view_is_written_into_all_the_same(middle, last) -> None:
    """Cutting a border off leaves a view that is not contiguous; what runs before it must not lose its writes."""
    x = L(InputLayer((5, 4, 3)))(())
    graph = build([x], [L(last)(L(middle)(L(Conv2D(3, 1, use_bias=False))(x)))]).graph
    worst = check_layers(draw(graph, batch=3))[0]
    assert worst.error < 1e-5, worst


def test_inputs_in_any_memory_order_give_the_same_numbers_and_are_left_alone() -> None:
    point = draw(residual())
    x = point.inputs["input"]
    turned = np.asfortranarray(x)
    kept = x.copy()
    runs = [ENGINE.forward(point.graph, point.params, point.state, {"input": given}, training=True, key=KEY)
            for given in (x, turned)]
    dy = np.random.default_rng(0).normal(size=(2, 4))
    found = [ENGINE.vjp(run, {"output": dy.T.copy().T}, wrt=("parameters", "inputs")) for run in runs]
    np.testing.assert_array_equal(runs[0].outputs["output"], runs[1].outputs["output"])
    for name, value in found[0].parameters.items():
        np.testing.assert_array_equal(value, found[1].parameters[name])
    np.testing.assert_array_equal(found[0].inputs["input"], found[1].inputs["input"])
    np.testing.assert_array_equal(x, kept)
    np.testing.assert_array_equal(turned, kept)


def test_a_run_is_the_callers_own() -> None:
    """Outputs, taps and gradients of one pass stay as they are through later passes."""
    point = draw(residual())
    dy = np.random.default_rng(0).normal(size=(2, 4))

    def work():
        given = (point.graph, point.params, point.state, point.inputs)
        run = ENGINE.forward(*given, training=True, key=KEY, taps=("conv2d",))
        found = ENGINE.vjp(run, {"output": dy}, wrt=("parameters", "inputs", "taps"))
        return {**run.outputs, **run.taps, **found.parameters, **found.inputs, "d": found.taps["conv2d"]}

    first = work()
    kept = {name: value.copy() for name, value in first.items()}
    point.inputs["input"] = point.inputs["input"] * 2
    work()
    for name, value in first.items():
        np.testing.assert_array_equal(value, kept[name])


def test_predictions_in_several_threads_do_not_disturb_each_other() -> None:
    point = draw(residual(), training=False)
    batches = [np.random.default_rng(n).normal(size=(5, 8, 6, 3)) for n in range(4)]

    def predict(x: np.ndarray) -> np.ndarray:
        return ENGINE.forward(point.graph, point.params, point.state, {"input": x}, training=False).outputs["output"]

    alone = [predict(x) for x in batches]
    wrong: list[int] = []

    def work(number: int) -> None:
        for _ in range(30):
            if not np.array_equal(predict(batches[number]), alone[number]):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("rule", [Adam(0.01), RMSprop(0.01)], ids=["Adam", "RMSprop"])
def test_training_twice_gives_the_same_bits(rule) -> None:
    """A weight larger than one part of an update is among them."""
    x = L(InputLayer((8, 6, 3)))(())
    wide = L(Dense(1700, "relu"))(L(Flatten())(L(MaxPooling2D())(L(Conv2D(5, 3, activation="elu"))(x))))
    graph = build([x], [L(Dense(4, "softmax"))(wide)]).graph
    objective = Objective((Term("output", SparseCategoricalCrossentropy()),))
    images = np.random.default_rng(0).normal(size=(9, 8, 6, 3))
    batch = SimpleNamespace(targets={"output": np.arange(9) % 4}, weights={}, masks={})

    def train() -> dict[str, np.ndarray]:
        engine = ReferenceEngine()
        params, state = engine.init(graph, KEY)
        slots = engine.slots(rule, params)
        for step in range(5):
            run = engine.forward(graph, params, state, {"input": images}, training=True, key=KEY.fold(step))
            _, found = engine.grad(objective, run, batch, wrt=("parameters",))
            params, slots = engine.update(rule, params, found.parameters, slots, step, rate=0.01)
        return params

    first, second = train(), train()
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)


def test_a_large_weight_moves_like_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """An update a part at a time gives the bits of an update at once."""
    from pellucid.engines.reference import optimizers

    random = np.random.default_rng(0)
    assert 3 * optimizers.PART < 300 * 801
    w, g = random.normal(size=(300, 801)).astype("f"), random.normal(size=(300, 801)).astype("f")
    found = []
    for part in (optimizers.PART, 1 << 30):
        monkeypatch.setattr(optimizers, "PART", part)
        params = {"w": w.copy()}
        slots = ReferenceEngine().slots(Adam(amsgrad=True), params)
        for step in range(3):
            ReferenceEngine().update(Adam(amsgrad=True), params, {"w": g * (step + 1)}, slots, step, rate=0.1)
        found.append(params["w"].tobytes())
    assert found[0] == found[1]
