"""One layer on inputs of given sizes: every axis has another size (N 2, H 7, W 5, C 3 or 4)."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.spec.layer import LayerSpec

Sizes = tuple[int, ...]
MAP = (7, 5, 3)
EVEN = (7, 6, 4)


@dataclass(frozen=True)
class Case:
    """One layer on inputs of given shapes (without the batch axis); `keras` when Keras has the same."""

    spec: LayerSpec
    shapes: tuple[Sizes, ...] = (MAP,)
    training: bool = True
    keras: bool = True
    tolerance: float = 1e-6
    derived: bool = True  # its backward is the derivative of its forward

    def __str__(self) -> str:
        given = {k: v for k, v in vars(self.spec).items() if v != type(self.spec).__dataclass_fields__[k].default}
        words = "-".join(f"{k}={getattr(v, 'prefix', v)}" for k, v in given.items() if "initializer" not in k)
        sizes = "+".join("x".join(map(str, shape)) for shape in self.shapes)
        mode = "" if self.training else "-predicting"
        return f"{type(self.spec).__name__}-{words}-{sizes}{mode}".replace(" ", "")
