"""Heads of their own depth on feature pyramids: the pyramid of the CNN-book, RetinaNet's, and DetNet's.

Head       4 x (3x3 256, ReLU) | 3x3 to the numbers of all anchors of a place; the same on every map
fpn        1x1 256 of the maps of 8, 16, 32 pixels, + the coarser one enlarged | a head of (1 + C) B, a head of 4 B
retinanet  the same, 3x3 256 of each | 3x3 256 stride 2 of the coarsest: 64; ReLU, 3x3 256 stride 2: 128 | heads of C A
           and 4 A, A = 9
detnet     the same without 64 and 128, of maps of 8, 16, 16, 16 pixels, between which nothing is enlarged
Count      fpn: laterals of Darknet-53 459,520, heads at C = 20, B = 3 2,505,535 and 2,387,980
           retinanet: on ResNet-50 at 91 classes 34,014,999 without batch norm, as torchvision has it
Source     CNN-book 12.6, 12.9, 12.10; Lin et al. 2017 (both); Li et al. 2018; the coarse maps as in torchvision, from
           the pyramid's
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pellucid.graph.layer import Layer, Tensor
from pellucid.graph.vocabulary import Activation, Concatenate, Conv2D, Reshape
from pellucid.initializers import Constant, RandomNormal
from pellucid.tasks.backbones import joined
from pellucid.tasks.detection.codecs.anchors import AnchorCodec
from pellucid.tasks.detection.codecs.encoded import Codec
from pellucid.tasks.detection.codecs.tiles import TileCodec
from pellucid.tasks.detection.kind import Size
from pellucid.tasks.detection.networks import rare_bias

FILTERS, DEEP = 256, 4
LAST = RandomNormal(0.0, 0.01)      # Lin et al. 2017 (focal loss), section 4.1


def deep_head(numbers: int, name: str, bias: Constant, filters: int = FILTERS) -> list[Layer]:
    """A head as layers that may be called several times."""
    layers: list[Layer] = [Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal",
                                  name=f"{name}_{k}") for k in range(1, DEEP + 1)]  # fmt: skip
    return [*layers, Conv2D(numbers, 3, padding="same", kernel_initializer=LAST, bias_initializer=bias,
                            name=f"{name}_out")]  # fmt: skip


Heads = Mapping[str, tuple[list[Layer], int]]     # layers, and numbers an anchor


def heads_of(boxes: int, classes: int, filters: int = FILTERS) -> Heads:
    """A head of boxes and one of classes, `boxes` anchors a place."""
    return {"box": (deep_head(4 * boxes, "head_box", Constant(0.0), filters), 4),
            "class": (deep_head(classes * boxes, "head_class", rare_bias(), filters), classes)}


def read_by(heads: Heads, x: Tensor, name: str) -> Tensor:
    """(P, 4 + classes) of one map."""
    parts = []
    for word, (layers, numbers) in heads.items():
        y = x
        for layer in layers:
            y = layer(y)
        parts.append(Reshape((-1, numbers), name=f"{name}_{word}")(y))
    found: Tensor = Concatenate(name=name)(parts)
    return found


def on_maps(maps: Sequence[Tensor], boxes: int, classes: int, filters: int = FILTERS) -> Tensor:
    """(P, 4 + classes) of the same heads on all maps."""
    heads = heads_of(boxes, classes, filters)
    found = [read_by(heads, x, f"places{number}") for number, x in enumerate(maps)]
    together: Tensor = Concatenate(axis=1, name="all_places")(found)
    return together


def fpn_above(maps: Sequence[Tensor], shape: Size, classes: int, codec: Codec, filters: int = FILTERS) -> Tensor:
    """(P, 5 + C) of three maps."""
    assert isinstance(codec, AnchorCodec), "its kind made it"
    return on_maps(joined(maps, filters, shape), len(codec.anchors[0]), 1 + classes, filters)


def smoothed(maps: Sequence[Tensor], filters: int) -> list[Tensor]:
    """A 3x3 convolution of each map."""
    return [Conv2D(filters, 3, padding="same", name=f"smooth{number}")(x) for number, x in enumerate(maps)]


def retina_above(maps: Sequence[Tensor], shape: Size, classes: int, codec: Codec, filters: int = FILTERS) -> Tensor:
    """(P, 4 + C) of five maps."""
    assert isinstance(codec, TileCodec), "its kind made it"
    levels = smoothed(joined(maps, filters, shape), filters)
    levels.append(Conv2D(filters, 3, 2, padding=1, name="coarse64")(levels[-1]))
    active = Activation("relu", name="coarse64_relu")(levels[-1])
    levels.append(Conv2D(filters, 3, 2, padding=1, name="coarse128")(active))
    return on_maps(levels, len(codec.anchors[0]), classes, filters)


def detnet_above(maps: Sequence[Tensor], shape: Size, classes: int, codec: Codec, filters: int = FILTERS) -> Tensor:
    """(P, 4 + C) of one map of 8 and three of 16 pixels."""
    assert isinstance(codec, TileCodec), "its kind made it"
    levels = smoothed(joined(maps, filters, shape, codec.strides), filters)
    return on_maps(levels, len(codec.anchors[0]), classes, filters)
