"""Binary networks: each planted fault of layout and weights is named, and nothing is said of those in order."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pellucid.checks.bits import FEW_FLIPS, MANY_FLIPS
from pellucid.checks.finding import Finding
from pellucid.checks.series import BITS, check_network, tried
from pellucid.checks.subject import Subject
from pellucid.initializers import RandomNormal
from pellucid.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    Input,
    MaxPooling2D,
    QuantConv2D,
    QuantDense,
)
from pellucid.models import Sequential
from pellucid.spec.optimizers import Adam, OptimizerSpec
from tests.checks.subjects import dataset, digits, subject

ROOT = Path(__file__).resolve().parents[2]
XNOR: dict[str, Any] = {"input_quantizer": "ste_sign", "kernel_quantizer": "magnitude_aware_sign",
                        "kernel_constraint": "weight_clip", "use_bias": False}  # fmt: skip


def net(*middle: Any, first: Any = None, last: Any = None) -> Callable[[], Sequential]:
    """Layers of bits between a float convolution and a float dense layer."""
    return lambda: Sequential([
        Input((8, 8, 1)), first or Conv2D(8, 3, padding="same"), *middle, Flatten(), *(last or [Dense(10, "softmax")]),
    ])  # fmt: skip


def planted(make: Callable[[], Sequential], seed: int = 101, rule: OptimizerSpec | None = None) -> Subject:
    return subject(make(), dataset(*digits(seed)), seed=seed, **({"rule": rule} if rule else {}))


def said(check: str, whole: Subject) -> Finding:
    return tried(check, BITS[check], whole)


def good(**changed: Any) -> Callable[[], Sequential]:
    """In order but for what is changed in its two layers of bits."""
    return net(BatchNormalization(), QuantConv2D(32, 3, **XNOR | changed), MaxPooling2D(), BatchNormalization(),
               QuantConv2D(32, 3, padding="same", **XNOR | changed))  # fmt: skip


LAYOUTS = {
    "takes the largest of signs": net(BatchNormalization(), Activation("sign"), MaxPooling2D(),
                                      QuantConv2D(8, 3, **XNOR | {"input_quantizer": None})),
    "so all bits are +1": net(Activation("relu"), MaxPooling2D(), QuantConv2D(8, 3, **XNOR)),
    "is a 1x1 convolution of bits": net(BatchNormalization(), QuantConv2D(8, 1, **XNOR)),
    "the first layer with weights": net(first=QuantConv2D(8, 3, kernel_quantizer="ste_sign")),
    "the last layer with weights": net(last=[Dense(32), QuantDense(10, "softmax", kernel_quantizer="ste_sign")]),
}  # fmt: skip


@pytest.mark.parametrize("told", LAYOUTS)
def test_a_layout_that_costs_accuracy_is_named(told: str) -> None:
    found = said("binary-layout", planted(LAYOUTS[told]))
    assert (found.status, found.value) == ("warning", 1) and told in found.meaning and found.remedy


@pytest.mark.parametrize(("told", "make", "rule"), [
    ("beyond the clip", good(kernel_constraint=None, kernel_initializer=RandomNormal(stddev=3.0)), None),
    ("hardly any bit is learnt", good(), Adam(1e-9)),
    ("most of a step is noise", good(), Adam(10.0)),
])  # fmt: skip
def test_weights_that_do_not_learn_bits_are_named(told: str, make: Any, rule: Any) -> None:
    found = said("binary-weights", planted(make, rule=rule))
    assert found.status == "warning" and told in found.meaning and found.remedy


def test_the_band_of_turned_signs_is_that_of_runs_that_learnt_well() -> None:
    found = json.loads((ROOT / "benchmarks" / "results" / "flips.json").read_text(encoding="utf-8"))
    low, high = found["band"]
    assert FEW_FLIPS < low < high < MANY_FLIPS and len(found["runs"]) == 54
    assert [run for run in found["runs"] if run["good"] and not low <= run["share"] <= high] == []
    failed = [run["share"] for run in found["runs"] if run["accuracy"] < 0.5]
    assert len(failed) >= 15 and all(not FEW_FLIPS < share < MANY_FLIPS for share in failed)


@pytest.mark.parametrize("rate", [1e-5, 0.3])
def test_a_rate_a_hundred_times_off_is_named(rate: float) -> None:
    assert said("binary-weights", planted(good(), rule=Adam(rate))).status == "warning"


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_said_of_binary_networks_in_order(seed: int) -> None:
    for make in (good(), good(kernel_quantizer="ste_sign"), good(input_quantizer=None)):
        whole = planted(make, seed)
        assert {said(name, whole).status for name in BITS} == {"pass"}
    found = {one.name: one for one in check_network(whole)}
    assert set(BITS) <= set(found) and {one.status for one in found.values()} == {"pass"}
    assert "signs were taken for tanh" in found["gradients"].meaning
