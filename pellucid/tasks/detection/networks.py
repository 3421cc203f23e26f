"""Networks that end in a vector a place: the default for small sets, which halves four times and comes back once.

Table     3x3 w/2 stride 2 | 3x3 w stride 2, block w | 3x3 2w stride 2, block 2w (a) | 3x3 3w stride 2, block 3w,
          block 3w with gaps | 1x1 2w, enlarged twice, + a | block 2w | head of classes: 3x3 2w, 1x1 C
          | head of edges: 3x3 2w, 1x1 4;  every convolution but the last of a head has batch norm and ReLU
Shapes    (H,W,C') -> (H/8 * W/8, C + 4)
Source    the parts are those of He et al. 2016 (block), Lin et al. 2017 (way back), Tian et al. 2019 (heads); the size
          was chosen on validation parts for ten minutes of one core
"""

from __future__ import annotations

import math

from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import Add, Concatenate, Conv2D, Input, Reshape, UpSampling2D
from pellucid.initializers import Constant
from pellucid.model import Model
from pellucid.tasks.blocks import block, convolved

WIDTH = 24
STRIDE = 8
RARE = 0.01  # probability of an object at any place before anything is learnt (Lin et al. 2017, section 4.1)


def rare_bias() -> Constant:
    """The bias from which a sigmoid begins at RARE."""
    return Constant(-math.log((1 - RARE) / RARE))


def heads(x: Tensor, filters: int, classes: int, name: str = "head") -> Tensor:
    """The vectors (P, C + 4) of one map."""
    kind = convolved(x, filters, f"{name}_class")
    kind = Conv2D(classes, 1, kernel_initializer="glorot_uniform", bias_initializer=rare_bias(),
                  name=f"{name}_classes")(kind)  # fmt: skip
    edge = convolved(x, filters, f"{name}_box")
    edge = Conv2D(4, 1, kernel_initializer="glorot_uniform", bias_initializer=Constant(1.0), name=f"{name}_edges")(edge)
    both = Concatenate(name=f"{name}_both")([kind, edge])
    found: Tensor = Reshape((-1, both.sizes[-1]), name=f"{name}_places")(both)
    return found


def center_net(shape: tuple[int, int, int], classes: int, width: int = WIDTH) -> Model:
    """The default: one map of stride 8."""
    x = image = Input(shape)
    x = convolved(x, width // 2, "stem1", stride=2)
    x = block(convolved(x, width, "stem2", stride=2), width, "stem3")
    fine = block(convolved(x, 2 * width, "down8", stride=2), 2 * width, "at8")
    x = block(convolved(fine, 3 * width, "down16", stride=2), 3 * width, "at16a")
    x = block(x, 3 * width, "at16b", gaps=2)
    x = UpSampling2D(2, name="up8")(convolved(x, 2 * width, "narrow", kernel=1))
    x = block(Add(name="join8")([fine, x]), 2 * width, "join")
    return Model(image, heads(x, 2 * width, classes), name="center")

