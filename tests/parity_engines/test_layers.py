"""Every layer in every variant, and whole networks: one forward and backward pass on both engines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid.engines.pytorch import arithmetic
from pellucid.engines.pytorch.engine import PyTorchEngine
from pellucid.engines.reference.arithmetic import ARITHMETIC
from pellucid.spec.activations import ReLU
from pellucid.spec.convolution import Conv2D
from pellucid.spec.normalization import BatchNormalization
from pellucid.spec.pooling import GlobalMaxPooling2D, MaxPooling2D
from pellucid.spec.reshaping import UpSampling2D
from tests.gradient.cases import CASES, EVEN, Case
from tests.gradient.checking import Point, draw, network
from tests.gradient.test_networks import NETWORKS
from tests.parity_engines.comparing import compare_passes


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_layer_is_the_same_on_both_engines(case: Case, precision: str) -> None:
    compare_passes(draw(network(case.spec, *case.shapes), training=case.training), precision)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_a_network_is_the_same_on_both_engines(make, precision: str) -> None:
    compare_passes(draw(make(), batch=3), precision)


def test_every_arithmetic_exists_on_both_engines() -> None:
    own = {owner for owner in ARITHMETIC if owner.__module__.startswith("pellucid.")}
    assert own - set(arithmetic.ARITHMETIC) == set()


TIES = [MaxPooling2D(3, 2, "same"), MaxPooling2D((2, 3), 1), MaxPooling2D(2, 2, (1, 1)), GlobalMaxPooling2D()]


@pytest.mark.parametrize("spec", TIES, ids=repr)
def test_on_a_tie_the_first_in_row_order_takes_the_gradient(spec) -> None:
    graph = network(spec, EVEN)
    x = np.random.default_rng(0).integers(0, 2, (3, *EVEN)).astype(float)
    compare_passes(Point(graph, {}, {}, {"input": x}), "float64")


@pytest.mark.parametrize("spec", [ReLU(), ReLU(2.0), ReLU(2.0, 0.3), ReLU(None, 1.5), ReLU(None, 0.1)], ids=repr)
def test_the_slope_at_a_kink_is_the_same(spec: ReLU) -> None:
    x = np.array([[-1.0, 0.0, 1.0, 2.0, 3.0]])
    compare_passes(Point(network(spec, (5,)), {}, {}, {"input": x}), "float64")


FAULTS = {
    "a kernel turned over": (Conv2D(4, (3, 3)), lambda right: lambda s, i, w, c: right(s, i, {
        **w, "kernel": w["kernel"].flip(0)}, c)),
    "padding on the wrong side": (Conv2D(4, (3, 2), (2, 3), "same"), lambda right: lambda s, i, w, c: right(
        s, [i[0].flip(2)], {**w, "kernel": w["kernel"].flip(1)}, c).flip(2)),
    "an unbiased variance": (BatchNormalization(), lambda right: lambda s, i, w, c: (
        right(s, i, w, c), c.state.update(moving_variance=c.state["moving_variance"] * 1.01))[0]),
    "the last of equals": (MaxPooling2D(2), lambda right: lambda s, i, w, c: right(s, [i[0].flip(1)], w, c).flip(1)),
}  # fmt: skip


@pytest.mark.parametrize(("spec", "plant"), FAULTS.values(), ids=FAULTS)
def test_a_planted_difference_is_caught(spec, plant, monkeypatch: pytest.MonkeyPatch) -> None:
    point = draw(network(spec, (8, 6, 4)))
    if isinstance(spec, MaxPooling2D):
        point.inputs["input"][:] = 1.0
    compare_passes(point, "float64")
    monkeypatch.setitem(arithmetic.ARITHMETIC, type(spec), plant(arithmetic.ARITHMETIC[type(spec)]))
    with pytest.raises(AssertionError, match="off by"):
        compare_passes(point, "float64")


@pytest.mark.parametrize("channels", [3, 8])
def test_a_stride_of_a_one_by_one_kernel_is_taken_before(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch 2.13 ends the process on the way back through such a kernel with few channels."""
    from torch.nn import functional

    strides: list[tuple[int, int]] = []
    plain = functional.conv2d

    def watched(*given: Any) -> Any:
        strides.append(given[3])
        return plain(*given)

    monkeypatch.setattr(functional, "conv2d", watched)
    graph = network(Conv2D(4, 1, strides=(2, 3)), (7, 8, channels))
    compare_passes(draw(graph, batch=3), "float64")
    assert strides == [(1, 1) if channels < 8 else (2, 3)]


def test_a_map_is_enlarged_alike_with_and_without_a_way_back() -> None:
    point, engine = draw(network(UpSampling2D((3, 2)), (4, 5, 6)), batch=3), PyTorchEngine("float32", "cpu")
    seen = [engine.forward(point.graph, {}, {}, engine.put(point.inputs), training=training).outputs
            for training in (True, False)]  # fmt: skip
    first, second = (next(iter(engine.get(outputs).values())) for outputs in seen)
    assert first.shape == (3, 12, 10, 6) and np.array_equal(first, second)
