"""Whatever the sizes, strides, paddings, dilations and groups: the engine equals the loops, forwards and backwards."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pellucid.engines.reference import ReferenceEngine
from pellucid.errors import ShapeError
from pellucid.graph.graph import Graph
from pellucid.spec.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D
from pellucid.spec.layer import LayerSpec
from pellucid.spec.pooling import AveragePooling2D, MaxPooling2D
from pellucid.spec.shapes import paddings
from tests.gradient.checking import network
from tests.properties import loops

ENGINE = ReferenceEngine("float64")
TRIES = settings(max_examples=80, deadline=None, derandomize=True)
sizes = st.tuples(st.integers(1, 8), st.integers(1, 8))
kernels = st.tuples(st.integers(1, 4), st.integers(1, 4))
strides = st.tuples(st.integers(1, 3), st.integers(1, 3))
padding = st.one_of(st.sampled_from(["valid", "same"]), st.tuples(st.integers(0, 3), st.integers(0, 3)))
# window matrices are laid out by the number of channels, so it reaches both sides of every threshold
channels = st.sampled_from([1, 2, 3, 7, 8, 9, 12])


def make(spec: LayerSpec, *shape: int) -> Graph:
    """The layer on a map, unless it does not fit."""
    try:
        return network(spec, shape)
    except ShapeError:
        assume(False)
        raise


def both_ways(graph: Graph, seed: int):
    """x, weights, y, dy and the gradients, on random numbers."""
    random = np.random.default_rng(seed)
    params = {name: random.normal(size=weight.shape) for name, weight in graph.weights.items()}
    x = random.normal(size=(2, *graph.input_shapes["input"]))
    run = ENGINE.forward(graph, params, {}, {"input": x}, training=True)
    dy = random.normal(size=run.outputs["output"].shape)
    found = ENGINE.vjp(run, {"output": dy}, wrt=("parameters", "inputs"))
    short = {name.split("/")[1]: value for name, value in params.items()}
    return x, short, run.outputs["output"], dy, found


def near(ours: np.ndarray, truth: np.ndarray) -> None:
    assert ours.shape == truth.shape
    np.testing.assert_allclose(ours, truth, rtol=1e-10, atol=1e-10)


@TRIES
@given(sizes, channels, st.integers(1, 9), kernels, strides, padding, st.integers(1, 3), st.integers(0, 9))
def test_convolution(size, c, filters, kernel, stride, pad, dilation, seed):
    dilations = (1, 1) if max(stride) > 1 else (dilation, max(1, dilation - 1))
    graph = make(Conv2D(filters, kernel, stride, pad, dilation_rate=dilations), *size, c)
    x, weights, y, dy, found = both_ways(graph, seed)
    around = paddings(size, kernel, stride, pad, dilations)
    near(y, loops.convolution(x, weights["kernel"], weights["bias"], y.shape[1:3], stride, dilations, around))
    dx, dkernel = loops.convolution_backward(x, weights["kernel"], dy, y.shape[1:3], stride, dilations, around)
    near(found.inputs["input"], dx)
    near(found.parameters["conv2d/kernel"], dkernel)
    near(found.parameters["conv2d/bias"], dy.sum(axis=(0, 1, 2)))


@TRIES
@given(sizes, st.integers(1, 3), st.integers(1, 3), st.sampled_from([1, 2, 3, 8]), kernels, strides, padding,
       st.integers(0, 9))
def test_convolution_in_groups(size, groups, filters, c, kernel, stride, pad, seed):
    graph = make(Conv2D(filters * groups, kernel, stride, pad, groups=groups), *size, c * groups)
    x, weights, y, dy, found = both_ways(graph, seed)
    layout = (y.shape[1:3], stride, (1, 1), paddings(size, kernel, stride, pad), groups)
    near(y, loops.convolution(x, weights["kernel"], weights["bias"], *layout))
    dx, dkernel = loops.convolution_backward(x, weights["kernel"], dy, *layout)
    near(found.inputs["input"], dx)
    near(found.parameters["conv2d/kernel"], dkernel)


@TRIES
@given(sizes, st.integers(1, 3), st.integers(1, 3), kernels, strides, padding, st.integers(0, 9))
def test_depthwise_convolution(size, c, multiplier, kernel, stride, pad, seed):
    graph = make(DepthwiseConv2D(kernel, stride, pad, multiplier, use_bias=False), *size, c)
    x, weights, y, _, _ = both_ways(graph, seed)
    around = paddings(size, kernel, stride, pad)
    near(y, loops.depthwise(x, weights["depthwise_kernel"], y.shape[1:3], stride, (1, 1), around))


@TRIES
@given(sizes, channels, st.integers(1, 9), kernels, strides, padding, st.integers(0, 9))
def test_transposed_convolution(size, c, filters, kernel, stride, pad, seed):
    graph = make(Conv2DTranspose(filters, kernel, stride, pad, use_bias=False), *size, c)
    x, weights, y, _, _ = both_ways(graph, seed)
    around = paddings(y.shape[1:3], kernel, stride, pad)
    near(y, loops.transposed(x, weights["kernel"], y.shape[1:3], stride, around))


@TRIES
@given(sizes, st.integers(1, 3), kernels, st.one_of(st.none(), strides), padding, st.booleans(), st.integers(0, 9))
def test_pooling_with_and_without_ties(size, c, kernel, stride, pad, ties, seed):
    """Ties: whole numbers from -1 to 1, so that most windows have several largest entries."""
    graphs = [make(spec(kernel, stride, pad), *size, c) for spec in (MaxPooling2D, AveragePooling2D)]
    random = np.random.default_rng(seed)
    x = random.integers(-1, 2, (2, *size, c)).astype(float) if ties else random.normal(size=(2, *size, c))
    runs = [ENGINE.forward(graph, {}, {}, {"input": x}, training=True) for graph in graphs]
    largest, mean = (run.outputs["output"] for run in runs)
    dy = random.normal(size=largest.shape)
    steps = stride or kernel
    truth = loops.pooling(x, kernel, largest.shape[1:3], steps, paddings(size, kernel, steps, pad), dy)
    found = [ENGINE.vjp(run, {"output": dy}, wrt=("inputs",)).inputs["input"] for run in runs]
    for ours, wanted in zip((largest, mean, *found), truth, strict=True):
        near(ours, wanted)
