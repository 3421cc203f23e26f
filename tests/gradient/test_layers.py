"""The backward pass of every layer, in every variant, against central differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pellucid.engines.reference.arithmetic import ARITHMETIC
from pellucid.spec.layer import LAYERS
from pellucid.spec.mixing import CutMix, MixUp
from pellucid.spec.reshaping import InputLayer
from tests.gradient.cases import CASES, Case
from tests.gradient.checking import check_layers, draw, network

CASELESS = {"Nested", "Variable", "ConstantValue", "Lookup", "BatchOf"}  # only beside others: test_networks.py
FLAT = {"ArgReduce", "OneHot", "Where"}  # the gradient of their first input is zero


@pytest.mark.parametrize("case", [case for case in CASES if case.derived], ids=str)
def test_backward_is_the_derivative_of_forward(case: Case) -> None:
    point = draw(network(case.spec, *case.shapes), training=case.training)
    worst = check_layers(point)[0]
    assert worst.error < case.tolerance, worst


@pytest.mark.parametrize("spec", [MixUp(0.9, seed=4), CutMix(seed=4)], ids=repr)
def test_whoever_is_mixed_in_gets_the_gradient(spec: MixUp | CutMix) -> None:
    """Five samples: of two, every order is its own inverse."""
    assert check_layers(draw(network(spec, (3, 4, 2)), batch=5))[0].error < 1e-6


def test_every_layer_has_a_case() -> None:
    own = {owner.__name__ for owner in LAYERS if owner.__module__.startswith("pellucid.")}  # not another test's
    known = own - CASELESS - {InputLayer.__name__}
    assert known - {type(case.spec).__name__ for case in CASES} == set()


def scaled(gradient: np.ndarray) -> np.ndarray:
    return gradient * 1.0001


def rolled(gradient: np.ndarray) -> np.ndarray:
    return np.roll(gradient, 1)


def holed(gradient: np.ndarray) -> np.ndarray:
    torn = gradient.copy()
    torn.flat[np.abs(torn).argmax()] = 0.0
    return torn


STEPS = sorted({type(case.spec) for case in CASES} & set(ARITHMETIC), key=lambda owner: owner.__name__)
STEPS = [owner for owner in STEPS if owner.__name__ not in FLAT]


@pytest.mark.parametrize("wrong", [scaled, rolled, holed], ids=lambda wrong: wrong.__name__)
@pytest.mark.parametrize("owner", STEPS, ids=lambda owner: owner.__name__)
def test_a_planted_fault_is_reported(owner, wrong, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gradient that a layer returns is spoilt in turn: the check must name that tensor, and only a wrong one."""
    case = next(case for case in CASES if type(case.spec) is owner)
    right = ARITHMETIC[owner]
    point = draw(network(case.spec, *case.shapes), training=case.training)

    def spoilt(spec, dy, saved, weights, context):
        dinputs, dweights = right.backward(spec, dy, saved, weights, context)
        return [wrong(dinputs[0]), *dinputs[1:]], {name: wrong(value) for name, value in dweights.items()}

    monkeypatch.setitem(ARITHMETIC, owner, replace(right, backward=spoilt))
    reported = {fault.tensor for fault in check_layers(point) if fault.error > 1e-5}
    first = next(iter(point.inputs))
    assert reported == {first, *point.params}
