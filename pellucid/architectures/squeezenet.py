"""SqueezeNet: a fire module squeezes a map to few channels with 1x1 filters, then looks at it with 1x1 and 3x3 ones.

Table       1.0: conv 7x7 96 stride 2 | pool | fire2 3 4 | pool | fire5 6 7 8 | pool | fire9 | dropout 0.5 | conv10
            1.1: conv 3x3 64 stride 2 | pool | fire2 3 | pool | fire4 5 | pool | fire6 7 8 9 | dropout 0.5 | conv10
Fire        1x1 s, then 1x1 e and 3x3 e beside each other: 2 e channels; ReLU after every convolution
            pools are 3x3 stride 2, the last window cut off at the border (ceil mode); conv10 is 1x1 to the classes,
            with ReLU, then the global mean and softmax
Forms       "caffe": the authors' file, whose conv10 has a border of one pixel; "torchvision": without it;
            "features": Caffe's layers, ended by a dense layer, zero at first, on means and maxima of fire6 and fire9,
            each of these four without its mean and of unit deviation: for few pictures, with all else frozen
Count       1.0: 1,248,424   1.1: 1,235,496, at 2.4 times fewer operations
Source      Iandola et al. 2016; version 1.1 and Caffe's names: github.com/forresti/SqueezeNet
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.errors import ArgumentError, describe
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import (
    Activation,
    Concatenate,
    Conv2D,
    Dense,
    Dropout,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
    ZeroPadding2D,
)
from pellucid.graph.vocabulary_of_rows import LayerNormalization
from pellucid.model import Model
from pellucid.spec.initializers import RandomNormal

WIDTHS = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))  # s, e of fire2 to 9
POOLED = {"1.0": (4, 8), "1.1": (3, 5)}  # a pool follows these modules
STEMS = {"1.0": (96, 7), "1.1": (64, 3)}
FORMS = {  # convolution, squeeze, expand 1x1, expand 3x3 of module n, last convolution
    "caffe": ("conv1", "fire{n}_conv1x1_1", "fire{n}_conv1x1_2", "fire{n}_conv3x3_2", "conv_final"),
    "torchvision": ("features_0", "features_{m}_squeeze", "features_{m}_expand1x1", "features_{m}_expand3x3",
                    "classifier_1"),
}  # fmt: skip
FORMS["features"] = FORMS["caffe"]
LOOKED_AT = (6, 9)  # modules whose maps a head on features reads; chosen among 4 to 9 on folds of few flowers


def SqueezeNet(
    include_top: bool = True, weights: Weights = None, *, version: str = "1.0", form: str = "caffe",
    **options: Unpack[Options],
) -> Model:
    """SqueezeNet "1.0" or "1.1", in Caffe's form or in torchvision's; other arguments as in Keras (`frame.Options`)."""
    for argument, value, known in (("version", version, STEMS), ("form", form, FORMS)):
        if value not in known:
            raise ArgumentError(describe("SqueezeNet", argument, " or ".join(map(repr, known)), repr(value)))
    side = 224 if form == "torchvision" else 227
    frame = Frame.of(f"squeezenet{version.replace('.', '_')}", include_top, weights, options, shape=(side, side, 3))
    first, *fire_names, last = FORMS[form]
    filters, window = STEMS[version]
    x = Conv2D(filters, window, 2, activation="relu", name=first)(frame.entry)
    x, place = pool(x, "pool1"), 3  # torchvision counts convolution, ReLU, pool and module alike
    maps: dict[int, Tensor] = {}
    for number, (few, many) in enumerate(WIDTHS, start=2):
        x = fire(x, few, many, [name.format(n=number, m=place) for name in fire_names], f"fire{number}")
        maps[number], place = x, place + 1
        if number in POOLED[version]:
            x, place = pool(x, f"pool{number}"), place + 1
    if frame.include_top and form == "features":
        x = Concatenate(name="features")([alike for number in LOOKED_AT for alike in features(maps[number], number)])
        x = Dense(frame.classes, frame.activation, kernel_initializer="zeros", name="predictions")(x)
    elif frame.include_top:
        x = Dropout(0.5, name="dropout")(x)
        border = 1 if form == "caffe" else 0
        start = RandomNormal(0.0, 0.01)  # the authors', for what comes in here is large
        x = Conv2D(frame.classes, 1, padding=border, activation="relu", kernel_initializer=start, name=last)(x)
        x = GlobalAveragePooling2D(name="avg_pool")(x)
        x = Activation(frame.activation, name="predictions")(x) if frame.activation is not None else x
    return frame.close(x)


def fire(x: Tensor, few: int, many: int, names: list[str], word: str) -> Tensor:
    """A map (H,W,C) squeezed to `few` channels and expanded to twice `many`."""
    squeeze, one, three = names
    x = Conv2D(few, 1, activation="relu", name=squeeze)(x)
    looked = [Conv2D(many, 1, activation="relu", name=one)(x),
              Conv2D(many, 3, padding="same", activation="relu", name=three)(x)]  # fmt: skip
    return Concatenate(name=f"{word}_concat")(looked)


def features(x: Tensor, number: int) -> list[Tensor]:
    """Means and maxima of a module's map (H,W,C), each (C,) without its mean and of unit deviation."""
    seen = [GlobalAveragePooling2D(name=f"mean{number}")(x), GlobalMaxPooling2D(name=f"max{number}")(x)]
    return [LayerNormalization(center=False, scale=False, name=f"{word}{number}_alike")(one)
            for word, one in zip(("mean", "max"), seen, strict=True)]  # fmt: skip


def pool(x: Tensor, name: str) -> Tensor:
    """3x3 stride 2, the last window cut off at the border: a zero beside what ReLU has left is never the largest."""
    cut = [0 if size is None else (size - 3) % 2 for size in x.sizes[:2]]
    if any(cut):
        x = ZeroPadding2D(((0, cut[0]), (0, cut[1])), name=f"{name}_border")(x)
    return MaxPooling2D(3, 2, name=name)(x)
