"""What may enter a graph: data of the sizes it was built for, and the remedy in words for what does not fit."""

from __future__ import annotations

import numpy as np

from pellucid.engines.protocol import Array, Arrays
from pellucid.errors import ShapeError, describe
from pellucid.spec.shapes import Shape, shown


def entering(name: str, inputs: Arrays, shape: Shape) -> Array:
    """The data of an input; raises ShapeError when there are none or they do not fit the graph."""
    if name not in inputs:
        raise ShapeError(describe("model", "inputs", f"given for '{name}'", f"only {sorted(inputs)}"))
    got = tuple(np.shape(inputs[name]))
    if not fits(shape, got[1:]):
        raise ShapeError(describe(f"input '{name}'", "data", shown(shape), str(got), remedy_for(shape, got[1:])))
    return inputs[name]


def refuse_one_value(where: str, values: int) -> None:
    """Raise ShapeError when batch norm has but one value a channel, for that has no variance."""
    if values < 2:
        remedy = "Use a batch size that leaves no batch of one sample, or call with training=False."
        raise ShapeError(f"{where}: batch norm needs at least 2 values a channel, but got {values}. {remedy}")


def fits(shape: Shape, sizes: tuple[int, ...]) -> bool:
    """Whether data of these sizes may enter where `shape` is wanted."""
    return len(sizes) == len(shape) and all(w in (None, got) for w, got in zip(shape, sizes, strict=True))


def remedy_for(shape: Shape, sizes: tuple[int, ...]) -> str:
    """What to type when data of these sizes was meant for this shape."""
    if len(shape) == 3 and len(sizes) == 3:
        if fits(shape, (sizes[1], sizes[2], sizes[0])):
            return "Channels come first? Pass x.transpose(0, 2, 3, 1)."
        if fits(shape[:2], sizes[:2]):
            return f"Convert the images to {shape[2]} channels, or build the model with {sizes[2]}."
        return f"Resize the images to {shape[0]} x {shape[1]}, or build the model for {sizes[0]} x {sizes[1]}."
    if len(sizes) == len(shape) - 1 and shape[-1] == 1:
        return "Add the channel axis: x[..., None]."
    if len(sizes) == len(shape) - 1:
        return "A single sample? Add the batch axis: x[None]."
    return ""
