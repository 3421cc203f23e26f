"""Networks that end in numbers a point: maps, rows and columns, or coordinates; and small ones for few pictures.

Shapes   (H,W,C) -> (K,D): K points, D numbers each
"""

from __future__ import annotations

from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    Input,
    MaxPooling2D,
    Reshape,
)
from pellucid.graph.vocabulary_of_rows import Permute
from pellucid.initializers import Constant
from pellucid.model import Model
from pellucid.model.ending import with_ending
from pellucid.spec.reshaping import Reshape as ReshapeSpec

Size = tuple[int, int, int]
WIDTH = 48
STRIDE = 4


def convolved(x: Tensor, filters: int, name: str, *, kernel: int = 3, stride: int = 1, gaps: int = 1,
              relu: bool = True) -> Tensor:  # fmt: skip
    """A convolution with batch norm, and ReLU unless it is left to a sum."""
    x = Conv2D(filters, kernel, strides=stride, padding="same", dilation_rate=gaps, use_bias=False,
               kernel_initializer="he_normal", name=name)(x)  # fmt: skip
    y: Tensor = BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
    return Activation("relu", name=f"{name}_relu")(y) if relu else y


def block(x: Tensor, filters: int, name: str, *, gaps: int = 1) -> Tensor:
    """Two convolutions whose result is added to their input."""
    y = convolved(x, filters, f"{name}_a", gaps=gaps)
    y = convolved(y, filters, f"{name}_b", relu=False)
    z: Tensor = Activation("relu", name=f"{name}_out")(Add(name=f"{name}_add")([x, y]))
    return z


def trunk(image: Tensor, width: int) -> Tensor:
    """Maps of STRIDE pixels that see far, by gaps in their kernels."""
    x = convolved(image, width // 2, "stem1", stride=2)
    x = convolved(x, width, "stem2", stride=2)
    for number, gaps in enumerate((1, 2, 4, 1)):
        x = block(x, width, f"block{number + 1}", gaps=gaps)
    return x


def of_maps(x: Tensor, points: int, name: str = "points") -> Tensor:
    """(K, h*w): a map a point, read row by row."""
    maps = Conv2D(points, 1, kernel_initializer="glorot_uniform", name=f"{name}_maps")(x)
    return by_point(maps, name)


def by_point(maps: Tensor, name: str = "points") -> Tensor:
    """Maps (h,w,K) as (K, h*w)."""
    first = Permute((3, 1, 2), name=f"{name}_first")(maps)
    found: Tensor = Reshape((maps.sizes[-1], -1), name=f"{name}_rows")(first)
    return found


def maps_net(shape: Size, points: int, width: int = WIDTH) -> Model:
    """The default: maps of a quarter of the input's sides."""
    image = Input(shape)
    return Model(image, of_maps(trunk(image, width), points), name="heatmap")


def rows_net(shape: Size, points: int, numbers: int, width: int = WIDTH) -> Model:
    """The same layers, and one dense layer from each point's map to the bins of columns and rows."""
    image = Input(shape)
    found = Dense(numbers, name="points_bins")(of_maps(trunk(image, width), points))
    return Model(image, found, name="simcc")


def plain_net(shape: Size, points: int) -> Model:
    """Convolutions, pooling and two dense layers to coordinates."""
    x = image = Input(shape)
    for number, (filters, kernel) in enumerate(((16, 5), (48, 3), (64, 3))):
        x = Conv2D(filters, kernel, activation="relu", kernel_initializer="he_normal", name=f"conv{number + 1}")(x)
        x = MaxPooling2D(2, name=f"pool{number + 1}")(x)
    x = Dense(100, activation="relu", kernel_initializer="he_normal", name="fc5")(Flatten(name="flat")(x))
    x = Dense(2 * points, bias_initializer=Constant(0.5), name="coordinates")(x)
    return Model(image, Reshape((points, 2), name="points")(x), name="plain")


def ending_in_points(model: Model, points: int) -> Model:
    """A network with 2 K numbers at its end, in place of a softmax, as (K,2)."""
    return with_ending(model, (ReshapeSpec((points, 2)),))
