"""Identities of the sources: two ways to write one function give the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.engines.reference import ReferenceEngine
from pellucid.graph.build import build
from pellucid.graph.graph import Graph
from pellucid.graph.layer import Layer
from pellucid.graph.summary import summarize
from pellucid.spec.convolution import Conv2D
from pellucid.spec.dense import Dense
from pellucid.spec.layer import LayerSpec
from pellucid.spec.merging import Concatenate
from pellucid.spec.normalization import BatchNormalization
from pellucid.spec.pooling import MaxPooling2D
from pellucid.spec.reshaping import Flatten, InputLayer

L = Layer.of
ENGINE = ReferenceEngine("float64")
random = np.random.default_rng(8)


def chain(shape: tuple[int | None, ...], *specs: LayerSpec) -> Graph:
    """The layers one after another."""
    first = tensor = L(InputLayer(shape))(())
    for spec in specs:
        tensor = L(spec)(tensor)
    return build([first], [tensor]).graph


def run(graph: Graph, params: dict[str, np.ndarray], x: np.ndarray, training: bool = False) -> np.ndarray:
    state = {name: np.zeros(weight.shape) for name, weight in graph.weights.items() if "moving" in name}
    return ENGINE.forward(graph, params, state, {"input": x}, training=training).outputs["output"]


def test_dense_is_a_full_map_convolution_and_a_1x1_convolution() -> None:
    kernel, bias = random.normal(size=(5 * 4 * 3, 7)), random.normal(size=7)
    x = random.normal(size=(2, 5, 4, 3))
    dense = run(chain((5, 4, 3), Flatten(), Dense(7)), {"dense/kernel": kernel, "dense/bias": bias}, x)
    whole = {"conv2d/kernel": kernel.reshape(5, 4, 3, 7), "conv2d/bias": bias}
    full_map = run(chain((5, 4, 3), Conv2D(7, (5, 4))), whole, x)
    point = {"conv2d/kernel": kernel.reshape(1, 1, 60, 7), "conv2d/bias": bias}
    one_by_one = run(chain((1, 1, 60), Conv2D(7, 1)), point, x.reshape(2, 1, 1, 60))
    np.testing.assert_allclose(full_map[:, 0, 0], dense, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(one_by_one[:, 0, 0], dense, rtol=1e-12, atol=1e-13)


def test_a_dense_head_slides_over_a_larger_image() -> None:
    """A net for 10x10 whose head is written as convolutions gives, on 14x16, the answers for every crop it jumps to."""
    trunk = (Conv2D(4, 3, activation="relu"), MaxPooling2D())  # 10 -> 8 -> 4; each step of the head is 2 pixels
    weights = {"conv2d/kernel": random.normal(size=(3, 3, 2, 4)), "conv2d/bias": random.normal(size=4)}
    first, second = random.normal(size=(4 * 4 * 4, 6)), random.normal(size=(6, 3))
    small = chain((10, 10, 2), *trunk, Flatten(), Dense(6, "relu"), Dense(3))
    dense = weights | {"dense/kernel": first, "dense/bias": np.full(6, 0.1)}
    dense |= {"dense_1/kernel": second, "dense_1/bias": np.full(3, 0.2)}
    large = chain((None, None, 2), *trunk, Conv2D(6, 4, activation="relu"), Conv2D(3, 1))
    sliding = weights | {"conv2d_1/kernel": first.reshape(4, 4, 4, 6), "conv2d_1/bias": np.full(6, 0.1)}
    sliding |= {"conv2d_2/kernel": second.reshape(1, 1, 6, 3), "conv2d_2/bias": np.full(3, 0.2)}
    image = random.normal(size=(1, 14, 16, 2))
    answers = run(large, sliding, image)
    assert answers.shape == (1, 3, 4, 3)
    for row in range(3):
        for column in range(4):
            crop = image[:, 2 * row : 2 * row + 10, 2 * column : 2 * column + 10]
            np.testing.assert_allclose(answers[:, row, column], run(small, dense, crop), rtol=1e-12, atol=1e-12)


STACKS = {"3x3x3": [Conv2D(1, 3, padding="same")] * 3, "7x7": [Conv2D(1, 7, padding="same")]}


@pytest.mark.parametrize("specs", STACKS.values(), ids=STACKS)
def test_three_3x3_see_what_one_7x7_sees(specs: list[LayerSpec]) -> None:
    """By the summary, and by an impulse: with kernels of ones a bright pixel lights up just the outputs that see it."""
    graph = chain((11, 13, 1), *specs)
    assert summarize(graph).receptive_field == (7, 7)
    params = {name: np.ones(weight.shape) * name.endswith("kernel") for name, weight in graph.weights.items()}
    x = np.zeros((1, 11, 13, 1))
    x[0, 5, 6, 0] = 1.0
    rows, columns = np.nonzero(run(graph, params, x)[0, :, :, 0])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (2, 8, 3, 9)
    assert len(rows) == 49


def test_three_3x3_cost_27_weights_where_one_7x7_costs_49() -> None:
    stack = chain((11, 13, 1), *[Conv2D(1, 3, use_bias=False)] * 3)
    assert summarize(stack).total == 27
    assert summarize(chain((11, 13, 1), Conv2D(1, 7, use_bias=False))).total == 49


@pytest.mark.parametrize("scale", [0.01, 30.0])
def test_batch_norm_does_not_see_the_scale_of_the_weights_before_it(scale: float) -> None:
    """BN(a W x) = BN(W x), and the gradient by W shrinks by 1 / a (Ioffe & Szegedy 2015, section 3.3)."""
    graph = chain((6, 5, 2), Conv2D(3, 3, use_bias=False), BatchNormalization(epsilon=1e-14))
    kernel, x = random.normal(size=(3, 3, 2, 3)), random.normal(size=(4, 6, 5, 2))
    norm = {"batch_normalization/gamma": random.normal(size=3), "batch_normalization/beta": random.normal(size=3)}
    state = {name: np.zeros(3) for name in graph.weights if "moving" in name}
    dy = random.normal(size=(4, 4, 3, 3))
    found = []
    for factor in (1.0, scale):
        params = norm | {"conv2d/kernel": factor * kernel}
        result = ENGINE.forward(graph, params, state, {"input": x}, training=True)
        gradients = ENGINE.vjp(result, {"output": dy}, wrt=("parameters",)).parameters
        found.append((result.outputs["output"], factor * gradients["conv2d/kernel"]))
    np.testing.assert_allclose(found[1][0], found[0][0], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(found[1][1], found[0][1], rtol=1e-8, atol=1e-8)


def test_an_inception_block_has_163328_weights_where_a_plain_3x3_has_442368() -> None:
    """GoogLeNet's first block on 28x28x192: 64 + 128 + 32 + 32 channels (Szegedy et al. 2015, table 1, 3a)."""

    def conv(filters: int, size: int, tensor):
        return L(Conv2D(filters, size, padding="same", use_bias=False))(tensor)

    x = L(InputLayer((28, 28, 192)))(())
    pooled = L(MaxPooling2D(3, 1, "same"))(x)
    parts = [conv(64, 1, x), conv(128, 3, conv(96, 1, x)), conv(32, 5, conv(16, 1, x)), conv(32, 1, pooled)]
    block = build([x], [L(Concatenate())(parts)]).graph
    assert block.output_shapes["output"] == (28, 28, 256)
    assert summarize(block).total == 163_328
    assert summarize(chain((28, 28, 192), Conv2D(256, 3, use_bias=False))).total == 442_368
