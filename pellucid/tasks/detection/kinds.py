"""Which networks there are by name: each with the codec that writes its targets and reads its outputs.

center, center-small, center-large   one map of 8 pixels, centres with distances (the default)
pyramid                              maps of 8, 16, 32 pixels, the same codec (an FPN)
anchors                              cells of 16 pixels with anchors by k-means (YOLO v2, v3)
grid                                 cells of 8 or 16 pixels without anchors (YOLO v1)
localiser                            one object a picture, S = 1
All but the last have their heads on the maps of another network too (backbones.py). Those of papers: literature.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.data.boxes.column import Placed
from pellucid.graph.layer import Tensor
from pellucid.model import Model
from pellucid.tasks.backbones import STRIDES, joined
from pellucid.tasks.blocks import block, convolved
from pellucid.tasks.detection.anchors import fitted_anchors
from pellucid.tasks.detection.codecs.anchors import AnchorCodec
from pellucid.tasks.detection.codecs.center import CenterCodec
from pellucid.tasks.detection.codecs.encoded import Codec
from pellucid.tasks.detection.codecs.grid import GridCodec
from pellucid.tasks.detection.forms import cells, localiser, pyramid, smoothed_heads, vectors
from pellucid.tasks.detection.kind import Kind, Size
from pellucid.tasks.detection.literature import LITERATURE
from pellucid.tasks.detection.networks import STRIDE, WIDTH, center_net, heads
from pellucid.tasks.detection.settings import Settings

USUAL = "center"
FINE, COARSE = 8, 16        # pixels of a cell, in pictures of less or more than SMALL
SMALL = 128
ENDS = (64.0, 128.0)        # longest sides of objects of the finer maps of the pyramid


def center_codec(size: tuple[int, int], classes: int, placed: Placed, settings: Settings) -> Codec:
    """One map."""
    return CenterCodec(size, classes, (STRIDE,))


def center_kind(width: int) -> Kind:
    """The default at a width."""
    def above(maps: Sequence[Tensor], shape: Size, classes: int, codec: Codec) -> Tensor:
        return heads(block(joined(maps, 2 * WIDTH, shape)[0], 2 * WIDTH, "join"), 2 * width, classes)

    return Kind(2 * STRIDE, center_codec, lambda shape, classes, codec: center_net(shape, classes, width), above,
                STRIDES[:1])


def pyramid_codec(size: tuple[int, int], classes: int, placed: Placed, settings: Settings) -> Codec:
    """Three maps."""
    return CenterCodec(size, classes, (8, 16, 32), ENDS)


def pyramid_above(maps: Sequence[Tensor], shape: Size, classes: int, codec: Codec) -> Tensor:
    """The shared heads on three joined maps."""
    return smoothed_heads(joined(maps, 2 * WIDTH, shape), 2 * WIDTH, classes)


def anchor_codec(size: tuple[int, int], classes: int, placed: Placed, settings: Settings) -> Codec:
    """Anchors of the training boxes."""
    return AnchorCodec(size, classes, (COARSE,), (fitted_anchors(placed, settings.anchors),), settings.match)


def anchor_net(shape: Size, classes: int, codec: Codec) -> Model:
    """As many vectors a cell as there are anchors."""
    assert isinstance(codec, AnchorCodec), "its kind made it"
    return cells(shape, classes, cell=COARSE, boxes=len(codec.anchors[0]), name="anchors")


def anchors_above(maps: Sequence[Tensor], shape: Size, classes: int, codec: Codec) -> Tensor:
    """The same on the map of its cells."""
    assert isinstance(codec, AnchorCodec), "its kind made it"
    at = convolved(joined(maps, 2 * WIDTH, shape)[STRIDES.index(COARSE)], 3 * WIDTH, "head")
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


def grid_above(maps: Sequence[Tensor], shape: Size, classes: int, codec: Codec) -> Tensor:
    """The same on the map of its cells."""
    at = convolved(joined(maps, 2 * WIDTH, shape)[STRIDES.index(cell_of(codec.size))], 3 * WIDTH, "head")
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
    "pyramid": Kind(32, pyramid_codec, lambda shape, classes, codec: pyramid(shape, classes), pyramid_above, STRIDES),
    "anchors": Kind(COARSE, anchor_codec, anchor_net, anchors_above, STRIDES[:2], words=("anchors", "match")),
    "grid": Kind(COARSE, grid_codec, grid_net, grid_above, STRIDES[:2]),
    "localiser": Kind(COARSE, one_codec, one_net),
    **LITERATURE,
}
NETWORKS = tuple(KINDS)
