"""Networks that end in numbers a point: maps, rows and columns, or coordinates; the default for few pictures.

Trunk     5x5 w/2 stride 2 | 3x3 w, stride 2 for maps of four pixels a place | four times 3x3 stride 2 and 3x3, of w,
          3w/2, 2w and 2w | 1x1 3w/2 | four times enlarged by copying, + 1x1 3w/2 of the map of that size on the way
          down, 3x3 3w/2; every convolution but the 1x1 has batch norm and ReLU. Where maps have two pixels a place the
          last of the four has w in place of 3w/2, from a 1x1 before: it alone was half of the arithmetic
Heads     1x1 K, as maps (K, h*w); the same, then one dense layer to the bins of columns and rows; two dense layers
Shapes    (H,W,C) -> (K,D): K points, D numbers each; maps have H/2 x W/2 or H/4 x W/4 places
Source    the way back with sums is that of Lin et al. 2017 and Newell et al. 2016; the size was chosen on persons held
          out of the training part, for a few minutes of one core
"""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.architectures import FacePoints, Hourglass
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import Add, Conv2D, Dense, Input, Reshape, UpSampling2D
from pellucid.graph.vocabulary_of_rows import Cropping2D, Permute
from pellucid.model import Model
from pellucid.model.ending import with_ending
from pellucid.spec.reshaping import Rescaling
from pellucid.spec.reshaping import Reshape as ReshapeSpec
from pellucid.tasks.backbones import backbone, filled, size_at
from pellucid.tasks.blocks import convolved

Size = tuple[int, int, int]
HALVINGS = (2, 3, 4, 4)    # filters on the way down, in halves of the width
FINE, COARSE = 2, 4        # pixels a place of the finer maps and of the coarser ones
ON = (4, 8, 16)            # those of another network that are read, as far as it has them
WIDTH_ON = 96              # filters on the way back up from them


def trunk(image: Tensor, width: int, stride: int) -> Tensor:
    """Maps of `stride` (2 or 4) pixels a place that have seen the whole picture: down, and up again with sums."""
    joined = 3 * width // 2
    x = convolved(convolved(image, width // 2, "stem1", kernel=5, stride=2), width, "stem2",
                  stride=stride // 2)  # fmt: skip
    beside = [x]
    for number, halves in enumerate(HALVINGS, 1):
        x = convolved(x, halves * width // 2, f"down{number}a", stride=2)
        x = convolved(x, halves * width // 2, f"down{number}b")
        beside.append(x)
    x = Conv2D(joined, 1, name="lowest")(beside.pop())
    for number in range(len(HALVINGS), 0, -1):
        fine, filters = beside.pop(), width if stride == FINE and number == 1 else joined
        if filters != joined:
            x = Conv2D(filters, 1, name=f"narrow{number}")(x)
        x = enlarged(x, fine.sizes, f"up{number}")
        x = Add(name=f"up{number}_sum")([x, Conv2D(filters, 1, name=f"side{number}")(fine)])
        x = convolved(x, filters, f"up{number}")
    return x


def enlarged(x: Tensor, size: Sequence[int | None], name: str) -> Tensor:
    """Maps twice as wide and high, cut to those of `size` where these were halved unevenly."""
    y: Tensor = UpSampling2D(2, name=f"{name}_larger")(x)
    over = [(has or 0) - (wanted or 0) for has, wanted in zip(y.sizes[:2], size, strict=False)]
    if not any(over):
        return y
    cut: Tensor = Cropping2D(((0, over[0]), (0, over[1])), name=f"{name}_cut")(y)
    return cut


def of_maps(x: Tensor, points: int, name: str = "points") -> Tensor:
    """(K, h*w): a map a point, read row by row."""
    maps = Conv2D(points, 1, kernel_initializer="glorot_uniform", name=f"{name}_maps")(x)
    return by_point(maps, name)


def by_point(maps: Tensor, name: str = "points") -> Tensor:
    """Maps (h,w,K) as (K, h*w)."""
    first = Permute((3, 1, 2), name=f"{name}_first")(maps)
    found: Tensor = Reshape((maps.sizes[-1], -1), name=f"{name}_rows")(first)
    return found


def maps_net(shape: Size, points: int, width: int, stride: int) -> Model:
    """A map a point."""
    image = Input(shape)
    return Model(image, of_maps(trunk(image, width, stride), points), name="heatmap")


def maps_below(name: str, shape: Size) -> Model:
    """A network with a name up to the maps that are read: all to its coarsest."""
    coarsest = backbone(name, shape, (COARSE,), strides=ON).outputs
    return backbone(name, shape, ON[: len(coarsest)], strides=ON)


def maps_on(name: str, shape: Size, points: int) -> Model:
    """A map a point, from the maps of a network with a name: enlarged by copying, + 1x1 of the finer one, 3x3."""
    below = maps_below(name, shape)
    sides = [Conv2D(WIDTH_ON, 1, name=f"side{stride}")(filled(one, size_at(shape, stride), f"filled{stride}"))
             for stride, one in zip(ON, below.outputs, strict=False)]  # fmt: skip
    x = sides.pop()
    for stride, side in reversed(list(zip(ON, sides, strict=False))):
        x = Add(name=f"up{stride}_sum")([enlarged(x, size_at(shape, stride), f"up{stride}"), side])
        x = convolved(x, WIDTH_ON, f"up{stride}")
    return Model(below.input, of_maps(x, points), name=name)


def rows_net(shape: Size, points: int, numbers: int, width: int, stride: int) -> Model:
    """The same layers, and one dense layer from each point's map to the bins of columns and rows."""
    image = Input(shape)
    found = Dense(numbers, name="points_bins")(of_maps(trunk(image, width, stride), points))
    return Model(image, found, name="simcc")


def plain_net(shape: Size, points: int) -> Model:
    """The plain network of faces, whose answers begin at the middle of the picture."""
    return with_ending(FacePoints(input_shape=shape, classes=2 * points),
                       (Rescaling(1.0, 0.5), ReshapeSpec((points, 2))))


def hourglass_net(shape: Size, points: int, stacks: int) -> Model:
    """Stacked hourglasses, each module's maps (K, h*w) an output; those of inner modules for training only."""
    body = Hourglass(stacks=stacks, input_shape=shape, classes=points)
    each = [f"stack{number}_maps" for number in range(1, stacks + 1)]
    *inner, last = [by_point(body.get_layer(name).output, name) for name in each]
    return Model(body.input, [last, *inner], name=body.name, training_only=inner)


def ending_in_points(model: Model, points: int) -> Model:
    """A network with 2 K numbers at its end, in place of a softmax, as (K,2)."""
    return with_ending(model, (ReshapeSpec((points, 2)),))
