"""PhotoNet: a small network with batch norm for photos, the default of `pellucid train` for them.

Table   conv 5x5 16 stride 2 | pool | conv 3x3 48 | pool | conv 3x3 96 | global mean, global maximum | dense classes
        softmax; from 128 pixels on once more pool, conv 3x3 96 after the third; pools are 2x2; every convolution has
        batch norm and ReLU, and no bias
Count   52,154 at 64x64x3 and 10 classes, of which 51,834 are trained
Source  Pellucid's own, chosen on validation parts (benchmarks/results/recipes.json): batch norm as in Ioffe & Szegedy
        2015, with momentum 0.9, as small sets make few steps; the global mean of Lin et al. 2014
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import (
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
    ReLU,
)
from pellucid.model import Model

FILTERS = (16, 48, 96)
LARGE = 128  # pixels of the shorter side, from which on there is a fourth convolution


def PhotoNet(include_top: bool = True, weights: Weights = None, **options: Unpack[Options]) -> Model:
    """A small network for photos; other arguments as in Keras (`frame.Options`)."""
    frame = Frame.of("photonet", include_top, weights, options, shape=(64, 64, 3), classes=10)
    sides = [size for size in frame.entry.sizes[:2] if size is not None]
    filters = (*FILTERS, FILTERS[-1]) if sides and min(sides) >= LARGE else FILTERS
    x = frame.entry
    for number, width in enumerate(filters, start=1):
        x = block(x, width, f"block{number}", first=number == 1)
        if number < len(filters):
            x = MaxPooling2D(name=f"pool{number}")(x)
    if frame.include_top:
        mean, largest = GlobalAveragePooling2D(name="avg_pool")(x), GlobalMaxPooling2D(name="max_pool")(x)
        x = Concatenate(name="mean_and_max")([mean, largest])
        x = Dense(frame.classes, activation=frame.activation, name="predictions")(x)
    return frame.close(x)


def block(x: Tensor, width: int, name: str, *, first: bool) -> Tensor:
    """Convolution, batch norm, ReLU; the first looks at 5x5 pixels and halves the map."""
    window, stride = (5, 2) if first else (3, 1)
    x = Conv2D(width, window, stride, padding="same", use_bias=False, name=f"{name}_conv")(x)
    return ReLU(name=f"{name}_relu")(BatchNormalization(momentum=0.9, name=f"{name}_norm")(x))
