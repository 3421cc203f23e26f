"""Enters what can calculate in the rooms below; the engine is imported at the first call."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from pellucid.graph.holding import BUILD, HANDED
from pellucid.graph.layer import ON_NUMBERS, OWN, Layer
from pellucid.graph.operators import CALCULATOR
from pellucid.graph.vocabulary_of_categories import ADAPT
from pellucid.spec.layer import LayerSpec


class Later:
    """The calculator of `eager.calculating`, imported when first asked."""

    def hold(self, value: Any) -> Any:
        """Numbers as an array."""
        return import_module("pellucid.eager.calculating").hold(value)

    def run(self, spec: LayerSpec, arrays: Sequence[Any]) -> Any:
        """The result of a layer without weights on arrays without a batch axis."""
        return import_module("pellucid.eager.calculating").run(spec, arrays)


def on_numbers(layer: Layer, inputs: Any, *args: Any, **named: Any) -> Any:
    """What a layer gives for numbers."""
    return import_module("pellucid.eager.calling").on_numbers(layer, inputs, *args, **named)


class Own:
    """Makes layers of classes that a user wrote; what traces them is imported at the first one."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("pellucid.graph.subclassed"), name)


def build(layer: Layer, shapes: Any) -> None:
    """Draw a layer's weights for inputs of these shapes."""
    import_module("pellucid.eager.calling").network_of(layer, tuple(shapes))


def handed(layer: Layer, short: str) -> Any:
    """A weight as Keras's variables are."""
    return import_module("pellucid.engines.weight").Weight.of(layer, short)


def adapted(layer: Layer, data: Any, steps: int | None = None) -> LayerSpec:
    """What a layer is once it has seen data."""
    found: LayerSpec = import_module("pellucid.eager.adapting").adapted(layer, data, steps)
    return found


ADAPT.append(adapted)
BUILD.append(build)
HANDED.append(handed)
OWN.append(Own())
CALCULATOR.append(Later())
ON_NUMBERS.append(on_numbers)
