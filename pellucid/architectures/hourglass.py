"""Stacked hourglass: maps of joints from a network that looks at all scales at once, several times in a row.

Stem      7x7 64 stride 2, batch norm, ReLU | residual 128 | max pool 2 | residual 128 | residual 256: 256x256 -> 64x64
Residual  batch norm, ReLU, 1x1 f/2 | the same, 3x3 f/2 | the same, 1x1 f | + input, a 1x1 convolution where widths
          differ
Module    at each of four sizes: side branch residual | max pool 2, residual; in the middle a residual; residual,
          enlarged by copying, + side branch: 13 residuals of 256
End       1x1 256, batch norm, ReLU (the features) | 1x1 K
Between   input of the module + 1x1 256 of the features + 1x1 256 of the maps; weights are each module's own
Shapes    (H,W,C') -> (H/4,W/4,K), H and W multiples of 64; maps of all modules but the last are for training only
Count     trained, K = 16: 3,211,920 (1 module)   6,141,344 (2)   12,000,192 (4)   23,717,888 (8)
Source    Newell, Yang & Deng 2016, section 3; depths and biases as in the authors' code
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import Activation, Add, BatchNormalization, Conv2D, MaxPooling2D, UpSampling2D
from pellucid.model import Model

HALVINGS = 4
MULTIPLE = 4 * 2**HALVINGS  # of pixels, so that every halving comes out even


def Hourglass(
    include_top: bool = True, weights: Weights = None, *, stacks: int = 8, width: int = 256,
    supervised: bool = True, **options: Unpack[Options],
) -> Model:  # fmt: skip
    """So many modules in a row; `classes` is the number of maps K, whose activation is none unless one is given.

    `width` is the number of maps inside, 256 above; the stem has a quarter and a half of it. `supervised=False` leaves
    out the outputs of the inner modules, which are there for training only. Without its top the network ends in the
    features of the last module, (H/4,W/4,width). Other arguments as in Keras (`frame.Options`).
    Raises ArgumentError for another number of modules or width, ShapeError for sides that are no multiples of 64.
    """
    if isinstance(stacks, bool) or not isinstance(stacks, int) or stacks < 1:
        raise ArgumentError(describe("Hourglass", "stacks", "an integer >= 1", repr(stacks)))
    if isinstance(width, bool) or not isinstance(width, int) or width < 8 or width % 8:
        raise ArgumentError(describe("Hourglass", "width", "a multiple of 8", repr(width)))
    options.setdefault("classifier_activation", None)
    frame = Frame.of("hourglass", include_top, weights, options, shape=(256, 256, 3), classes=16)
    refuse_uneven(frame.entry)
    x, inner = stem(frame.entry, width), []
    for number in range(1, stacks + 1):
        features = ending(module(x, width, HALVINGS, f"stack{number}"), width, f"stack{number}")
        if number == stacks and not frame.include_top:
            return frame.close(features)
        maps = Conv2D(frame.classes, 1, activation=frame.activation, name=f"stack{number}_maps")(features)
        if number < stacks:
            inner.append(maps)
            x = between(x, features, maps, width, f"stack{number}")
    return frame.close(maps, training_only=inner if supervised else ())


def refuse_uneven(entry: Tensor) -> None:
    """Raise ShapeError for images whose sides cannot be halved six times; sides that are open are taken."""
    height, width = entry.sizes[:2]
    if any(side is not None and side % MULTIPLE for side in (height, width)):
        raise ShapeError(describe("hourglass", "the images", f"of sides that are multiples of {MULTIPLE}",
                                  f"{height} x {width}"))  # fmt: skip


def active(x: Tensor, name: str) -> Tensor:
    """Batch norm and ReLU."""
    return Activation("relu", name=f"{name}_relu")(BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x))


def residual(x: Tensor, filters: int, name: str) -> Tensor:
    """Three convolutions with their norm before them, whose result is added to the input."""
    y = Conv2D(filters // 2, 1, name=f"{name}_1_conv")(active(x, f"{name}_1"))
    y = Conv2D(filters // 2, 3, padding="same", name=f"{name}_2_conv")(active(y, f"{name}_2"))
    y = Conv2D(filters, 1, name=f"{name}_3_conv")(active(y, f"{name}_3"))
    if x.sizes[2] != filters:
        x = Conv2D(filters, 1, name=f"{name}_0_conv")(x)
    return Add(name=f"{name}_out")([x, y])


def stem(x: Tensor, width: int) -> Tensor:
    """A quarter of the size, `width` maps."""
    x = active(Conv2D(width // 4, 7, 2, padding=3, name="stem_conv")(x), "stem")
    x = MaxPooling2D(2, name="stem_pool")(residual(x, width // 2, "stem1"))
    return residual(residual(x, width // 2, "stem2"), width, "stem3")


def module(x: Tensor, width: int, halvings: int, name: str) -> Tensor:
    """An hourglass: down to the smallest map and up again, with a branch beside it at each size."""
    at = f"{name}_level{halvings}"
    side = residual(x, width, f"{at}_side")
    low = residual(MaxPooling2D(2, name=f"{at}_pool")(x), width, f"{at}_down")
    low = module(low, width, halvings - 1, name) if halvings > 1 else residual(low, width, f"{name}_middle")
    low = UpSampling2D(2, name=f"{at}_larger")(residual(low, width, f"{at}_up"))
    return Add(name=f"{at}_out")([side, low])


def ending(x: Tensor, width: int, name: str) -> Tensor:
    """The features from which a module's maps are read."""
    return active(Conv2D(width, 1, name=f"{name}_features_conv")(x), f"{name}_features")


def between(x: Tensor, features: Tensor, maps: Tensor, width: int, name: str) -> Tensor:
    """What the next module sees: what this one saw, what it found, what it said."""
    found = Conv2D(width, 1, name=f"{name}_features_on")(features)
    said = Conv2D(width, 1, name=f"{name}_maps_on")(maps)
    return Add(name=f"{name}_on")([x, found, said])
