"""A small network of maps and fields for one CPU: down to an eighth, back to a quarter, then stages as OpenPose's.

Table     3x3 w/2 stride 2 | 3x3 w stride 2, block w (a) | 3x3 2w stride 2, block 2w (b) | 3x3 3w stride 2, block 3w,
          block 3w with gaps | 1x1 2w, enlarged twice, + b, block 2w | 1x1 w, enlarged twice, joined with a,
          3x3 3w/2: the features F
Stage     3x3 3w/2 | 1x1 maps and fields; from the second on it sees F with what the one before said
Shapes    (H,W,C') -> (H/4,W/4,maps + fields); all stages but the last are for training only
Source    the parts are those of He et al. 2016 (block), Lin et al. 2017 (way back), Cao et al. 2017 (stages)
"""

from __future__ import annotations

from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import Add, Concatenate, Conv2D, Input, UpSampling2D
from pellucid.initializers import RandomNormal
from pellucid.model import Model
from pellucid.tasks.blocks import block, convolved

WIDTH = 32
STRIDE, MULTIPLE = 4, 16


def features(image: Tensor, width: int) -> Tensor:
    """The features, a quarter as wide as the image."""
    x = convolved(image, width // 2, "stem1", stride=2)
    fine = block(convolved(x, width, "stem2", stride=2), width, "at4")
    middle = block(convolved(fine, 2 * width, "down8", stride=2), 2 * width, "at8")
    x = block(convolved(middle, 3 * width, "down16", stride=2), 3 * width, "at16a")
    x = block(x, 3 * width, "at16b", gaps=2)
    x = UpSampling2D(2, name="up8")(convolved(x, 2 * width, "narrow8", kernel=1))
    x = block(Add(name="join8")([middle, x]), 2 * width, "join8_block")
    x = UpSampling2D(2, name="up4")(convolved(x, width, "narrow4", kernel=1))
    return convolved(Concatenate(name="join4")([fine, x]), 3 * width // 2, "features")


def poses_net(shape: tuple[int, int, int], numbers: int, stages: int, width: int = WIDTH) -> Model:
    """The default: `numbers` maps and fields, said `stages` times."""
    image = Input(shape)
    x = seen = features(image, width)
    said: list[Tensor] = []
    for stage in range(1, stages + 1):
        y = convolved(x, 3 * width // 2, f"stage{stage}_a")
        said.append(Conv2D(numbers, 1, kernel_initializer=RandomNormal(stddev=0.01), name=f"stage{stage}")(y))
        x = Concatenate(name=f"stage{stage}_on")([seen, said[-1]])
    return Model(image, [said[-1], *said[:-1]], name="poses", training_only=said[:-1])
