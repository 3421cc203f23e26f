"""Faults in the arithmetic of layers, planted one at a time into set-ups that are in order.

Each kind of layer that has a gradient stands in a small network on digits; the kinds of three networks are tried on
real sets besides. Planted into what its backward gives:

1 % to its input, 1 % to a weight     all of that gradient times 1.01
one element                           one number of that gradient, wrong by the root mean square of all

A wrong number may fall on a unit that a ReLU before it has switched off: then no weight's gradient is wrong, and the
check says to the last bit what it says of the set-up in order. Such a fault is told as one without effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.checks.gradients import check_gradients
from pellucid.checks.subject import Subject
from pellucid.engines.reference.arithmetic import ARITHMETIC
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan
from pellucid.layers import (
    ELU,
    Add,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    Input,
    MaxPooling2D,
    Multiply,
    PReLU,
    ReLU,
    Rescaling,
    Reshape,
    Softmax,
    UpSampling2D,
    ZeroPadding2D,
)
from pellucid.models import Model
from pellucid.spec.layer import LayerSpec
from tests.checks.subjects import dataset, digits, subject

Change = Callable[[np.ndarray], np.ndarray]


def too_much(gradient: np.ndarray) -> np.ndarray:
    """All of it by 1 %."""
    return gradient * 1.01


def one_element(gradient: np.ndarray) -> np.ndarray:
    """One number, somewhere in the middle, wrong by the size of the others."""
    wrong = gradient.copy()
    wrong.flat[wrong.size // 2] += float(np.sqrt(np.square(gradient).mean()))
    return wrong


CHANGES: dict[str, Change] = {"1 %": too_much, "one element": one_element}
MIDDLE: dict[str, Callable[[Any], Any]] = {  # what stands between two convolutions on maps (6, 6, 6)
    "DepthwiseConv2D": lambda x: DepthwiseConv2D(3)(x),
    "Conv2DTranspose": lambda x: Conv2DTranspose(4, 3)(x),
    "BatchNormalization": lambda x: BatchNormalization()(x),
    "MaxPooling2D": lambda x: MaxPooling2D()(x),
    "AveragePooling2D": lambda x: AveragePooling2D()(x),
    "ZeroPadding2D": lambda x: ZeroPadding2D(1)(x),
    "UpSampling2D": lambda x: UpSampling2D(2)(x),
    "Rescaling": lambda x: Rescaling(2.0, 0.5)(x),
    "Reshape": lambda x: Reshape((6, 9, 4))(x),
    "ReLU": lambda x: ReLU()(x),
    "PReLU": lambda x: PReLU()(x),
    "ELU": lambda x: ELU()(x),
    "Sigmoid": lambda x: Conv2D(6, 1, activation="sigmoid")(x),
    "Tanh": lambda x: Conv2D(6, 1, activation="tanh")(x),
    "Softmax": lambda x: Softmax()(x),
    "Add": lambda x: Add()([x, Conv2D(6, 1)(x)]),
    "Multiply": lambda x: Multiply()([x, Conv2D(6, 1)(x)]),
    "Concatenate": lambda x: Concatenate()([x, Conv2D(6, 1)(x)]),
}
ENDS: dict[str, Callable[[Any], Any]] = {
    "GlobalAveragePooling2D": lambda x: GlobalAveragePooling2D()(x),
    "GlobalMaxPooling2D": lambda x: GlobalMaxPooling2D()(x),
    "Flatten": lambda x: Flatten()(x),
    "Dense": lambda x: Dense(12)(Flatten()(x)),
    "Conv2D": lambda x: Flatten()(x),
}
KINDS = (*MIDDLE, *ENDS)


def small(kind: str, seed: int) -> Subject:
    """Digits, and a network with that kind of layer."""
    inputs = Input((8, 8, 1))
    x = Conv2D(6, 3)(inputs)
    if kind in MIDDLE:
        x = Conv2D(5, 2)(MIDDLE[kind](x))
    x = ENDS[kind](x) if kind in ENDS else Flatten()(x)
    outputs = Dense(10, activation="softmax")(x)
    return subject(Model(inputs, outputs), dataset(*digits(seed)), seed=seed)


def kinds_of(graph: Graph) -> list[type[LayerSpec]]:
    """The kinds of layers of a network that have arithmetic; its last softmax is part of the loss."""
    return [kind for kind in dict.fromkeys(type(step.spec) for step in plan(graph).steps[:-1]) if kind in ARITHMETIC]


@contextmanager
def planted(kind: type[LayerSpec], where: str, change: Change) -> Iterator[list[str]]:
    """Change what the backward of a kind gives to its inputs or weights ("input", "weights").

    Each change is noted in the list that is handed out; without one the fault was never met.
    """
    right, met = ARITHMETIC[kind], list[str]()

    def wrong(spec: Any, dy: np.ndarray, saved: Any, weights: Any, context: Any) -> Any:
        dinputs, dweights = right.backward(spec, dy, saved, weights, context)
        if where == "input":
            dinputs = [None if dx is None else change(dx) for dx in dinputs]
            met.extend("input" for dx in dinputs if dx is not None)
        else:
            met.extend(dweights)
            dweights = {name: change(dw) for name, dw in dweights.items()}
        return dinputs, dweights

    ARITHMETIC[kind] = replace(right, backward=wrong)
    try:
        yield met
    finally:
        ARITHMETIC[kind] = right


def tried_faults(whole: Subject, kinds: list[type[LayerSpec]]) -> Iterator[dict[str, Any]]:
    """Every fault of these kinds in one set-up, and what the check says; those that are never met are left out."""
    in_order = check_gradients(whole).value
    for kind in kinds:
        for where in ("input", "weights"):
            for name, change in CHANGES.items():
                with planted(kind, where, change) as met:
                    found = check_gradients(whole)
                if met:
                    yield {"kind": kind.__name__, "where": where, "fault": name, "status": found.status,
                           "value": found.value, "caught": found.status != "pass",
                           "effect": found.value != in_order}  # fmt: skip
