"""Each layer equals Keras's own from the same weights: output, and the gradients of inputs and weights."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from pellucid.engines.reference import ReferenceEngine
from pellucid.spec.activations import Activation, LeakyReLU
from pellucid.spec.convolution import Conv2D
from pellucid.spec.dense import Dense
from pellucid.spec.normalization import BatchNormalization
from pellucid.spec.pooling import GlobalAveragePooling2D
from tests.gradient.cases import CASES, Case
from tests.gradient.checking import KEY, draw, network
from tests.parity_keras.bridge import TOLERANCE, assert_same, keras, keras_layer, numbers, tensor
from tests.parity_keras.on_jax import KEPT, POOLED, inputs_of, pooled

ROUNDED = (Dense, GlobalAveragePooling2D, BatchNormalization)  # Keras computes these in float32, whatever is asked for
SIXTH = Activation("hard_sigmoid")  # PyTorch's way back has a sixth in float32
SHARED = [case for case in CASES if case.keras and case not in POOLED]


def compare(case: Case, dtype: str) -> None:
    """Forward and backward on both sides; raises AssertionError that names the tensor."""
    point = draw(network(case.spec, *case.shapes), training=case.training)
    engine = ReferenceEngine(dtype)
    params, state, inputs = engine.put(point.params), engine.put(point.state), list(engine.put(point.inputs).values())
    run = engine.forward(point.graph, params, state, dict(zip(point.inputs, inputs, strict=True)),
                         training=case.training, key=KEY)
    dy = np.random.default_rng(2).normal(size=run.outputs["output"].shape).astype(dtype)
    found = engine.vjp(run, {"output": dy}, wrt=("parameters", "inputs"))

    layer = keras_layer(case.spec, dtype)
    given = [tensor(x, wants_gradient=True) for x in inputs]
    entry = given if len(given) > 1 else given[0]
    layer.build([x.shape for x in given] if len(given) > 1 else given[0].shape)
    layer.set_weights([(params | state)[name] for name in point.graph.weights])
    modes = {"training": case.training} if isinstance(case.spec, BatchNormalization) else {}
    y = layer(entry, **modes)
    limit = TOLERANCE["float32"] if isinstance(case.spec, ROUNDED) or case.spec == SIXTH else None
    assert_same("y", run.outputs["output"], numbers(y), dtype, limit)
    y.backward(tensor(dy))
    for name, ours, theirs in zip(point.inputs, found.inputs.values(), given, strict=True):
        assert_same(f"d{name}", ours, numbers(theirs.grad), dtype, limit)
    trained = [name for name, weight in point.graph.weights.items() if weight.trainable]
    for name, theirs in zip(trained, layer.trainable_weights, strict=True):
        assert_same(f"d{name}", found.parameters[name], numbers(theirs.value.grad), dtype, limit)
    for name, value in run.state.items():
        theirs = next(weight for weight in layer.weights if name.endswith("/" + weight.name))
        assert_same(name, value, numbers(theirs), dtype, limit)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", SHARED, ids=str)
def test_a_layer_is_keras_own(case: Case, dtype: str) -> None:
    compare(case, dtype)


def test_a_wrong_kernel_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.parity_keras import test_layers

    case = Case(Conv2D(4, (3, 2)))
    right = test_layers.keras_layer
    other = Conv2D(4, (3, 2), activation="relu")
    monkeypatch.setattr(test_layers, "keras_layer", lambda spec, dtype: right(other, dtype))
    with pytest.raises(AssertionError, match=r"y\[.*\]: ours .*, Keras"):
        test_layers.compare(case, "float64")


def test_the_two_defaults_of_leaky_relu() -> None:
    x = np.array([[-1.0, 2.0]])
    for spec, low in ((LeakyReLU(), -0.3), (Activation("leaky_relu"), -0.2)):
        run = ReferenceEngine("float64").forward(network(spec, (2,)), {}, {}, {"input": x}, training=False)
        np.testing.assert_allclose(run.outputs["output"], [[low, 2.0]], rtol=1e-15)
        np.testing.assert_allclose(numbers(keras_layer(spec, "float64")(tensor(x))), [[low, 2.0]], rtol=1e-7)


@pytest.mark.parametrize("case", POOLED, ids=str)
def test_average_pooling_with_same_padding_is_keras_own_on_jax(case: Case) -> None:
    """Keras's torch backend repeats the border pixel here; its other backends leave padding out, and so do we."""
    with np.load(KEPT) as kept:
        theirs = kept[str(case)]
    engine, graph = ReferenceEngine("float32"), network(case.spec, *case.shapes)
    ours = engine.forward(graph, {}, {}, inputs_of(case), training=False).outputs["output"]
    assert_same("y", ours, theirs, "float32")
    if find_spec("jax") is not None:
        np.testing.assert_allclose(pooled(case), theirs, rtol=1e-6)


def test_moving_averages_follow_keras_over_many_steps() -> None:
    graph = network(BatchNormalization(momentum=0.9), (4, 3, 5))
    engine = ReferenceEngine("float64")
    params, state = engine.init(graph, KEY)
    layer = keras_layer(BatchNormalization(momentum=0.9), "float64")
    layer.build((None, 4, 3, 5))
    random = np.random.default_rng(1)
    for _ in range(20):
        x = random.normal(3, 2, (6, 4, 3, 5))
        state = engine.forward(graph, params, state, {"input": x}, training=True, key=KEY).state
        layer(tensor(x), training=True)
    for name in ("moving_mean", "moving_variance"):
        theirs = numbers(getattr(layer, name))
        assert_same(name, state[f"batch_normalization/{name}"], theirs, "float64", TOLERANCE["float32"])


def test_get_weights_of_branches_come_in_keras_order() -> None:
    """Names and shapes, layer by layer, of a net whose layers were made in another order than they are used."""
    from pellucid.graph.build import build
    from pellucid.graph.layer import Layer
    from pellucid.spec.merging import Add, Concatenate
    from pellucid.spec.pooling import GlobalAveragePooling2D, MaxPooling2D
    from pellucid.spec.reshaping import InputLayer

    def wire(make, entry):
        """The same calls on both sides; unequal widths tell the layers apart."""
        last = make(Dense(11), "last")
        deep = [make(Conv2D(4, 3, padding="same"), f"deep{n}") for n in range(3)]
        a, b = entry((8, 6, 2), "a"), entry((8, 6, 3), "b")
        short = make(Conv2D(4, 1), "short")(b)
        norm = make(BatchNormalization(), "norm")
        long = deep[2](norm(deep[0](a)))
        pool = make(MaxPooling2D(2), "pool")
        side = make(Dense(5), "side")(make(GlobalAveragePooling2D(), "gap1")(pool(deep[1](short))))
        joined = make(Add(), "sum")([long, short])
        main = make(Dense(7), "main")(make(GlobalAveragePooling2D(), "gap2")(joined))
        y = last(make(Concatenate(), "both")([side, main]))
        return [a, b], [y, make(Dense(2), "extra")(side)]

    ours = build(*wire(lambda spec, name: Layer.of(spec, name), lambda s, n: Layer.of(InputLayer(s), n)(()))).graph
    inputs, outputs = wire(lambda spec, name: keras_layer(spec, name=name), lambda s, n: keras.Input(s, name=n))
    model = keras.Model(inputs, outputs)
    assert [entry.name for entry in ours.layers] == [layer.name for layer in model.layers]
    assert [weight.shape for weight in ours.weights.values()] == [tuple(weight.shape) for weight in model.weights]
