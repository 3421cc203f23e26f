"""Layers of bits: numbers by hand, and the ways back by the formulas of the sources, term by term."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid import quantizers
from pellucid.engines.protocol import Engine
from pellucid.engines.pytorch.engine import PyTorchEngine
from pellucid.engines.reference import ReferenceEngine
from pellucid.errors import ArgumentError
from pellucid.keys import Key
from pellucid.spec.convolution import Conv2D, DepthwiseConv2D
from pellucid.spec.dense import Dense
from pellucid.spec.layer import LayerSpec
from pellucid.spec.quantized import QuantConv2D, QuantDense, QuantDepthwiseConv2D
from pellucid.spec.quantizers import MagnitudeAwareSign, SteSign
from tests.gradient.checking import network

ENGINES = (ReferenceEngine("float64"), PyTorchEngine("float64", device="cpu"))
EDGES = np.array([-1.5, -1.0, -0.25, -0.0, 0.0, 0.25, 1.0, 1.5])
MAGNITUDE = "magnitude_aware_sign"


def passed(engine: Engine, spec: LayerSpec, x: np.ndarray, dy: Any = None, **weights: np.ndarray) -> tuple[Any, ...]:
    """y, dx and the gradients of the weights by short name."""
    graph = network(spec, x.shape[1:])
    params = engine.put({key: weights[weight.name] for key, weight in graph.weights.items()})
    run = engine.forward(graph, params, {}, engine.put({"input": x}), training=True, key=Key.of(0))
    y = engine.get(run.outputs)["output"]
    found = engine.vjp(run, engine.put({"output": np.ones_like(y) if dy is None else dy}), wrt=("parameters", "inputs"))
    short = {key.split("/")[1]: value for key, value in engine.get(found.parameters).items()}
    return y, engine.get(found.inputs)["input"], short


@pytest.mark.parametrize("engine", ENGINES)
def test_the_worked_product_of_the_book_and_the_slopes_of_signs(engine: Engine) -> None:
    spec = QuantDense(1, use_bias=False, input_quantizer="ste_sign", kernel_quantizer="ste_sign")
    x, w = np.array([[0.3, -0.2, 0.9, 0.1]]), np.array([[-0.5], [-0.1], [0.2], [-0.7]])
    assert passed(engine, spec, x, kernel=w)[0] == [[0.0]]  # (+,-,+,+) . (-,-,+,-) = -1 + 1 + 1 - 1
    # a sign is +1 at 0 and at -0; its slope is 1 up to |x| = 1 and 0 beyond
    y, dx, _ = passed(engine, p.layers.Activation("sign").spec, EDGES[None])
    np.testing.assert_array_equal(y[0], [-1, -1, -1, 1, 1, 1, 1, 1])
    np.testing.assert_array_equal(dx[0], [0, 1, 1, 1, 1, 1, 1, 0])
    y, dx, _ = passed(engine, p.layers.Activation("approx_sign").spec, EDGES[None])
    np.testing.assert_array_equal(y[0], [-1, -1, -1, 1, 1, 1, 1, 1])
    np.testing.assert_array_equal(dx[0], [0, 0, 1.5, 2, 2, 1.5, 0, 0])  # 2 - 2 |x|
    assert np.isnan(passed(engine, p.layers.Activation("sign").spec, np.array([[np.nan]]))[0]).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_forward_is_the_float_layer_with_alpha_and_signs(engine: Engine) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(2, 7, 5, 3))
    kernel, deep = random.normal(size=(3, 2, 3, 4)), random.normal(size=(3, 2, 3, 2))
    rows, dense = random.normal(size=(2, 6)), random.normal(size=(6, 4))
    bias = random.normal(size=4)
    kernel[0, 0, 0, 0] = 0.0  # counts as +1
    every = [
        (QuantConv2D(4, (3, 2), kernel_quantizer=MAGNITUDE), Conv2D(4, (3, 2)), x, kernel, (0, 1, 2), "kernel", bias),
        (QuantDense(4, kernel_quantizer=MAGNITUDE), Dense(4), rows, dense, (0,), "kernel", bias),
        (QuantDepthwiseConv2D((3, 2), depth_multiplier=2, depthwise_quantizer=MAGNITUDE),
         DepthwiseConv2D((3, 2), depth_multiplier=2), x, deep, (0, 1), "depthwise_kernel", random.normal(size=6)),
    ]  # fmt: skip
    for spec, floats, data, w, axes, name, b in every:
        wb = np.abs(w).mean(axes, keepdims=True) * np.where(w >= 0, 1, -1)
        ours = passed(engine, spec, data, bias=b, **{name: w})[0]
        theirs = passed(engine, floats, data, bias=b, **{name: wb})[0]
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_gradient_of_alpha_exact_and_diagonal(engine: Engine) -> None:
    random = np.random.default_rng(1)
    x, w, dy = random.normal(size=(5, 6)), random.normal(size=(6, 3)), random.normal(size=(5, 3))
    g = x.T @ dy  # of what multiplies
    alpha, inside = np.abs(w).mean(0), np.abs(w) <= 1
    assert 0 < inside.sum() < inside.size
    found = {way: passed(engine, QuantDense(3, use_bias=False, kernel_quantizer=MagnitudeAwareSign(1.0, way)), x, dy,
                         kernel=w)[2]["kernel"] for way in ("exact", "diagonal", "none")}  # fmt: skip
    np.testing.assert_allclose(found["none"], alpha * g * inside, rtol=1e-12)
    np.testing.assert_allclose(found["diagonal"], g * (1 / 6 + alpha * inside), rtol=1e-12)

    def total(w: np.ndarray, signs: np.ndarray) -> float:
        """sum dy y with the signs held."""
        return float((dy * (x @ (np.abs(w).mean(0) * signs))).sum())

    step, signs = 1e-6, np.where(w >= 0, 1, -1)
    slopes = np.zeros_like(w)
    for place in np.ndindex(w.shape):
        moved = np.zeros_like(w)
        moved[place] = step
        slopes[place] = (total(w + moved, signs) - total(w - moved, signs)) / (2 * step)
    np.testing.assert_allclose(found["exact"] - found["none"], slopes, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("padding", ["same", "valid", (2, 1)])
def test_the_scale_of_activations_is_the_mean_over_channels_and_window(engine: Engine, padding: Any) -> None:
    random = np.random.default_rng(2)
    x, w = random.normal(size=(1, 5, 4, 3)), random.normal(size=(3, 2, 3, 4))
    plain = QuantConv2D(4, (3, 2), 1, padding, use_bias=False, input_quantizer="ste_sign", kernel_quantizer="ste_sign")
    y = passed(engine, plain, x, kernel=w)[0]
    scaled = QuantConv2D(4, (3, 2), 1, padding, use_bias=False, input_quantizer="ste_sign", kernel_quantizer="ste_sign",
                         activation_scale=True)  # fmt: skip
    top, left = {"same": (1, 0), "valid": (0, 0)}.get(padding, padding)
    size = np.zeros((5 + 2 * 3, 4 + 2 * 3))
    size[3 : 8, 3 : 7] = np.abs(x[0]).mean(-1)
    k = [[size[3 - top + i : 6 - top + i, 3 - left + j : 5 - left + j].sum() / 6 for j in range(y.shape[2])]
         for i in range(y.shape[1])]  # fmt: skip
    np.testing.assert_allclose(passed(engine, scaled, x, kernel=w)[0], y * np.array(k)[None, ..., None], rtol=1e-12)


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_clipped_and_centred_kernels_train_and_come_back_from_a_file(engine: str, tmp_path: Any) -> None:
    random = np.random.default_rng(3)
    x, y = random.normal(size=(32, 6, 6, 2)).astype("float32"), random.normal(size=(32, 3)).astype("float32")
    model = p.Sequential([
        p.Input((6, 6, 2)),
        p.layers.QuantConv2D(4, 3, kernel_quantizer=MAGNITUDE, input_quantizer="ste_sign",
                             kernel_constraint=p.constraints.WeightClip(0.05, zero_mean=True)),
        p.layers.Flatten(),
        p.layers.QuantDense(3, kernel_quantizer="ste_sign", kernel_constraint=p.constraints.WeightClip(0.1)),
    ])  # fmt: skip
    model.compile(p.optimizers.SGD(0.01), "mse", engine=engine)
    model.fit(x, y, epochs=2, verbose=0)
    kernel, _, dense, _ = model.get_weights()
    assert np.abs(kernel).max() <= np.float32(0.05) and np.abs(dense).max() == np.float32(0.1)
    model.save(tmp_path / "m.safetensors")
    again = p.load_model(tmp_path / "m.safetensors")
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)
    assert again.layers[0].kernel_quantizer == MagnitudeAwareSign()
    centred = p.constraints.WeightClip(9.0, zero_mean=True)(kernel)
    np.testing.assert_allclose(centred.mean(2), 0, atol=1e-7)


def test_quantizers_on_numbers_and_by_word() -> None:
    np.testing.assert_array_equal(quantizers.get("ste_sign")(EDGES), np.where(EDGES >= 0, 1, -1))
    w = np.array([[1.0, -4.0], [-3.0, 0.0]])
    np.testing.assert_array_equal(MagnitudeAwareSign()(w), [[2.0, -2.0], [-2.0, 2.0]])  # alpha 2 and 2
    assert quantizers.get({"type": "SteSign", "clip_value": 0.5}) == SteSign(0.5)


@pytest.mark.parametrize(("arguments", "told"), [
    ({"kernel_quantizer": "dorefa"}, "approx_sign"),
    ({"kernel_constraint": "weight_clip"}, "kernel_quantizer='ste_sign'"),
    ({"input_quantizer": MAGNITUDE}, "activation_scale=True"),
    ({"activation_scale": True}, "input_quantizer"),
    ({"activation_scale": True, "input_quantizer": "ste_sign"}, "use_bias"),
])  # fmt: skip
def test_what_does_not_go_together_is_said(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        p.layers.QuantConv2D(4, 3, **arguments)
