"""Keras's functions beside the layers that join: add([x, y]) is Add()([x, y])."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pellucid.graph.layer import Layer
from pellucid.graph.vocabulary import Add, Concatenate, Multiply
from pellucid.graph.vocabulary_of_rows import Average, Dot, Maximum, Minimum, Subtract


def joined(owner: type[Layer]) -> Callable[..., Any]:
    """The function of a layer class."""

    def called(inputs: Sequence[Any], *args: Any, **arguments: Any) -> Any:
        return owner(*args, **arguments)(list(inputs))

    called.__name__ = called.__qualname__ = owner.__name__.lower()
    called.__doc__ = owner.__doc__
    return called


add, average, concatenate, dot = joined(Add), joined(Average), joined(Concatenate), joined(Dot)
maximum, minimum, multiply, subtract = joined(Maximum), joined(Minimum), joined(Multiply), joined(Subtract)
