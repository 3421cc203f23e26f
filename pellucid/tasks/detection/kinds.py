"""Which networks there are by name: each with the codec that writes its targets and reads its outputs.

center, center-small, center-large   one map of 8 pixels, centres with distances (the default)
pyramid                              maps of 8, 16, 32 pixels, the same codec (an FPN)
anchors                              cells of 16 pixels with anchors by k-means (YOLO v2, v3)
grid                                 cells of 8 or 16 pixels without anchors (YOLO v1)
localiser                            one object a picture, S = 1
All but the last have their heads on the maps of another network too (backbones.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.data.boxes.column import Placed
from pellucid.graph.layer import Tensor
from pellucid.keys import Key
from pellucid.model import Model
from pellucid.tasks.detection.anchors import kmeans_anchors
from pellucid.tasks.detection.backbones import STRIDES, backbone, joined
from pellucid.tasks.detection.codecs.anchors import AnchorCodec
from pellucid.tasks.detection.codecs.center import CenterCodec
from pellucid.tasks.detection.codecs.encoded import Codec
from pellucid.tasks.detection.codecs.grid import GridCodec
from pellucid.tasks.detection.forms import Size, cells, localiser, pyramid, smoothed_heads, vectors
from pellucid.tasks.detection.networks import STRIDE, WIDTH, block, center_net, convolved, heads
from pellucid.tasks.detection.settings import Settings

USUAL = "center"
FINE, COARSE = 8, 16        # pixels of a cell, in pictures of less or more than SMALL
SMALL = 128
ENDS = (64.0, 128.0)        # longest sides of objects of the finer maps of the pyramid


@dataclass(frozen=True)
class Kind:
    """A form of network: how many pixels both sides must be a multiple of, its codec for training boxes, itself.

    above: its heads on the joined maps of a backbone, of which it needs those of some pixels a place; None where it has
    no place for one.
    """

    multiple: int
    codec: Callable[[tuple[int, int], int, Placed, Settings], Codec]
    network: Callable[[Size, int, Codec], Model]
    above: Callable[[Sequence[Tensor], int, Codec], Tensor] | None = None
    needs: tuple[int, ...] = ()

    def multiple_on(self, trunk: str | None) -> int:
        """What both sides must be a multiple of, on a backbone or without one."""
        return self.multiple if trunk is None else max(self.multiple, STRIDES[-1])

    def on(self, trunk: str, shape: Size, classes: int, codec: Codec) -> Model:
        """Its heads on the network called `trunk`."""
        assert self.above is not None, "the settings were looked at"
        below = backbone(trunk, shape, self.needs)
        return Model(below.input, self.above(joined(below.outputs, 2 * WIDTH, shape), classes, codec), name=trunk)


def center_codec(size: tuple[int, int], classes: int, placed: Placed, settings: Settings) -> Codec:
    """One map."""
    return CenterCodec(size, classes, (STRIDE,))


def center_kind(width: int) -> Kind:
    """The default at a width."""
    return Kind(2 * STRIDE, center_codec, lambda shape, classes, codec: center_net(shape, classes, width),
                lambda maps, classes, codec: heads(block(maps[0], 2 * WIDTH, "join"), 2 * width, classes), STRIDES[:1])


def pyramid_codec(size: tuple[int, int], classes: int, placed: Placed, settings: Settings) -> Codec:
    """Three maps."""
    return CenterCodec(size, classes, (8, 16, 32), ENDS)


def anchor_codec(size: tuple[int, int], classes: int, placed: Placed, settings: Settings) -> Codec:
    """Anchors of the training boxes."""
    sides = placed.corners[:, 2:] - placed.corners[:, :2]
    found = kmeans_anchors(sides, settings.anchors, key=Key.of(0).fold("detection"))
    own = tuple((float(width), float(height)) for width, height in np.round(found, 2))
    return AnchorCodec(size, classes, (COARSE,), (own,), settings.match)


def anchor_net(shape: Size, classes: int, codec: Codec) -> Model:
    """As many vectors a cell as there are anchors."""
    assert isinstance(codec, AnchorCodec), "its kind made it"
    return cells(shape, classes, cell=COARSE, boxes=len(codec.anchors[0]), name="anchors")


def anchors_above(maps: Sequence[Tensor], classes: int, codec: Codec) -> Tensor:
    """The same on the map of its cells."""
    assert isinstance(codec, AnchorCodec), "its kind made it"
    at = convolved(maps[STRIDES.index(COARSE)], 3 * WIDTH, "head")
    return vectors(at, len(codec.anchors[0]), classes, "cell")


def cell_of(size: tuple[int, int]) -> int:
    """Pixels of a grid's cell."""
    return FINE if max(size) <= SMALL else COARSE


def grid_codec(size: tuple[int, int], classes: int, placed: Placed, settings: Settings) -> Codec:
    """A cell of cell_of(size) pixels."""
    cell = cell_of(size)
    return GridCodec(size, classes, (size[0] // cell, size[1] // cell))


def grid_net(shape: Size, classes: int, codec: Codec) -> Model:
    """A vector a cell."""
    return cells(shape, classes, cell=cell_of((shape[0], shape[1])), name="grid")


def grid_above(maps: Sequence[Tensor], classes: int, codec: Codec) -> Tensor:
    """The same on the map of its cells."""
    at = convolved(maps[STRIDES.index(cell_of(codec.size))], 3 * WIDTH, "head")
    return vectors(at, 1, classes, "cell")


def one_codec(size: tuple[int, int], classes: int, placed: Placed, settings: Settings) -> Codec:
    """One cell."""
    return GridCodec(size, classes, (1, 1))


def one_net(shape: Size, classes: int, codec: Codec) -> Model:
    """A vector a picture."""
    return localiser(shape, classes, cell=cell_of((shape[0], shape[1])))


KINDS: dict[str, Kind] = {
    "center": center_kind(WIDTH),
    "center-small": center_kind(WIDTH // 2),
    "center-large": center_kind(3 * WIDTH // 2),
    "pyramid": Kind(32, pyramid_codec, lambda shape, classes, codec: pyramid(shape, classes),
                    lambda maps, classes, codec: smoothed_heads(maps, 2 * WIDTH, classes), STRIDES),
    "anchors": Kind(COARSE, anchor_codec, anchor_net, anchors_above, STRIDES[:2]),
    "grid": Kind(COARSE, grid_codec, grid_net, grid_above, STRIDES[:2]),
    "localiser": Kind(COARSE, one_codec, one_net),
}
NETWORKS = tuple(KINDS)
