"""Layers on pictures in a plain module: resizing by the engine's matrices; what only training changes is left out."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, fx, nn

from pellucid.engines.picturing import AFFINES, resizing
from pellucid.engines.pytorch.assembly import PLAIN, Place
from pellucid.errors import ShapeError, describe
from pellucid.spec import colors, images, mixing
from pellucid.spec.images import AdaptiveAveragePooling2D, RandomCrop, Resizing


class Weighed(nn.Module):
    """y = A x B' + border on each channel, in x's precision: a picture of another size."""

    rows: Tensor
    columns: Tensor
    border: Tensor

    def __init__(self, rows: Tensor, columns: Tensor, border: Tensor) -> None:
        super().__init__()
        for name, value in (("rows", rows), ("columns", columns.t().contiguous()), ("border", border)):
            self.register_buffer(name, value)

    def forward(self, x: Tensor) -> Tensor:
        """(N,C,H,W) -> (N,C,I,J)."""
        return self.rows.to(x.dtype) @ x @ self.columns.to(x.dtype) + self.border.to(x.dtype)


def resized(spec: Resizing | AdaptiveAveragePooling2D, place: Place, inputs: list[fx.Node]) -> fx.Node:
    """By matrices, so the size of the map must be known."""
    height, width, _ = place.shapes[0]
    if height is None or width is None:
        remedy = "Give Input a full shape."
        raise ShapeError(describe("to_torch", f"the input of {place.step.label}", "of known size", "None", remedy))
    rows, columns = resizing(spec, height, width)
    border = spec.fill_value * (1 - np.outer(rows.sum(1), columns.sum(1)))
    return place.module(Weighed(*map(torch.from_numpy, (rows, columns, border))), *inputs)


def unchanged(spec: images.OfPictures, place: Place, inputs: list[fx.Node]) -> fx.Node:
    """The input."""
    return inputs[0]


def middle(spec: RandomCrop, place: Place, inputs: list[fx.Node]) -> fx.Node:
    """What predictions see of a part drawn at random."""
    return resized(spec.middle, place, inputs)


ONLY_IN_TRAINING: tuple[type[images.OfPictures], ...] = (
    *AFFINES, images.RandomContrast, images.RandomBrightness, images.RandomInvert, images.RandomGrayscale,
    images.RandomColorDegeneration, colors.RandomHue, colors.RandomSaturation,
    mixing.CutMix, mixing.MixUp,
)  # fmt: skip
PLAIN |= dict.fromkeys(ONLY_IN_TRAINING, unchanged)
PLAIN |= {AdaptiveAveragePooling2D: resized, Resizing: resized, RandomCrop: middle}
