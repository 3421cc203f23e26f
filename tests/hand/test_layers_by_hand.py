"""Numbers worked with a pencil, at least one for each layer: the comment above an assert derives it.

Maps are written as rows of pixels of one channel unless said otherwise; x counts 1, 2, 3 ... in row order.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from pellucid.engines.protocol import Gradients
from pellucid.engines.reference import ReferenceEngine
from pellucid.keys import Key
from pellucid.spec.activations import ELU, LeakyReLU, PReLU, ReLU, RReLU, Sigmoid, Softmax, Tanh
from pellucid.spec.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D
from pellucid.spec.dense import Dense
from pellucid.spec.layer import LayerSpec
from pellucid.spec.merging import Add, Concatenate, Multiply
from pellucid.spec.normalization import BatchNormalization, Dropout, LocalResponseNormalization
from pellucid.spec.pooling import AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, MaxPooling2D
from pellucid.spec.reshaping import Flatten, PositionBias, Rescaling, Reshape, UpSampling2D, ZeroPadding2D
from tests.gradient.checking import network

ENGINE = ReferenceEngine("float64")


def count_up(rows: int, columns: int, channels: int = 1) -> np.ndarray:
    """One image 1, 2, 3 ..."""
    return np.arange(1.0, rows * columns * channels + 1).reshape(1, rows, columns, channels)


def work(
    spec: LayerSpec, *inputs: np.ndarray, dy: list | None = None, training: bool = True, **weights: list | float
) -> tuple[np.ndarray, Gradients]:
    """The layer's output, and its gradients for dy."""
    graph = network(spec, *(x.shape[1:] for x in inputs))
    values = {name: np.array(weights[w.name], float).reshape(w.shape) for name, w in graph.weights.items()
              for w in [w] if w.name in weights}
    zero = {name: np.zeros(weight.shape) for name, weight in graph.weights.items()}
    every = zero | values
    state = {name: value for name, value in every.items() if "/moving_" in name}
    given = dict(zip(graph.input_shapes, inputs, strict=True))
    run = ENGINE.forward(graph, every, state, given, training=training, key=Key.of(0))
    y = run.outputs["output"]
    upstream = np.array(dy, float).reshape(y.shape) if dy is not None else np.zeros(y.shape)
    found = ENGINE.vjp(run, {"output": upstream}, wrt=("parameters", "inputs"))
    shorter = {name.split("/")[1]: value for name, value in (*found.parameters.items(), *run.state.items())}
    return y, Gradients(shorter, found.inputs)


def test_dense() -> None:
    # y = (1*3 + 2*5 + 0.5, 1*4 + 2*6 - 1) = (13.5, 15)
    y, found = work(Dense(2), np.array([[1.0, 2.0]]), dy=[[10, 1]], kernel=[[3, 4], [5, 6]], bias=[0.5, -1])
    np.testing.assert_allclose(y, [[13.5, 15.0]])
    # dx = (10*3 + 1*4, 10*5 + 1*6);  dkernel[d,f] = x_d dy_f;  dbias = dy
    np.testing.assert_allclose(found.inputs["input"], [[34.0, 56.0]])
    np.testing.assert_allclose(found.parameters["kernel"], [[10.0, 1.0], [20.0, 2.0]])
    np.testing.assert_allclose(found.parameters["bias"], [10.0, 1.0])


def test_conv2d() -> None:
    # x = 1 2 3 / 4 5 6 / 7 8 9, kernel = 1 2 / 3 4: top left 1*1 + 2*2 + 4*3 + 5*4 = 37
    # each step right adds 10, each step down 30; and the bias
    x, kernel = count_up(3, 3), [[1, 2], [3, 4]]
    y, found = work(Conv2D(1, 2), x, dy=[[1, 0], [0, 10]], kernel=kernel, bias=0.5)
    np.testing.assert_allclose(y[0, :, :, 0], [[37.5, 47.5], [67.5, 77.5]])
    # dx: the kernel laid down at the top left once and at the bottom right ten times
    np.testing.assert_allclose(found.inputs["input"][0, :, :, 0], [[1, 2, 0], [3, 14, 20], [0, 30, 40]])
    # dkernel[u,v] = x[u,v] + 10 x[u+1,v+1] = 1 + 50, 2 + 60, 4 + 80, 5 + 90;  dbias = 11
    np.testing.assert_allclose(found.parameters["kernel"][:, :, 0, 0], [[51, 62], [84, 95]])
    np.testing.assert_allclose(found.parameters["bias"], [11])


def test_conv2d_same_with_a_stride_pads_bottom_and_right() -> None:
    # 4x4, kernel 3x3 of ones, stride 2: 2 outputs reach over 5 pixels, so 1 is missing, and it is added after the map:
    # rows 0-2 x columns 0-2 of 1..16 sum to 54; rows 2-3 x columns 2-3 to 11 + 12 + 15 + 16 = 54
    y, _ = work(Conv2D(1, 3, 2, "same"), count_up(4, 4), kernel=np.ones((3, 3)), bias=0)
    assert (y[0, 0, 0, 0], y[0, 1, 1, 0]) == (54, 54)


def test_conv2d_dilation_and_groups() -> None:
    # a 2x2 kernel of ones with dilation 2 takes the corners of a 3x3 map: 1 + 3 + 7 + 9
    y, _ = work(Conv2D(1, 2, dilation_rate=2), count_up(3, 3), kernel=np.ones((2, 2)), bias=0)
    assert y.item() == 20
    # two groups on one pixel (2, 3, 5, 7): filter 0 sees 2*1 + 3*10, filter 1 sees 5*100 + 7*1000
    x = np.array([2.0, 3, 5, 7]).reshape(1, 1, 1, 4)
    y, _ = work(Conv2D(2, 1, groups=2), x, kernel=[[1, 100], [10, 1000]], bias=[0, 0])
    np.testing.assert_allclose(y.ravel(), [32, 7500])


def test_depthwise_conv2d() -> None:
    # channel 0 is 1 3 / 5 7, channel 1 is 2 4 / 6 8; two kernels of each: ones, and top left only, times 1 and 10
    kernel = np.zeros((2, 2, 2, 2))
    kernel[:, :, :, 0] = 1
    kernel[0, 0, :, 1] = 10
    y, _ = work(DepthwiseConv2D(2, depth_multiplier=2), count_up(2, 2, 2), depthwise_kernel=kernel, bias=[0, 0, 0, 0.5])
    # output c*2 + m: 1+3+5+7, 10*1, 2+4+6+8, 10*2 + 0.5
    np.testing.assert_allclose(y.ravel(), [16, 10, 20, 20.5])


def test_separable_conv2d() -> None:
    # depthwise ones: channel sums 16 and 20; pointwise (1, 10) and bias 3: 16 + 200 + 3
    y, _ = work(SeparableConv2D(1, 2), count_up(2, 2, 2), depthwise_kernel=np.ones((2, 2, 2)),
                pointwise_kernel=[1, 10], bias=3)
    assert y.item() == 219


def test_conv2d_transpose() -> None:
    # x = 1 2, kernel = 1 10 / 100 1000, stride 1: painted at column 0 once and at column 1 twice
    # row 0: 1, 10 + 2, 20;  row 1: 100, 1000 + 200, 2000
    kernel, dy = [[1, 10], [100, 1000]], [[1, 0, 0], [0, 1, 0]]
    y, found = work(Conv2DTranspose(1, 2), count_up(1, 2), dy=dy, kernel=kernel, bias=0)
    np.testing.assert_allclose(y[0, :, :, 0], [[1, 12, 20], [100, 1200, 2000]])
    # dx[0] = 1*1 + 1000*1, dx[1] = 100*1 (its left column meets dy's middle)
    np.testing.assert_allclose(found.inputs["input"].ravel(), [1001, 100])


def test_max_pooling() -> None:
    # 1 5 / 5 2: the largest, 5, stands twice; the first in row order takes the gradient
    x = np.array([1.0, 5, 5, 2]).reshape(1, 2, 2, 1)
    y, found = work(MaxPooling2D(), x, dy=[[3]])
    assert y.item() == 5
    np.testing.assert_allclose(found.inputs["input"].ravel(), [0, 3, 0, 0])


def test_max_pooling_same_pads_with_minus_infinity() -> None:
    # 3x3 of -1..-9, pool 2, stride 2: bottom right sees only -9; with zeros it would be 0
    y, _ = work(MaxPooling2D(2, 2, "same"), -count_up(3, 3))
    np.testing.assert_allclose(y[0, :, :, 0], [[-1, -3], [-7, -9]])


def test_overlapping_windows_add_their_gradients() -> None:
    # row 1 3 2, pool (1,2), stride 1: both windows choose the 3
    x = np.array([1.0, 3, 2]).reshape(1, 1, 3, 1)
    _, found = work(MaxPooling2D((1, 2), 1), x, dy=[[10, 1]])
    np.testing.assert_allclose(found.inputs["input"].ravel(), [0, 11, 0])


def test_average_pooling_leaves_padding_out() -> None:
    # 3x3 of 1..9, pool 2, stride 2, same: (1+2+4+5)/4, (3+6)/2, (7+8)/2, 9/1
    y, found = work(AveragePooling2D(2, 2, "same"), count_up(3, 3), dy=[[4, 4], [4, 4]])
    np.testing.assert_allclose(y[0, :, :, 0], [[3, 4.5], [7.5, 9]])
    # 4 shared by 4, 2, 2 and 1 real pixels
    np.testing.assert_allclose(found.inputs["input"][0, :, :, 0], [[1, 1, 2], [1, 1, 2], [2, 2, 4]])


def test_global_pooling() -> None:
    # 1..6: mean 3.5, largest 6; dy 12 shared by six is 2 each, or goes to the last whole
    y, found = work(GlobalAveragePooling2D(), count_up(2, 3), dy=[12])
    assert y.item() == 3.5
    np.testing.assert_allclose(found.inputs["input"].ravel(), [2] * 6)
    y, found = work(GlobalMaxPooling2D(), count_up(2, 3), dy=[12])
    assert y.item() == 6
    np.testing.assert_allclose(found.inputs["input"].ravel(), [0] * 5 + [12])


def test_batch_normalization() -> None:
    # x = 1, 3: mean 2, biased variance 1 (torch's unbiased one would be 2); epsilon 3 makes the root 2
    # xhat = -1/2, 1/2;  y = 4 xhat + 10 = 8, 12;  moving = 0.9 * old + 0.1 * new = 0.2, 0.9 * 1 + 0.1 * 1 = 1
    spec = BatchNormalization(momentum=0.9, epsilon=3.0)
    x = np.array([[1.0], [3.0]])
    y, found = work(spec, x, dy=[1, 0], gamma=4, beta=10, moving_mean=0, moving_variance=1)
    np.testing.assert_allclose(y.ravel(), [8, 12])
    assert found.parameters["moving_mean"].item() == pytest.approx(0.2)
    assert found.parameters["moving_variance"].item() == pytest.approx(1.0)
    # dgamma = 1 * -1/2, dbeta = 1, dx = 4/2 (dy - 1/2 - xhat * -1/4): 2 (1 - 1/2 - 1/8), 2 (0 - 1/2 + 1/8)
    assert (found.parameters["gamma"].item(), found.parameters["beta"].item()) == (-0.5, 1.0)
    np.testing.assert_allclose(found.inputs["input"].ravel(), [0.75, -0.75])
    # afterwards: (x - 2) / sqrt(6 + 3) * 3 + 1 = 0, 2
    y, _ = work(spec, x, training=False, gamma=3, beta=1, moving_mean=2, moving_variance=6)
    np.testing.assert_allclose(y.ravel(), [0, 2])


def test_local_response_normalization() -> None:
    # size 3, k = 1, alpha = 1, beta = 1 on (1, 2, 3): 1 / (1 + 1 + 4), 2 / (1 + 1 + 4 + 9), 3 / (1 + 4 + 9)
    x = np.array([1.0, 2, 3]).reshape(1, 1, 1, 3)
    y, _ = work(LocalResponseNormalization(3, 1.0, 1.0, 1.0), x)
    np.testing.assert_allclose(y.ravel(), [1 / 6, 2 / 15, 3 / 14])


def test_dropout() -> None:
    # rate 0.75: what is kept is multiplied by 4, the rest is 0; outside training nothing happens
    x = np.full((1, 4000), 3.0)
    y, found = work(Dropout(0.75), x, dy=np.ones((1, 4000)))
    assert set(np.unique(y)) == {0.0, 12.0}
    np.testing.assert_allclose(found.inputs["input"], y / 3)
    assert abs((y > 0).mean() - 0.25) < 0.03
    np.testing.assert_array_equal(work(Dropout(0.75), x, training=False)[0], x)


@pytest.mark.parametrize(
    ("spec", "x", "y", "slope"),
    [
        (ReLU(), [-2, 3], [0, 3], [0, 1]),
        (ReLU(6.0), [-2, 3, 7], [0, 3, 6], [0, 1, 0]),
        (ReLU(None, 0.5, 1.0), [-2, 3], [-1.5, 3], [0.5, 1]),  # 0.5 * (-2 - 1)
        (LeakyReLU(), [-2, 3], [-0.6, 3], [0.3, 1]),
        (ELU(2.0), [-math.log(2), 3], [-1, 3], [1, 1]),  # 2 (1/2 - 1) = -1, slope 2 e^x = 1
        (Sigmoid(), [0, math.log(3)], [0.5, 0.75], [0.25, 0.1875]),  # 3/4 * 1/4
        (Tanh(), [0, math.log(3)], [0, 0.8], [1, 0.36]),  # (3 - 1/3) / (3 + 1/3) = 0.8, 1 - 0.64
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, LayerSpec) else "",
)
def test_activations(spec: LayerSpec, x: list[float], y: list[float], slope: list[float]) -> None:
    found, gradients = work(spec, np.array([x], float), dy=[[10] * len(x)])
    np.testing.assert_allclose(found, [y], atol=1e-15)
    np.testing.assert_allclose(gradients.inputs["input"], [np.multiply(10, slope)], atol=1e-14)


def test_prelu() -> None:
    # alpha 0.1: -2 -> -0.2; dalpha = sum dy x where x < 0 = 10 * -2 + 1 * -4
    x = np.array([[-2.0], [3.0], [-4.0]])
    y, found = work(PReLU(), x, dy=[10, 5, 1], alpha=0.1)
    np.testing.assert_allclose(y.ravel(), [-0.2, 3, -0.4])
    np.testing.assert_allclose(found.parameters["alpha"], [-24])
    np.testing.assert_allclose(found.inputs["input"].ravel(), [1, 5, 0.1])


def test_rrelu() -> None:
    # afterwards the slope is the middle of 0.2 and 0.4; in training it lies between them, entry by entry
    x = np.full((1, 500), -10.0)
    y, _ = work(RReLU(0.2, 0.4), x, training=False)
    np.testing.assert_allclose(y, -3.0)
    y, found = work(RReLU(0.2, 0.4), x, dy=np.ones((1, 500)))
    assert -4.0 <= y.min() < -3.9 < -2.1 < y.max() <= -2.0
    np.testing.assert_allclose(found.inputs["input"], y / -10)


def test_softmax() -> None:
    # e^0 : e^ln2 : e^ln5 = 1 : 2 : 5; dx = y (dy - sum dy y) with dy = (8, 0, 0): sum = 1
    y, found = work(Softmax(), np.array([[0.0, math.log(2), math.log(5)]]), dy=[[8, 0, 0]])
    np.testing.assert_allclose(y, [[1 / 8, 2 / 8, 5 / 8]])
    np.testing.assert_allclose(found.inputs["input"], [[7 / 8, -2 / 8, -5 / 8]])


def test_merging() -> None:
    a, b, c = (np.array([[value, 2 * value]]) for value in (1.0, 3.0, 10.0))
    np.testing.assert_allclose(work(Add(), a, b, c)[0], [[14, 28]])
    y, found = work(Multiply(), a, b, c, dy=[[1, 1]])
    np.testing.assert_allclose(y, [[30, 240]])  # 1*3*10, 2*6*20
    np.testing.assert_allclose(list(found.inputs.values()), [[[30, 120]], [[10, 40]], [[3, 12]]])  # the other two
    np.testing.assert_allclose(work(Concatenate(), a, b)[0], [[1, 2, 3, 6]])


def test_one_gate_for_a_whole_map_collects_its_gradient() -> None:
    # 1 2 3 times a gate of 5 (size 1 on the map's axes): dgate = 1*10 + 2*20 + 3*30
    _, found = work(Multiply(), count_up(1, 3), np.full((1, 1, 1, 1), 5.0), dy=[[10, 20, 30]])
    assert list(found.inputs.values())[1].item() == 140


def test_moving_layers() -> None:
    x = count_up(2, 2, 2)  # pixels (1,2) (3,4) / (5,6) (7,8)
    np.testing.assert_allclose(work(Flatten(), x)[0], [[1, 2, 3, 4, 5, 6, 7, 8]])  # rows, columns, channels
    assert work(Reshape((4, -1)), x)[0][0, 2].tolist() == [5, 6]
    padded = work(ZeroPadding2D(((1, 0), (0, 2))), x)[0]
    assert padded.shape == (1, 3, 4, 2)
    assert (padded[0, 1, 0, 0], padded.sum()) == (1, 36)
    # each pixel becomes 1x3 equal ones, so dx collects three
    y, found = work(UpSampling2D((1, 3)), x, dy=np.ones((1, 2, 6, 2)))
    assert y[0, 0, :, 0].tolist() == [1, 1, 1, 3, 3, 3]
    np.testing.assert_allclose(found.inputs["input"], 3)
    y, found = work(Rescaling(1 / 2, -1.0), x, dy=np.ones((1, 2, 2, 2)))
    assert (y[0, 1, 1, 1], found.inputs["input"][0, 0, 0, 0]) == (3, 0.5)  # 8/2 - 1
    y, found = work(Rescaling((1 / 2, 3.0), (-1.0, 0.0)), x, dy=np.ones((1, 2, 2, 2)))
    assert y[0, 1, 1].tolist() == [2.5, 24] and found.inputs["input"][0, 0, 0].tolist() == [0.5, 3]  # 7/2 - 1, 3 * 8


def test_position_bias() -> None:
    # two images of one row: each place has its own bias, whose gradient is the sum over the images
    x = np.concatenate([count_up(1, 2), count_up(1, 2)])
    y, found = work(PositionBias(), x, dy=[1, 2, 10, 20], bias=[100, 200])
    np.testing.assert_allclose(y.ravel(), [101, 202, 101, 202])
    np.testing.assert_allclose(found.parameters["bias"].ravel(), [11, 22])
