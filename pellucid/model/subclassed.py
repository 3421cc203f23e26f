"""Models of a user's own, written as Keras's are: layers in __init__, and call(self, inputs).

`call` is run once, when the inputs' shapes are known; from then on the model is a network like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pellucid.errors import UsageError
from pellucid.graph.layer import Tensor
from pellucid.model.network import Network
from pellucid.training.feeding import first_inputs
from pellucid.training.inputs import numbers


class Sizes(tuple[int | None, ...]):
    """The shape of one input without the batch axis, so that it is told from a tuple of inputs."""


def build_for(model: Network, call: Callable[..., Any], sizes: Any) -> None:
    """Run the model's own `call` with tensors of these sizes, and be what it gives."""
    from pellucid.graph.traced import entered
    from pellucid.graph.tracing import mapped, traced, tracked

    words = [str(word) for word in sizes] if isinstance(sizes, Mapping) else None
    given = mapped(sizes, lambda shape: entered(tuple(shape)))
    found = traced(call, type(model).__name__, [given], {}, tracked(model), words)
    keys = list(found.form) if isinstance(found.form, Mapping) else None
    model._adopt(found.built, found.inputs, found.outputs, (words, keys))


def shapes_in(given: Any) -> Any:
    """Shapes with the batch axis, alone or in lists and mappings, as sizes."""
    if isinstance(given, Mapping):
        return {word: shapes_in(shape) for word, shape in given.items()}
    if given and isinstance(given[0], (list, tuple)):
        return [shapes_in(shape) for shape in given]
    return Sizes(given[1:])


def shapes_of_data(name: str, x: Any) -> Any:
    """The sizes of the first batch of data."""
    batch = first_inputs(x)
    if batch is None:
        raise UsageError(f"{name}: the input shape is not known yet. Call build(input_shape) first.")
    if isinstance(batch, Mapping):
        return {word: Sizes(numbers(str(word), entry).shape[1:]) for word, entry in batch.items()}
    if isinstance(batch, (list, tuple)) and all(hasattr(entry, "shape") for entry in batch):
        return [Sizes(numbers("x", entry).shape[1:]) for entry in batch]
    return Sizes(numbers("x", batch).shape[1:])


def shapes_of_tensors(given: Any) -> Any:
    """The sizes of tensors."""
    if isinstance(given, Mapping):
        return {word: shapes_of_tensors(entry) for word, entry in given.items()}
    if isinstance(given, (list, tuple)):
        return [shapes_of_tensors(entry) for entry in given]
    return Sizes(given.sizes if isinstance(given, Tensor) else given.shape[1:])
