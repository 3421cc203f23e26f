"""The table of layer arithmetic: for each kind of spec a forward and a backward.

forward(spec, inputs, weights, context) -> (y, saved)            saved is what backward reads again
backward(spec, dy, saved, weights, context) -> (dinputs, dweights)   shaped like inputs and weights

backward may overwrite dy, and returns None for an input whose gradient nobody wants (`context.wanted`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.graph.plan import Step
from pellucid.keys import Key
from pellucid.spec.layer import LayerSpec

Weights = dict[str, np.ndarray]
Forward = Callable[[Any, Sequence[np.ndarray], Weights, "Context"], tuple[np.ndarray, Any]]
Backward = Callable[[Any, np.ndarray, Any, Weights, "Context"], tuple[Sequence[np.ndarray | None], Weights]]


@dataclass
class Context:
    """What a step may know besides its numbers."""

    step: Step
    training: bool
    root: Key | None = None  # of this pass
    width: np.dtype = np.dtype(np.float32)  # that the pass is in
    overwrite: bool = False  # forward may write its result into its input
    wanted: tuple[bool, ...] = (True,)  # which inputs need a gradient
    trains: bool = True  # whether its weights need a gradient
    state: dict[str, np.ndarray] = field(default_factory=dict)  # new moving statistics, by short name

    @property
    def label(self) -> str:
        """How messages name the layer."""
        return self.step.label

    @property
    def frozen(self) -> bool:
        """Whether the layer's weights are not trained."""
        return self.step.frozen

    @property
    def key(self) -> Key | None:
        """The key of the step's random numbers; folded only by the few layers that draw any."""
        return None if self.root is None else self.root.fold(self.step.layer, self.step.number)


@dataclass(frozen=True)
class Arithmetic:
    """One layer's numbers; `keeps_output` when backward reads y again or y is a view of x."""

    forward: Forward
    backward: Backward
    keeps_output: bool = False


ARITHMETIC: dict[type[LayerSpec], Arithmetic] = {}


def register(
    owner: type[LayerSpec], forward: Forward, backward: Backward, *, keeps_output: bool = False
) -> None:
    """Enter a layer's arithmetic; raises ArgumentError when it has one already."""
    if owner in ARITHMETIC:
        raise ArgumentError(f"the reference engine has arithmetic for {owner.__name__} already.")
    ARITHMETIC[owner] = Arithmetic(forward, backward, keeps_output)


def arithmetic_of(spec: LayerSpec) -> Arithmetic:
    """The arithmetic of a layer; raises ArgumentError when there is none."""
    found = ARITHMETIC.get(type(spec))
    if found is None:
        remedy = "Pass reference=... to pellucid.register_layer."
        raise ArgumentError(f"the reference engine has no arithmetic for {type(spec).__name__}. {remedy}")
    return found
