"""LayerSpec: what a layer is, apart from any network: arguments, output shape, weight shapes, cost.

Shapes leave out the batch axis. A layer with an activation, or one made of two, says so by `primitives`, so that
each arithmetic exists once an engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pellucid.errors import ShapeError
from pellucid.spec.base import Spec, Table
from pellucid.spec.constraints import Constraint
from pellucid.spec.initializers import Initializer
from pellucid.spec.regularizers import Regularizer
from pellucid.spec.shapes import Shape, shown


@dataclass(frozen=True)
class WeightSpec:
    """One weight of a layer; `fan` is (fan_in, fan_out) for initialisers that scale."""

    name: str
    shape: tuple[int, ...]
    initializer: Initializer
    fan: tuple[int, int] = (1, 1)
    trainable: bool = True
    regularizer: Regularizer | None = None


@dataclass(frozen=True)
class Window:
    """How a layer looks at its input: kernel, stride and dilation in (rows, columns), pixels added top and left."""

    kernel: tuple[int, int]
    strides: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class Primitive:
    """One piece of arithmetic a layer is made of; `weights` maps the arithmetic's names to the layer's.

    `takes` are the values that it reads: 0, 1, ... the layer's inputs, then the results in order; None for the result
    before, or all inputs. A layer made of several pieces collects them with `Pieces`.
    """

    spec: LayerSpec
    weights: dict[str, str]
    takes: tuple[int, ...] | None = None
    views: tuple[tuple[str, tuple[int, ...]], ...] = ()  # shapes that the arithmetic reads weights in


class Pieces:
    """Collects the pieces of a layer for inputs so many; each call gives the number of its result."""

    def __init__(self, inputs: int = 1) -> None:
        self.inputs = inputs
        self.found: list[Primitive] = []

    def add(
        self, spec: LayerSpec, *takes: int, weights: dict[str, str] | None = None,
        views: tuple[tuple[str, tuple[int, ...]], ...] = (),
    ) -> int:  # fmt: skip
        """One piece more, on these values."""
        self.found.append(Primitive(spec, weights or {}, takes, views))
        return self.inputs + len(self.found) - 1

    def ending(self, more: Sequence[Primitive]) -> tuple[Primitive, ...]:
        """All pieces, then those of an activation."""
        return (*self.found, *more)


class LayerSpec(Spec):
    """What all layers are."""

    kind: ClassVar[str] = "layer"
    prefix: ClassVar[str] = "layer"  # of automatic names
    arity: ClassVar[tuple[int, int | None]] = (1, 1)  # fewest and most inputs
    noisy: ClassVar[bool] = False    # whether it draws numbers anew in every step of a training

    @property
    def title(self) -> str:
        """What a table calls the layer: its kind, and the one number that matters where there is such a number."""
        return type(self).__name__

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        """The output's shape; raises ShapeError that names the layer `where`."""
        return inputs[0]

    def has_batch(self, inputs: Sequence[bool]) -> bool:
        """Whether the result has a batch axis, where these of the inputs have one."""
        return any(inputs) or not inputs

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        """The layer's weights, in Keras's order."""
        return ()

    def constraint_of(self, short: str) -> Constraint | None:
        """What a weight is brought back to after each update: the argument named after it."""
        found: Constraint | None = getattr(self, f"{short.removesuffix('_kernel')}_constraint", None)
        return found

    def primitives(self) -> tuple[Primitive, ...]:
        """The arithmetic the layer is made of, in order."""
        return (Primitive(self, {}),)

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        """The same where it depends on the inputs' shapes."""
        return self.primitives()

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        """Additions and multiplications for one sample; one an output entry where nothing finer is said."""
        return count(output)

    def window(self) -> Window | None:
        """How the layer looks at its input map; None when each pixel sees only itself."""
        return None

    def same_shapes(self, inputs: Sequence[Shape], where: str) -> None:
        """Raise ShapeError unless all inputs have one rank."""
        if len({len(shape) for shape in inputs}) > 1:
            listed = ", ".join(shown(shape) for shape in inputs)
            raise ShapeError(f"{where}: all inputs must have the same rank, but they are {listed}.")


def count(shape: Shape) -> int:
    """Entries of one sample, an unknown axis counted once."""
    total = 1
    for size in shape:
        total *= size or 1
    return total


LAYERS: Table[Any] = Table(
    "layer", "If it is your own layer, call pellucid.register_layer(...) before loading the file.",
    ("pellucid.spec.adaptive", "pellucid.spec.categories", "pellucid.spec.colors", "pellucid.spec.einsum",
     "pellucid.spec.images", "pellucid.spec.mixing", "pellucid.spec.noise", "pellucid.spec.norms",
     "pellucid.spec.quantized", "pellucid.spec.sequences", "pellucid.spec.shifting"),
)  # fmt: skip
