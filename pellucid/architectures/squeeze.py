"""Squeeze and excitation: every channel of a block's result is scaled by what the whole map says of it.

Table   global mean | dense C/16 relu | dense C sigmoid | times the map; SEResNet50: on every bottleneck before the
        shortcut is added; SEInception: on every Inception block of GoogLeNet
Shapes  x (H,W,C) -> (1,1,C) -> (1,1,C/16) -> (1,1,C) -> y (H,W,C)
Count   2 C C/16 + C/16 + C a block; SEResNet50 28,088,024 trained (form "torchvision": ResNet50 and 2,530,992 more)
Source  Hu, Shen & Sun 2018, figures 2 and 3, r = 16.
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Options, Weights
from pellucid.architectures.googlenet import googlenet
from pellucid.architectures.resnet import BOTTLENECK, resnet
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import Dense, GlobalAveragePooling2D, Multiply
from pellucid.model import Model

REDUCTION = 16


def SEResNet50(
    include_top: bool = True, weights: Weights = None, *, form: str = "torchvision", **options: Unpack[Options]
) -> Model:
    """ResNet50 with squeeze and excitation; `form` as there, other arguments as in Keras (`frame.Options`)."""
    return resnet("seresnet50", BOTTLENECK, (3, 4, 6, 3), form, include_top, weights, options, squeeze_excite)


def SEInception(
    include_top: bool = True, weights: Weights = None, *, auxiliary: bool = True, **options: Unpack[Options]
) -> Model:
    """GoogLeNet with squeeze and excitation; `auxiliary` as there, other arguments as in Keras (`frame.Options`)."""
    return googlenet("seinception", include_top, weights, options, auxiliary, squeeze_excite)


def squeeze_excite(x: Tensor, block: str) -> Tensor:
    """The map, each channel times a number between 0 and 1."""
    channels = x.sizes[2] or 1
    scale = GlobalAveragePooling2D(keepdims=True, name=f"{block}_se_squeeze")(x)
    scale = Dense(max(1, channels // REDUCTION), activation="relu", name=f"{block}_se_reduce")(scale)
    scale = Dense(channels, activation="sigmoid", name=f"{block}_se_expand")(scale)
    return Multiply(name=f"{block}_se_scale")([x, scale])
