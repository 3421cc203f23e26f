"""TridentNet: one map of 16 pixels, seen at three widths by the same weights; the middle one alone predicts.

Table     stages 1, 2 of ResNet-50 and the first block of stage 3 (form "torchvision")
          | its other blocks three times, their 3x3 with a dilation of 1, 2, 3, all else and all weights the same
          | deep heads of boxes and classes, the same too, 15 anchors a place
Outputs   (P, 4 + C) of dilation 2; in training those of 1 and 3 too, `small` and `large`, which learn all objects
Sees      3x3, 5x5 and 7x7 places with each 3x3
Source    Li et al. 2019 (TridentNet), figure 2 and section 3.3; CNN-book 12.12. Here in one stage, with the heads of
          RetinaNet; the block that halves the map is common to the three
"""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.architectures.resnet import BOTTLENECK, FORMS, residual, torchvision_stem
from pellucid.graph.layer import Layer, Tensor
from pellucid.graph.vocabulary import Activation, Add, BatchNormalization, Conv2D, Input
from pellucid.model import Model
from pellucid.tasks.detection.codecs.encoded import Codec
from pellucid.tasks.detection.codecs.tiles import TileCodec
from pellucid.tasks.detection.kind import Size
from pellucid.tasks.detection.retina import FILTERS, heads_of, read_by

WIDTH, BLOCKS = 64, (3, 4, 6)
MIDDLE, BRANCHES = 2, (2, 1, 3)         # dilations, the one that predicts first
BESIDE = ("small", "large")             # outputs of the others, for training only
HOW = FORMS["torchvision"]


def trident_net(shape: Size, classes: int, codec: Codec, width: int = WIDTH, filters: int = FILTERS,
                branches: Sequence[int] = BRANCHES) -> Model:  # fmt: skip
    """The network for pictures of `shape`; one branch alone makes the plain net of the same weights."""
    assert isinstance(codec, TileCodec), "its kind made it"
    image = Input(shape)
    x = torchvision_stem(HOW, image)
    for stack, count in enumerate(BLOCKS, 1):
        for place in range(count if stack < len(BLOCKS) else 1):
            stride = 2 if stack > 1 and place == 0 else 1
            own = width * 2 ** (stack - 1)
            x = residual(HOW, x, BOTTLENECK, own, stride, place == 0, f"layer{stack}_{place}", None)
    maps = [x for _ in branches]
    for place in range(1, BLOCKS[-1]):
        maps = block(maps, branches, 4 * width, f"layer{len(BLOCKS)}_{place}")
    heads = heads_of(len(codec.anchors[0]), classes, filters)
    found = [read_by(heads, one, word) for one, word in zip(maps, ("places", *BESIDE), strict=False)]
    return Model(image, found, name="tridentnet", training_only=found[1:])


def block(maps: Sequence[Tensor], branches: Sequence[int], filters: int, name: str) -> list[Tensor]:
    """A bottleneck on each map, its layers the same but for the dilation of a call."""
    one, norm_one, relu_one = units(filters, 1, f"{name}_conv1", f"{name}_bn1", f"{name}_relu1")
    wide, norm_wide, relu_wide = units(filters, 3, f"{name}_conv2", f"{name}_bn2", f"{name}_relu2")
    last, norm_last, relu_last = units(4 * filters, 1, f"{name}_conv3", f"{name}_bn3", f"{name}_out")
    added = Add(name=f"{name}_add")
    found = []
    for x, gaps in zip(maps, branches, strict=True):
        y = relu_one(norm_one(one(x)))
        y = wide(y) if gaps == MIDDLE else wide(y, dilation_rate=gaps)
        y = norm_last(last(relu_wide(norm_wide(y))))
        found.append(relu_last(added([x, y])))
    return found


def units(filters: int, kernel: int, conv: str, norm: str, relu: str) -> tuple[Layer, Layer, Layer]:
    """A convolution, its batch norm and ReLU, to be called several times."""
    return (Conv2D(filters, kernel, padding="same", dilation_rate=MIDDLE if kernel > 1 else 1, use_bias=False,
                   kernel_initializer=HOW.initializer, name=conv),
            BatchNormalization(momentum=HOW.momentum, epsilon=HOW.epsilon, name=norm), Activation("relu", name=relu))
