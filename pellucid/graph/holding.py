"""Holding: the weights that hang on a layer, drawn when somebody first asks for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid.errors import ShapeError, describe
from pellucid.spec.layer import LayerSpec

HANDED: list[Callable[..., Any]] = []  # what makes a variable of a weight, entered likewise
BUILD: list[Callable[..., Any]] = []  # what draws the weights of one layer, once a page that can has been imported


@dataclass(frozen=True)
class Undrawn:
    """A weight that nobody has asked for yet; `draw` gives its first numbers, the same whenever it is called."""

    draw: Callable[[], Any]


class Holding:
    """Weights by their short names, and those of the layers inside."""

    if TYPE_CHECKING:  # what a layer has besides
        trainable: bool
        spec: LayerSpec
        calls: list[Any]

        @property
        def label(self) -> str: ...

    held: dict[str, Any]
    inner: tuple[Any, ...]

    @property
    def weights(self) -> dict[str, Any]:
        """Short name -> array, drawn when first asked for; empty until a model is built."""
        for short, value in list(self.held.items()):
            if isinstance(value, Undrawn):
                self.held[short] = value.draw()
        return self.held

    def get_weights(self) -> list[Any]:
        """Copies of the layer's arrays, in Keras's order; empty before the layer knows its inputs."""
        return [value.copy() for _, _, value in self._arrays()]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace the layer's arrays; raises ShapeError that names the first that does not fit."""
        homes = [(layer, short) for layer in self.innermost() for short in layer.weights]
        if len(weights) != len(homes):
            wanted = f"a list of {len(homes)} arrays"
            raise ShapeError(describe(self.label, "weights", wanted, f"{len(weights)} arrays"))
        for (layer, short), value in zip(homes, weights, strict=True):
            layer.set_weight(short, value)

    def set_weight(self, short: str, value: Any) -> None:
        """Replace one array by a copy of another of its shape, in its dtype."""
        old = self.weights[short]
        shape = getattr(value, "shape", None)
        if shape != old.shape:
            got = str(shape) if shape is not None else type(value).__name__
            raise ShapeError(describe(self.label, f"weight '{short}'", f"an array of shape {old.shape}", got))
        self.weights[short] = value.astype(old.dtype, order="C", copy=True)

    def innermost(self) -> tuple[Any, ...]:
        """The layer, or those of a sub-model, the deepest ones."""
        return tuple(deep for layer in self.inner for deep in layer.innermost()) if self.inner else (self,)

    @property
    def trainable_weights(self) -> list[Any]:
        """The arrays that training changes, in Keras's order."""
        return [handed(layer, short) for layer, short, _ in self._arrays() if layer.trainable and self.trainable
                and learned(layer, short)]  # fmt: skip

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The arrays that training leaves: moving statistics, and all of a frozen layer."""
        return [handed(layer, short) for layer, short, _ in self._arrays() if not (layer.trainable and self.trainable
                and learned(layer, short))]  # fmt: skip

    trainable_variables, non_trainable_variables = trainable_weights, non_trainable_weights

    def _arrays(self) -> list[tuple[Any, str, Any]]:
        if self.calls and BUILD and not any(deep.held for deep in self.innermost()):
            BUILD[0](self, [tensor.sizes for tensor in self.calls[0].inputs])
        return [(deep, short, value) for deep in self.innermost() for short, value in deep.weights.items()]

    def count_params(self) -> int:
        """Entries of all weights; 0 before the layer knows its inputs."""
        return sum(int(value.size) for _, _, value in self._arrays())


def handed(layer: Any, short: str) -> Any:
    """A weight as a user is handed it."""
    return HANDED[0](layer, short) if HANDED else layer.weights[short]


def learned(layer: Any, short: str) -> bool:
    """Whether a weight is one that gradients change, frozen or not."""
    return not short.startswith("moving_") and getattr(layer.spec, "learned", True)
