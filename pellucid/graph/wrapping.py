"""Layers that hold other layers, with Keras's names: traced like those of a user's own, so a file needs no class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pellucid.errors import ArgumentError, ShapeError, describe, shown
from pellucid.graph.layer import Layer


class Wrapper(Layer):
    """A layer around another, to derive from: `self.layer` is the one that it holds."""

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise ArgumentError(describe("Wrapper", "layer", "a layer", shown(repr(layer))))
        super().__init__(**kwargs)
        self.layer = layer

    def call(self, inputs: Any, training: Any = None) -> Any:
        """What the layer gives."""
        return self.layer(inputs, training=training)


class Pipeline(Layer):
    """Layers one after another as one layer."""

    def __init__(self, layers: Sequence[Any], name: str | None = None) -> None:
        if not isinstance(layers, (list, tuple)) or not layers or not all(isinstance(x, Layer) for x in layers):
            raise ArgumentError(describe("Pipeline", "layers", "a list of layers", shown(repr(layers))))
        super().__init__(name=name)
        self.layers = list(layers)

    def call(self, inputs: Any, training: Any = None) -> Any:
        """What the last layer gives."""
        for layer in self.layers:
            inputs = layer(inputs, training=training)
        return inputs


class InputSpec:
    """What a layer of one's own takes, as `self.input_spec`: shape, ndim, max_ndim, min_ndim, and sizes of axes.

    Shapes with the batch axis; None is any size. The layer's first call is held to it.
    """

    def __init__(
        self, dtype: Any = None, shape: Any = None, ndim: int | None = None, max_ndim: int | None = None,
        min_ndim: int | None = None, axes: Mapping[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False, name: str | None = None, optional: bool = False,
    ) -> None:  # fmt: skip
        self.dtype, self.shape, self.name = dtype, None if shape is None else tuple(shape), name
        self.ndim = ndim if shape is None else len(tuple(shape))
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze, self.optional = allow_last_axis_squeeze, optional

    def refuse_other(self, where: str, given: tuple[int | None, ...]) -> None:
        """Raise ShapeError for an input of a shape, batch axis included, that this is not."""
        rank = len(given)
        wanted = []
        if self.ndim is not None and rank != self.ndim:
            wanted.append(f"of {self.ndim} axes")
        if self.min_ndim is not None and rank < self.min_ndim:
            wanted.append(f"of at least {self.min_ndim} axes")
        if self.max_ndim is not None and rank > self.max_ndim:
            wanted.append(f"of at most {self.max_ndim} axes")
        sizes = {**dict(enumerate(self.shape or ())), **self.axes}
        for axis, size in sizes.items():
            if size is not None and -rank <= axis < rank and given[axis] not in (None, size):
                wanted.append(f"of size {size} on axis {axis}")
        if wanted:
            raise ShapeError(describe(where, "the input", " and ".join(wanted), f"of shape {given}"))

    def __repr__(self) -> str:
        words = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        given = [f"{word}={getattr(self, word)}" for word in words if getattr(self, word) not in (None, {})]
        return f"InputSpec({', '.join(given)})"
