"""The other forms: localiser, grid, anchors, pyramid; each a network with the codec that reads it.

grid       3x3 w/2, w, 2w, 3w stride 2 up to a cell of 8 or 16 pixels, a block | 1x1 5 + C      a vector a cell
localiser  the same up to the block | dense 128 | dense 5 + C                              one vector: S = 1
anchors    the same, B anchors by k-means a cell                                            B vectors a cell
pyramid    maps of 8, 16, 32 pixels: 1x1 2w of each, + the coarser one enlarged, 3x3 2w | heads shared by all maps
Source     CNN-book 12.1, 12.2, 12.4, 12.6; Redmon et al. 2016, 2018; Lin et al. 2017
"""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import (
    Activation,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    Flatten,
    Input,
    Reshape,
)
from pellucid.initializers import Constant
from pellucid.model import Model
from pellucid.tasks.backbones import STRIDES, joined
from pellucid.tasks.blocks import block, convolved
from pellucid.tasks.detection.kind import Size
from pellucid.tasks.detection.networks import WIDTH, rare_bias


def localiser(shape: Size, classes: int, *, cell: int, width: int = WIDTH) -> Model:
    """One vector a picture (1, 5 + C)."""
    image = Input(shape)
    x, _ = trunk(image, cell, width)
    x = Dense(128, activation="relu", kernel_initializer="he_normal", name="dense")(Flatten(name="flatten")(x))
    box, there, kind = (Dense(4, name="box")(x), Dense(1, name="object")(x), Dense(classes, name="class")(x))
    both = Concatenate(name="vector")([box, there, kind])
    return Model(image, Reshape((1, 5 + classes), name="places")(both), name="localiser")


def trunk(image: Tensor, cell: int, width: int) -> tuple[Tensor, int]:
    """Halved until a cell is `cell` pixels; the filters at its end."""
    x, filters, stride, number = image, width // 2, 1, 0
    while stride < cell:
        number, stride, filters = number + 1, 2 * stride, min(filters if stride == 1 else 2 * filters, 3 * width)
        x = convolved(x, filters, f"half{number}", stride=2)
        if stride > 2:
            x = block(x, filters, f"block{number}")
    return block(x, filters, "last", gaps=2), filters


def vectors(x: Tensor, boxes: int, classes: int, name: str) -> Tensor:
    """(cells x boxes, 5 + C) of one map: four numbers of a box, one of an object, one a class."""
    parts = []
    numbers_of = {"box": 4, "object": 1, "class": classes}
    for word, numbers in numbers_of.items():
        bias = rare_bias() if word == "object" else Constant(0.0)
        y = Conv2D(boxes * numbers, 1, bias_initializer=bias, name=f"{name}_{word}")(x)
        parts.append(Reshape((-1, numbers), name=f"{name}_{word}_places")(y))
    found: Tensor = Concatenate(name=f"{name}_vectors")(parts)
    return found


def cells(shape: Size, classes: int, *, cell: int, boxes: int = 1, width: int = WIDTH, name: str = "grid") -> Model:
    """A map of cells of `cell` pixels, `boxes` vectors each."""
    image = Input(shape)
    x, filters = trunk(image, cell, width)
    return Model(image, vectors(convolved(x, filters, "head"), boxes, classes, "cell"), name=name)


def pyramid(shape: Size, classes: int, width: int = WIDTH) -> Model:
    """Maps of 8, 16 and 32 pixels with one pair of heads: (P, C + 4) over all of them, the finest first."""
    image = Input(shape)
    x = convolved(image, width // 2, "stem1", stride=2)
    x = block(convolved(x, width, "stem2", stride=2), width, "stem3")
    maps: list[Tensor] = []
    for number, filters in zip(STRIDES, (2 * width, 3 * width, 4 * width), strict=True):
        x = block(convolved(x, filters, f"down{number}", stride=2), filters, f"at{number}")
        maps.append(x)
    return Model(image, smoothed_heads(joined(maps, 2 * width, shape), 2 * width, classes), name="pyramid")


def smoothed_heads(maps: Sequence[Tensor], filters: int, classes: int) -> Tensor:
    """The shared heads on maps that were joined: (P, C + 4) over all of them."""
    smooth = [convolved(x, filters, f"smooth{number}") for number, x in zip(STRIDES, maps, strict=True)]
    return shared_heads(smooth, filters, classes)


def shared_heads(maps: Sequence[Tensor], filters: int, classes: int) -> Tensor:
    """One head of classes and one of edges, on every map; what batch norm knows is each map's own.

    Statistics of all maps in one would be right for none of them once the network predicts (Ghiasi et al. 2019).
    """
    kind, edge = head_layers(filters, classes, "class", rare_bias()), head_layers(filters, 4, "edge", Constant(1.0))
    found = []
    for number, x in enumerate(maps):
        y, z = (on_map(x, head, f"head_{name}{number}") for head, name in ((kind, "class"), (edge, "edge")))
        both = Concatenate(name=f"both{number}")([y, z])
        found.append(Reshape((-1, both.sizes[-1]), name=f"places{number}")(both))
    joined: Tensor = Concatenate(axis=1, name="all_places")(found)
    return joined


def head_layers(filters: int, numbers: int, name: str, bias: Constant) -> tuple[Conv2D, Conv2D]:
    """The kernels of a head, which are called on map after map."""
    return (Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=f"head_{name}"),
            Conv2D(numbers, 1, bias_initializer=bias, name=f"head_{name}_out"))


def on_map(x: Tensor, head: tuple[Conv2D, Conv2D], name: str) -> Tensor:
    """A head on one map, with a batch norm of this map alone."""
    first, last = head
    x = BatchNormalization(momentum=0.9, name=f"{name}_bn")(first(x))
    found: Tensor = last(Activation("relu", name=f"{name}_relu")(x))
    return found
