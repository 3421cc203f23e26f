"""Variable: numbers that a metric or a layer holds, read and assigned as Keras's variables are."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from pellucid.eager import initializers
from pellucid.eager.calculating import hold
from pellucid.eager.making import kind_of

MADE = itertools.count()


class Variable:
    """An array with a name; in arithmetic it is the array."""

    def __init__(
        self, initializer: Any, shape: Any = None, dtype: Any = None, trainable: bool = True, autocast: bool = True,
        aggregation: str = "none", name: str | None = None,
    ) -> None:  # fmt: skip
        if isinstance(initializer, str):
            initializer = initializers.get(initializer)
        if callable(initializer) and not hasattr(initializer, "__array__"):
            initializer = initializer(() if shape is None else tuple(shape))
        value = hold(initializer)
        self.value = np.array(value if dtype is None else value.astype(kind_of(dtype)))
        self.name = self.path = name or f"variable_{next(MADE)}"
        self.trainable, self.constraint, self.regularizer = trainable, None, None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape."""
        return self.value.shape

    @property
    def dtype(self) -> str:
        """The kind of number."""
        return str(self.value.dtype)

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return self.value.ndim

    def numpy(self) -> np.ndarray:
        """A copy as an array."""
        return self.value.copy()

    def assign(self, value: Any) -> Variable:
        """Take these numbers."""
        self.value = np.broadcast_to(np.asarray(value), self.value.shape).astype(self.value.dtype)
        return self

    def assign_add(self, value: Any) -> Variable:
        """Add these numbers."""
        return self.assign(self.value + np.asarray(value))

    def assign_sub(self, value: Any) -> Variable:
        """Take these numbers away."""
        return self.assign(self.value - np.asarray(value))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.value.astype(dtype) if dtype is not None else self.value

    def __getitem__(self, index: Any) -> Any:
        return self.value[index]

    def __add__(self, other: Any) -> Any:
        return self.value + np.asarray(other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self.value - np.asarray(other)

    def __rsub__(self, other: Any) -> Any:
        return np.asarray(other) - self.value

    def __mul__(self, other: Any) -> Any:
        return self.value * np.asarray(other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return self.value / np.asarray(other)

    def __rtruediv__(self, other: Any) -> Any:
        return np.asarray(other) / self.value

    def __eq__(self, other: object) -> Any:
        return self.value == np.asarray(other)

    __hash__ = object.__hash__

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __repr__(self) -> str:
        return f"<Variable {self.name} {self.shape} {self.dtype}>"
