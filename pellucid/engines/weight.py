"""Weight: an array of a layer as a user is handed it, read and assigned as Keras's variables are."""

from __future__ import annotations

from typing import Any, Self

import numpy as np


class Weight(np.ndarray):
    """A view of the layer's own numbers: what is assigned is the layer's until fit or set_weights replaces them."""

    path: str
    trainable: bool
    constraint: Any = None
    regularizer: Any = None

    @classmethod
    def of(cls, layer: Any, short: str) -> Self:
        """The weight `short` of a layer."""
        spec = layer.spec
        found = cls.named(layer.weights[short], f"{layer.name or layer.prefix}/{short}", layer.trainable)
        found.constraint = spec.constraint_of(short)
        found.regularizer = getattr(spec, f"{short.removesuffix('_kernel')}_regularizer", None)
        return found

    @classmethod
    def named(cls, array: np.ndarray, path: str, trainable: bool) -> Self:
        """An array under a name."""
        found: Self = array.view(cls)
        found.path, found.trainable = path, trainable
        return found

    @property
    def name(self) -> str:
        """The short name."""
        return self.path.rpartition("/")[2]

    @property
    def value(self) -> np.ndarray:
        """The numbers."""
        return self.view(np.ndarray)

    def numpy(self) -> np.ndarray:
        """A copy of the numbers."""
        return np.array(self)

    def assign(self, value: Any) -> Self:
        """Take these numbers."""
        self[...] = value
        return self

    def assign_add(self, value: Any) -> Self:
        """Add these numbers."""
        return self.assign(self.value + value)

    def assign_sub(self, value: Any) -> Self:
        """Take these numbers away."""
        return self.assign(self.value - value)
