"""Sequential: layers one after another, added one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pellucid.errors import ArgumentError, UsageError, describe
from pellucid.graph.build import Built
from pellucid.graph.graph import Nested
from pellucid.graph.layer import Layer, Tensor
from pellucid.graph.vocabulary import Input
from pellucid.model.model import Model
from pellucid.model.network import Network
from pellucid.spec.reshaping import InputLayer
from pellucid.training.feeding import first_inputs
from pellucid.training.inputs import numbers


class Sequential(Model):
    """Layers one after another; the first is Input(shape), has input_shape=..., or takes its shape from the first data.

    Raises ArgumentError or ShapeError when a layer does not fit; the layers before it stay as they are.
    """

    kind = "sequential"

    def __init__(self, layers: Sequence[Any] | None = None, name: str | None = None) -> None:
        self._start(name or "sequential")
        if layers is not None and not isinstance(layers, (list, tuple)):
            raise ArgumentError(describe(self.name, "layers", "a list of layers", type(layers).__name__))
        for layer in layers or ():
            self._append(layer)
        self._rebuild()

    def _start(self, name: str) -> None:
        super()._start(name)
        self._stack: list[Any] = []  # layers, and models that wait for the sizes of what comes in
        self._way: list[Tensor] = []  # the tensor that enters, and the one after each layer; empty while unknown

    def _restore(self, built: Built) -> None:
        self._built = built
        self._stack = [built.layers[node.layer] for node in built.graph.nodes[1:]]
        self._enter(built.layers[built.graph.nodes[0].layer](()))
        self._inputs, self._outputs = self._way[:1], self._way[-1:]

    def add(self, layer: Any) -> None:
        """Append a layer or a model."""
        self._append(layer)
        self._rebuild()

    def pop(self) -> None:
        """Remove the last layer."""
        if not self._stack:
            raise UsageError(f"{self.name} has no layer to remove.")
        self._stack.pop()
        self._way = self._way[: len(self._stack) + 1]
        self._rebuild()

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Say the input's shape, batch axis included, when no layer did."""
        if not self._way:
            self._enter(Input(tuple(input_shape)[1:]))
            self._rebuild()

    def _append(self, layer: Any) -> None:
        if isinstance(layer, Layer) and isinstance(layer.spec, InputLayer):
            layer = layer(())
        if isinstance(layer, Tensor) and isinstance(layer.call.layer.spec, InputLayer):
            if self._stack or self._way:
                raise ArgumentError(f"{self.name}: Input must be the first layer.")
            self._enter(layer)
            return
        if isinstance(layer, Network) and layer._built is None and not self._way:
            self._stack.append(layer)  # it becomes a layer once the sizes are known
            return
        if isinstance(layer, Network):
            layer = self._placed(layer)
        if not isinstance(layer, Layer):
            raise ArgumentError(describe(self.name, "layers", "layers, models or Input(shape)", repr(layer)))
        if not self._stack and not self._way:
            if layer.input_shape is not None:
                self._enter(Input(layer.input_shape))
            elif isinstance(layer.spec, Nested):
                self._enter(Input(next(iter(layer.spec.graph.input_shapes.values()))))
        if self._way:
            self._way.append(self._next(layer))
        self._stack.append(layer)

    def _placed(self, model: Network) -> Layer:
        """A model as the next layer, built for what comes in."""
        if model._built is None:
            model._build_on(self._way[-1])  # type: ignore[attr-defined]  # of every model that a user makes
        return model.as_layer()

    def _next(self, layer: Layer) -> Tensor:
        tensor = layer(self._way[-1])
        if not isinstance(tensor, Tensor):
            raise ArgumentError(describe(self.name, "layers", "of one output each", f"{layer!r} with {len(tensor)}"))
        return tensor

    def _enter(self, first: Tensor) -> None:
        self._way = [first]
        try:
            for place, layer in enumerate(self._stack):
                if isinstance(layer, Network):
                    self._stack[place] = self._placed(layer)
                self._way.append(self._next(self._stack[place]))
        except Exception:
            self._way = []
            raise

    def _rebuild(self) -> None:
        self._layer = None
        if self._compiled is not None:
            self._compiled.outputs_changed()
        if self._way and self._stack:
            self._construct(self._way[:1], self._way[-1:])
        else:
            self._built = None

    def _build_on(self, inputs: Any) -> None:
        if not self._way and isinstance(inputs, Tensor):
            self._enter(Input(inputs.sizes))
            self._rebuild()

    def _build_for(self, x: Any) -> None:
        if self._way or x is None:
            return
        batch = first_inputs(x)
        if batch is None or isinstance(batch, Mapping):
            raise UsageError(f"{self.name}: the input shape is not known. Add Input(shape) as the first layer.")
        self._enter(Input(numbers("x", batch).shape[1:]))
        self._rebuild()

    @property
    def layers(self) -> list[Layer]:
        """The layers added, Input left out."""
        return list(self._stack)
