"""Layer: an identity with a name and a spec; Tensor: what a layer gives when it is called.

Two equal layers are two layers; one layer called twice shares its weights. The weights' values hang on the layer, so
all models cut from the same layers share them.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.graph.graph import Nested
from pellucid.spec.base import rules
from pellucid.spec.layer import LayerSpec
from pellucid.spec.shapes import Shape, shown

CREATED = itertools.count()


class Tensor:
    """A symbolic result: output number `index` of one call of a layer; `shape` is without the batch axis."""

    def __init__(self, call: Call, index: int, shape: Shape) -> None:
        self.call = call
        self.index = index
        self.sizes = shape

    @property
    def shape(self) -> Shape:
        """The shape with the batch axis, as Keras shows it: (None, 28, 28, 1)."""
        return (None, *self.sizes)

    def __repr__(self) -> str:
        return f"<Tensor {self.shape} of {self.call.layer.label}>"


class Call:
    """One call of a layer on tensors."""

    def __init__(self, layer: Layer, inputs: tuple[Tensor, ...]) -> None:
        self.layer = layer
        self.inputs = inputs
        shapes = layer.output_shapes([tensor.sizes for tensor in inputs])
        self.outputs = tuple(Tensor(self, index, shape) for index, shape in enumerate(shapes))


class Layer:
    """A layer of a network; subclasses name their spec, whose arguments they take.

    `name` is unique in a model and has no '/'; `trainable=False` freezes the layer; `input_shape` (without the batch
    axis) is for the first layer of a Sequential.
    """

    spec_class: ClassVar[type[LayerSpec]]

    def __init__(
        self,
        *args: Any,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
        **arguments: Any,
    ) -> None:
        self._start(self._describe(args, arguments), name, trainable)
        if input_shape is None and "input_dim" in arguments:
            input_shape = (arguments["input_dim"],)
        self.input_shape = None if input_shape is None else tuple(input_shape)

    def _start(self, spec: LayerSpec, name: str | None, trainable: bool) -> None:
        if name is not None and (not isinstance(name, str) or not name or "/" in name):
            raise ArgumentError(describe(type(self).__name__, "name", "a word without '/'", repr(name)))
        self.spec = spec
        self.given_name = name
        self.name = name
        self.trainable = trainable
        self.input_shape: Shape | None = None
        self.created = next(CREATED)
        self.weights: dict[str, Any] = {}  # short name -> array; empty until a model is built
        self.inner: tuple[Layer, ...] = ()  # the layers of a sub-model, in its graph's order

    def _describe(self, args: tuple[Any, ...], arguments: dict[str, Any]) -> LayerSpec:
        fields = {word: value for word, value in arguments.items() if word not in ("input_dim", "dtype")}
        known = rules(self.spec_class)
        for word in fields:
            if word not in known:
                listed = ", ".join([*known, "name", "trainable", "input_shape"])
                raise ArgumentError(f"{type(self).__name__}: unknown argument '{word}'; known are: {listed}.")
        try:
            return self.spec_class(*args, **fields)
        except TypeError as fault:  # too many or too few arguments
            raise ArgumentError(f"{type(self).__name__}: {fault}. Its arguments are: {', '.join(known)}.") from None

    @classmethod
    def of(cls, spec: LayerSpec, name: str | None = None, *, trainable: bool = True) -> Layer:
        """The layer of a spec, as a file gives it."""
        layer = cls.__new__(cls)
        layer._start(spec, name, trainable)
        return layer

    @property
    def label(self) -> str:
        """How messages name the layer: conv2d 'stem'."""
        return f"{self.spec.prefix} '{self.name}'" if self.name else self.spec.prefix

    def output_shapes(self, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
        """The outputs' shapes; raises ShapeError that names the layer."""
        if isinstance(self.spec, Nested):
            return self._nested_shapes(self.spec, inputs)
        fewest, most = self.spec.arity
        if len(inputs) < fewest or (most is not None and len(inputs) > most):
            wanted = f"{fewest}" if fewest == most else f"at least {fewest}"
            remedy = "Pass a list of tensors." if fewest > 1 else ""
            raise ShapeError(describe(self.label, "the number of inputs", wanted, len(inputs), remedy))
        return (self.spec.output_shape(inputs, self.label),)

    def _nested_shapes(self, spec: Nested, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
        wanted = tuple(spec.graph.input_shapes.values())
        if len(wanted) != len(inputs):
            raise ShapeError(describe(self.label, "the number of inputs", str(len(wanted)), len(inputs)))
        for shape, given in zip(wanted, inputs, strict=True):
            if len(shape) != len(given) or any(w not in (None, g) for w, g in zip(shape, given, strict=True)):
                raise ShapeError(describe(self.label, "input", shown(shape), shown(given)))
        return tuple(spec.graph.output_shapes.values())

    def __call__(self, inputs: Tensor | Sequence[Tensor] | Mapping[str, Tensor]) -> Any:
        """The layer's output tensor for symbolic inputs."""
        tensors = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                remedy = "For numbers, build a Model and call predict."
                got = type(tensor).__name__
                raise ArgumentError(describe(self.label, "inputs", "tensors from Input or a layer", got, remedy))
        outputs = Call(self, tensors).outputs
        return outputs[0] if len(outputs) == 1 else list(outputs)

    def get_weights(self) -> list[Any]:
        """Copies of the layer's arrays, in Keras's order; empty before the layer is part of a model."""
        return [value.copy() for value in self.weights.values()]

    def get_config(self) -> dict[str, Any]:
        """The layer's arguments as JSON-ready data."""
        return {"name": self.name, "trainable": self.trainable, **self.spec.to_config()}

    def __repr__(self) -> str:
        return f"<{type(self.spec).__name__} {self.name or ''}>"
