"""Where the parts of a plain torch module are gathered: one place a step, one assembly a network, one table of layers.

Axes      maps (H,W,C) of the graph are (N,C,H,W) here; any other shape keeps its order
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from pellucid.graph.plan import Step
from pellucid.spec.layer import LayerSpec
from pellucid.spec.shapes import Shape

Emit = Callable[[Any, "Place", list[fx.Node]], fx.Node]
PLAIN: dict[type[LayerSpec], Emit] = {}  # `plain_layers` enters each kind


@dataclass(frozen=True)
class Place:
    """Where one step's modules go: `name` is that of the module with its weights."""

    assembly: Assembly
    step: Step
    name: str
    shapes: tuple[Shape, ...]  # of the inputs, without the batch axis
    output: Shape

    @property
    def is_map(self) -> bool:
        """Whether the first input is an image map, channels first here."""
        return bool(self.shapes) and len(self.shapes[0]) == 3

    @property
    def frozen(self) -> bool:
        """Whether the layer's weights are not trained."""
        return self.step.frozen

    def weight(self, short: str) -> torch.Tensor:
        """A copy of the step's weight of that name."""
        found = torch.tensor(self.assembly.weights[dict(self.step.weights)[short]])
        return found.reshape(dict(self.step.views).get(short, found.shape))

    def weight_or_none(self, short: str) -> torch.Tensor | None:
        """The same; None when it has none."""
        return self.weight(short) if short in dict(self.step.weights) else None

    def fill(self, module: nn.Module, **values: torch.Tensor | None) -> nn.Module:
        """The module with these parameters and buffers, which are not trained when the layer is frozen."""
        for name, value in values.items():
            if name in module._buffers:
                setattr(module, name, value)
            else:
                trained = not self.frozen
                module.register_parameter(name, None if value is None else nn.Parameter(value.contiguous(), trained))
        return module

    def module(self, part: nn.Module, *inputs: fx.Node, suffix: str = "") -> fx.Node:
        """A call of a torch module; with a suffix it stands beside the layer's own."""
        name = self.assembly.enter(self.step.layer, f"{self.name}_{suffix}" if suffix else self.name, part)
        return self.assembly.graph.call_module(name, inputs)

    def parameter(self, short: str, value: torch.Tensor) -> fx.Node:
        """A weight that stands alone, as `layer.short`."""
        name = self.assembly.enter(self.step.layer, self.name, self.fill(nn.Module(), **{short: value}))
        return self.assembly.graph.get_attr(f"{name}.{short}")

    def call(self, function: Callable[..., Any], *given: Any, **named: Any) -> fx.Node:
        """A call of a torch function."""
        return self.assembly.graph.call_function(function, given, named)

    def permuted(self, x: fx.Node, *axes: int) -> fx.Node:
        """The axes in another order."""
        return self.call(torch.permute, x, axes)

    def channels_last(self, x: fx.Node) -> fx.Node:
        """(N,H,W,C) of a map."""
        return self.permuted(x, 0, 2, 3, 1)

    def channels_first(self, x: fx.Node) -> fx.Node:
        """(N,C,H,W) of (N,H,W,C)."""
        return self.permuted(x, 0, 3, 1, 2)


class Assembly:
    """Collects modules and calls."""

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self.weights = weights
        self.graph, self.parts = fx.Graph(), nn.Module()
        self.names: dict[str, tuple[str, str]] = {}  # path of each module -> its layer, and what it is
        self.first: dict[tuple[str, str], nn.Module] = {}

    def enter(self, owner: str, wanted: str, part: nn.Module) -> str:
        """The name a module goes by. A layer called again shares its module, or its weights where sizes differ."""
        name, number = wanted, 1
        while name in self.names and self.names[name] != (owner, str(part)):
            number += 1
            name = f"{wanted}_{number}"
        if name not in self.names:
            first = self.first.setdefault((owner, wanted), part)
            for short in [short for short, value in part._parameters.items() if value is not None]:
                part.register_parameter(short, first._parameters[short])
            for short in part._buffers:
                part._buffers[short] = first._buffers[short]
            self.names[name] = owner, str(part)
            self.home(name).add_module(name.rpartition(".")[2], part)
        return name

    def home(self, name: str) -> nn.Module:
        """The module that holds the one of this path."""
        found = self.parts
        for word in name.split(".")[:-1]:
            if word not in found._modules:
                found.add_module(word, nn.Module())
            found = found.get_submodule(word)
        return found
