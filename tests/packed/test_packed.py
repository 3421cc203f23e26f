"""Predictions on words of bits: every output bit is the float emulation's, whatever sizes, borders and gammas."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.engines.packed import PackedEngine, kernels
from pellucid.engines.packed.kernels import differing, side_by_side
from pellucid.engines.packed.lookup import laid_out
from pellucid.engines.packed.products import Kernel
from pellucid.engines.packed.program import program_of
from pellucid.engines.packed.thresholds import folded, scaled
from pellucid.engines.packed.words import packed, unpacked
from pellucid.engines.reading import weights_of
from pellucid.engines.reference import ReferenceEngine
from pellucid.engines.reference.arithmetic import Context, arithmetic_of
from pellucid.errors import ArgumentError, UsageError
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan
from pellucid.keys import Key
from pellucid.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    MaxPooling2D,
    QuantConv2D,
    QuantDense,
    QuantDepthwiseConv2D,
)
from pellucid.models import Sequential

ONE = {"input_quantizer": "ste_sign", "kernel_quantizer": "ste_sign"}
ALPHA = ONE | {"kernel_quantizer": "magnitude_aware_sign"}
PLAIN = ALPHA | {"use_bias": False}


def both(graph: Graph, x: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray, Any]:
    """The outputs of both engines for weights with gammas of both signs and 0, and the packed engine."""
    random = np.random.default_rng(seed)
    params, state = ReferenceEngine().init(graph, Key.of(seed))
    for key, value in (*params.items(), *state.items()):
        home = params if key in params else state
        if key.endswith("gamma"):
            home[key] = random.choice([-1.5, -0.3, 0.0, 0.7, 2.0], value.shape).astype("float32")
        elif key.endswith("moving_variance"):
            home[key] = random.uniform(0.5, 40, value.shape).astype("float32")
        elif not key.endswith("kernel"):
            home[key] = random.normal(0, 2, value.shape).astype("float32")
    engine = PackedEngine()
    found = [one.forward(graph, params, state, one.put({next(iter(graph.input_shapes)): x}), training=False).outputs
             for one in (engine, ReferenceEngine())]  # fmt: skip
    return (*(next(iter(outputs.values())) for outputs in found), engine)


def net(shape: tuple[int, ...], *layers: Any) -> Graph:
    return Sequential([Input(shape), *layers]).graph


def block(filters: int, kernel: Any = 3, *, pool: bool = False, **arguments: Any) -> list[Any]:
    """Batch norm, sign, product, and pooling where wanted."""
    product = QuantConv2D(filters, kernel, **{"padding": "same", **PLAIN, **arguments})
    return [BatchNormalization(), product, *([MaxPooling2D()] if pool else [])]


NETS = {
    "B-A-C-P": lambda: net(
        (12, 10, 3), Conv2D(70, 3), *block(64, pool=True), *block(33, pool=True), *block(65, 2), Flatten(), Dense(5)
    ),
    "strides and dilations": lambda: net(
        (19, 23, 9), *block(40, (3, 2), strides=(2, 3)), *block(20, dilation_rate=2), *block(9, 5, padding=(3, 1)),
        *block(16, padding="valid"), GlobalAveragePooling2D(),
    ),
    "biases and ReLU before batch norm": lambda: net(
        (8, 8, 16), *block(24, use_bias=True, activation="relu"), *block(24, **ONE, use_bias=True), Flatten(), Dense(3)
    ),
    "dense": lambda: net(
        (130,), BatchNormalization(), QuantDense(200, **PLAIN), BatchNormalization(), QuantDense(77, **ONE),
        BatchNormalization(), Activation("sign"), Dense(4),
    ),
    "flat in whole words": lambda: net(
        (6, 6, 8), *block(64, pool=True), BatchNormalization(), Flatten(), QuantDense(50, **PLAIN), Dense(3)
    ),
    "flat otherwise": lambda: net(
        (6, 6, 8), *block(24, pool=True), BatchNormalization(), Flatten(), QuantDense(50, **PLAIN), Dense(3)
    ),
    "norm after flat": lambda: net(
        (6, 6, 8), *block(64, pool=True), Flatten(), BatchNormalization(), QuantDense(50, **PLAIN), Dense(3)
    ),
    "what stays float": lambda: net(
        (9, 9, 4), *block(16), BatchNormalization(),
        QuantDepthwiseConv2D(3, input_quantizer="ste_sign", depthwise_quantizer="ste_sign"), *block(16, groups=2),
        *block(16, activation_scale=True), *block(8, input_quantizer=None), Flatten(), Dense(3),
    ),
    "pooling with a border": lambda: net(
        (9, 9, 8), *block(16), MaxPooling2D(3, 2, "same"), *block(16), Flatten(), Dense(2)
    ),
    "signs that turn twice": lambda: net(
        (7, 7, 8), *block(16), BatchNormalization(), Activation("abs"), *block(16), Flatten(), Dense(2)
    ),
}


@pytest.mark.parametrize("name", NETS)
def test_every_bit_is_the_emulations(name: str) -> None:
    graph = NETS[name]()
    x = np.random.default_rng(1).normal(size=(5, *next(iter(graph.input_shapes.values())))).astype("float32")
    x[0] = 0
    ours, theirs, _ = both(graph, x)
    np.testing.assert_array_equal(ours.view(np.uint32), theirs.view(np.uint32))


@pytest.mark.parametrize("rows", [1, 2, 33, 70])
@pytest.mark.parametrize(("filters", "words"), [(1, 1), (40, 2), (129, 5), (256, 19)], ids=str)
def test_tables_and_popcounts_count_what_differs(rows: int, filters: int, words: int) -> None:
    random = np.random.default_rng(rows + filters)
    a, b = (random.random((count, 64 * words)) < 0.5 for count in (rows, filters))
    a[0], b[0] = True, False                                        # every bit differs: the largest sums of bytes
    differ = (a[:, np.newaxis] != b[np.newaxis]).sum(axis=2)
    x, y = packed(a), packed(b)
    assert np.array_equal(differing(x, by_popcount(y))[:, :filters], differ)
    if kernels.has_tables():
        assert np.array_equal(differing(x, laid_out(y))[:, :filters], differ)


def by_popcount(filters: np.ndarray) -> np.ndarray:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "has_tables", lambda: False)
        return side_by_side(filters)


def test_sixteen_bits_hold_the_longest_counts_that_tables_make_and_longer_ones_are_popcounts() -> None:
    longest = kernels.MOST // 64
    for words in (longest, longest + 1):
        x, y = np.full((3, words), 2**64 - 1, np.uint64), np.zeros((2, words), np.uint64)
        filters = side_by_side(y)
        assert (differing(x, filters)[:, :2] == 64 * words).all()
        assert (filters.dtype == np.uint8) == (kernels.has_tables() and words == longest)


def test_a_network_of_popcounts_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = NETS["B-A-C-P"]()
    x = np.random.default_rng(2).normal(size=(3, 12, 10, 3)).astype("float32")
    monkeypatch.setattr(kernels, "has_tables", lambda: False)
    ours, theirs, _ = both(graph, x)
    np.testing.assert_array_equal(ours.view(np.uint32), theirs.view(np.uint32))


def test_thresholds_give_the_bits_of_batch_norm_and_sign_on_a_million_numbers() -> None:
    """gammas below 0, 0 and -0, tiny and huge ones; whole numbers, as they come out of 640 products of signs."""
    random, units = np.random.default_rng(5), 256
    graph = net((640,), BatchNormalization(), QuantDense(units, **ALPHA), BatchNormalization(), QuantDense(8, **ONE))
    params, state = ReferenceEngine().init(graph, Key.of(5))
    drawn = {"gamma": random.choice([-2.0, -1e-20, -0.0, 0.0, 1e-20, 0.5, 1e20], units),
             "beta": random.choice([-1.0, -1e-20, -0.0, 0.0, 1e-20, 3.0], units),
             "moving_mean": random.normal(0, 0.5, units), "moving_variance": random.uniform(0, 2, units)}  # fmt: skip
    weights = {**params, **state} | {f"batch_normalization_1/{name}": value.astype("float32")
                                     for name, value in drawn.items()}  # fmt: skip
    todo = plan(graph)
    (fold,) = program_of(todo).folds.values()
    between = [(step, weights_of(step, weights)) for step in fold.steps]
    kernel = Kernel.of(fold.product.spec, weights_of(fold.product, weights))
    thresholds = folded(kernel, between)
    assert thresholds is not None and len(between) == 1
    y = random.integers(-640, 641, (4096, units), np.int32)  # 1,048,576 numbers
    normed = scaled(kernel, y.astype(np.float32))
    for step, own in between:
        normed, _ = arithmetic_of(step.spec).forward(step.spec, [normed], own, Context(step, training=False))
    np.testing.assert_array_equal(unpacked(thresholds.bits_of(y).words, units), normed >= 0)
    assert {-2.0, 0.0, 0.5} <= set(drawn["gamma"]) and 0.2 < (normed >= 0).mean() < 0.8


def test_what_is_packed_and_what_is_folded() -> None:
    program = program_of(plan(NETS["B-A-C-P"]()))
    assert (len(program.words), len(program.products), len(program.folds)) == (3, 3, 2)
    assert all(fold.pool is not None for fold in program.folds.values())
    assert len(program_of(plan(NETS["what stays float"]())).products) == 1  # a scale of activations comes behind
    assert not program_of(plan(NETS["flat otherwise"]())).flats


def test_whole_networks_to_the_bit() -> None:
    shape = (16, 16, 3)
    nets = p.architectures
    for model in (nets.BinaryResNet(depth=20, input_shape=shape), nets.VGGSmall(input_shape=shape)):
        x = np.random.default_rng(2).normal(size=(2, 16, 16, 3)).astype("float32")
        ours, theirs, _ = both(model.graph, x)
        np.testing.assert_array_equal(ours.view(np.uint32), theirs.view(np.uint32))


def test_words_and_back() -> None:
    for channels in (1, 8, 63, 64, 65, 200):
        signs = np.random.default_rng(channels).random((3, 5, channels)) < 0.5
        words = packed(signs)
        assert words.dtype == np.uint64 and words.shape[-1] == -(-channels // 64)
        assert bool(words[0, 0, 0] & np.uint64(1)) == signs[0, 0, 0]
        np.testing.assert_array_equal(unpacked(words, channels), signs)


def test_other_weights_are_packed_anew() -> None:
    graph = NETS["dense"]()
    x = np.random.default_rng(3).normal(size=(4, 130)).astype("float32")
    engine = PackedEngine()
    for seed in (0, 1):
        params, state = ReferenceEngine().init(graph, Key.of(seed))
        found = [one.forward(graph, params, state, {"input": x}, training=False).outputs["output"]
                 for one in (engine, ReferenceEngine())]  # fmt: skip
        np.testing.assert_array_equal(*found)


def test_without_numba_the_same_answers_come_and_how_to_get_the_speed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    graph = NETS["B-A-C-P"]()
    x = np.random.default_rng(4).normal(size=(3, 12, 10, 3)).astype("float32")
    words, _, _ = both(graph, x)
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "pellucid.engines.packed.kernels")
    graph = NETS["B-A-C-P"]()
    for _ in range(2):
        ours, theirs, _ = both(graph, x)
        np.testing.assert_array_equal(ours.view(np.uint32), theirs.view(np.uint32))
        np.testing.assert_array_equal(ours.view(np.uint32), words.view(np.uint32))
    assert [line.count('not installed; type: pip install "pellucid[binary]"') for line in caplog.messages] == [1]


def test_layers_that_stay_with_floats_are_said_with_the_reason(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="pellucid"):
        both(NETS["what stays float"](), np.zeros((1, 9, 9, 4), np.float32))
    reasons = ["(fewer than 8 channels)", "(depthwise)", "(groups)", "(what comes in are no words of signs)"]
    assert [line.partition("floats ")[2] for line in caplog.messages] == reasons
    with caplog.at_level("INFO", logger="pellucid"):
        both(net((4,), Dense(2)), np.zeros((1, 4), np.float32))
    assert "no layer of this network multiplies signs" in caplog.messages[-1]


def test_numbers_without_a_sign_and_training_are_said() -> None:
    graph = NETS["dense"]()
    params, state = ReferenceEngine().init(graph, Key.of(0))
    x = np.full((2, 130), np.nan, np.float32)
    with pytest.raises(UsageError, match="no sign"):
        PackedEngine().forward(graph, params, state, {"input": x}, training=False)
    with pytest.raises(UsageError, match="it predicts"):
        PackedEngine().forward(graph, params, state, {"input": x}, training=True)


@pytest.mark.parametrize(("key", "number"), [
    ("quant_dense/kernel", np.nan), ("batch_normalization_1/gamma", np.nan), ("batch_normalization_1/gamma", np.inf),
], ids=str)  # fmt: skip
def test_weights_that_are_not_finite_are_not_hidden_by_thresholds(key: str, number: float) -> None:
    graph = NETS["dense"]()
    params, state = ReferenceEngine().init(graph, Key.of(0))
    params[key] = np.full_like(params[key], number)
    x = np.random.default_rng(0).normal(size=(2, 130)).astype("float32")
    for engine in (PackedEngine(), ReferenceEngine()):
        with pytest.raises(ArgumentError, match=f"{key.partition('/')[2]} must be finite"):
            engine.forward(graph, params, state, {"input": x}, training=False)
