"""The table of layer arithmetic: for each kind of spec a forward in torch; autograd finds the way back.

forward(spec, inputs, weights, context) -> y       values keep the shapes of the graph: maps are (N,H,W,C)

`as_nchw` and `as_nhwc` are views: in memory a map stays channels-last, but for regions that train in blocks
(`blocked.py`). This module needs no torch, so that a user's own layer can be entered without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError
from pellucid.graph.plan import Step
from pellucid.keys import Key
from pellucid.spec.layer import LayerSpec
from pellucid.spec.losses import LossSpec

if TYPE_CHECKING:
    from torch import Tensor

    from pellucid.engines.pytorch.processes import Processes

Weights = dict[str, "Tensor"]
Forward = Callable[[Any, Sequence["Tensor"], Weights, "Context"], "Tensor"]


@dataclass(slots=True)
class Context:
    """What a step may know besides its numbers."""

    step: Step
    training: bool
    root: Key | None = None  # of this pass
    company: Processes | None = None  # whose batches count as one to batch norm
    width: Any = None  # dtype that the pass is in
    device: Any = None
    state: Weights = field(default_factory=dict)  # new moving statistics, by short name

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
        """The key of the step's random numbers."""
        return None if self.root is None else self.root.fold(self.step.layer, self.step.number)


ARITHMETIC: dict[type[LayerSpec], Forward] = {}
OWN_LOSSES: dict[type[LossSpec], Callable[..., Tensor]] = {}  # of the user; Pellucid's are in `losses`


def register(owner: type[LayerSpec], forward: Forward) -> None:
    """Enter a layer's arithmetic; raises ArgumentError when it has one already."""
    if owner in ARITHMETIC:
        raise ArgumentError(f"the PyTorch engine has arithmetic for {owner.__name__} already.")
    ARITHMETIC[owner] = forward


def arithmetic_of(spec: LayerSpec) -> Forward:
    """The arithmetic of a layer; raises ArgumentError when there is none."""
    found = ARITHMETIC.get(type(spec))
    if found is None:
        remedy = "Pass pytorch=... to pellucid.register_layer, or take engine='reference'."
        raise ArgumentError(f"the PyTorch engine has no arithmetic for {type(spec).__name__}. {remedy}")
    return found


def as_nchw(x: Tensor) -> Tensor:
    """The view (N,C,H,W) of a map (N,H,W,C)."""
    return x.permute(0, 3, 1, 2)


def as_nhwc(x: Tensor) -> Tensor:
    """The view (N,H,W,C) of a map (N,C,H,W)."""
    return x.permute(0, 2, 3, 1)
