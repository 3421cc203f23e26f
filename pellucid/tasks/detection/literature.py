"""Detectors of papers by name, each on the backbone of its paper or on another (--backbone).

yolov2   Darknet-19, one map of 32 pixels, passthrough, five anchors, one of C classes (softmax)
yolov3   Darknet-53, maps of 8, 16, 32 pixels joined by concatenation, three anchors each, classes by yes and no
fpn      Darknet-53, the pyramid of the CNN-book: sums, two deep heads on three maps, anchors and classes as in yolov3
retinanet  ResNet-50, five maps of 8 to 128 pixels, nine tiled anchors each, focal loss
detnet   DetNet-59, whose last stages stay at 16 pixels: four maps, heads and anchors as retinanet
tridentnet  ResNet-50 up to 16 pixels, its last stage at three widths by the same weights, 15 tiled anchors a place
Source   CNN-book 12.6, 12.7, 12.9, 12.10, 12.12; Redmon & Farhadi 2017, 2018; Lin et al. 2017 (both); Li et al. 2018;
         Li et al. 2019
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pellucid.data.boxes.column import Placed
from pellucid.tasks.backbones import STRIDES
from pellucid.tasks.detection.anchors import fitted_anchors
from pellucid.tasks.detection.codecs.anchors import AnchorCodec
from pellucid.tasks.detection.codecs.encoded import Codec
from pellucid.tasks.detection.codecs.laid import Anchors
from pellucid.tasks.detection.codecs.tiles import TileCodec, shaped, tiled
from pellucid.tasks.detection.kind import Kind
from pellucid.tasks.detection.retina import detnet_above, fpn_above, retina_above
from pellucid.tasks.detection.settings import Settings
from pellucid.tasks.detection.trident import BESIDE, trident_net
from pellucid.tasks.detection.yolo import yolo2_above, yolo3_above

EACH = 3        # anchors a map
NINE = ((10, 13), (16, 30), (33, 23), (30, 61), (62, 45), (59, 119), (116, 90), (156, 198), (373, 326))  # of COCO
AT = 416        # pixels a side that NINE are for


def yolo2_codec(size: tuple[int, int], classes: int, placed: Placed, settings: Settings) -> Codec:
    """One map."""
    return AnchorCodec(size, classes, STRIDES[2:], (fitted_anchors(placed, settings.anchors),), settings.match,
                       exclusive=True)  # fmt: skip


def three_maps_codec(size: tuple[int, int], classes: int, placed: Placed, settings: Settings) -> Codec:
    """Nine anchors of the training boxes, three a map; those of COCO where the boxes have fewer sizes."""
    found: tuple[tuple[float, float], ...] = fitted_anchors(placed, len(NINE))
    if len(found) < len(NINE):
        found = tuple((width * size[1] / AT, height * size[0] / AT) for width, height in NINE)
    anchors: Anchors = tuple(found[k : k + EACH] for k in range(0, len(NINE), EACH))
    return AnchorCodec(size, classes, STRIDES, anchors, settings.match)


def tiles_codec(
    strides: Sequence[int], bases: Sequence[float]
) -> Callable[[tuple[int, int], int, Placed, Settings], TileCodec]:
    """Nine anchors of about base x base pixels at each place of each map."""
    anchors = tuple(tiled(base) for base in bases)
    return lambda size, classes, placed, settings: TileCodec(size, classes, tuple(strides), anchors)


def trident_codec(size: tuple[int, int], classes: int, placed: Placed, settings: Settings) -> Codec:
    """Fifteen anchors a place of one map: five sizes of three shapes."""
    return TileCodec(size, classes, (16,), (tuple(one for base in (32, 64, 128, 256, 512) for one in shaped(base)),))


RETINA, DETNET = (8, 16, 32, 64, 128), (8, 16, 16, 16)  # pixels of the places of their maps
LITERATURE: dict[str, Kind] = {
    "yolov2": Kind(32, yolo2_codec, above=yolo2_above, needs=STRIDES[1:], body="darknet19", words=("anchors", "match")),
    "yolov3": Kind(32, three_maps_codec, above=yolo3_above, needs=STRIDES, body="darknet53", words=("match",)),
    "fpn": Kind(32, three_maps_codec, above=fpn_above, needs=STRIDES, body="darknet53", words=("match",)),
    "retinanet": Kind(32, tiles_codec(RETINA, [4 * stride for stride in RETINA]), above=retina_above, needs=STRIDES,
                      body="resnet50-torchvision"),
    "detnet": Kind(32, tiles_codec(DETNET, (32, 64, 128, 256)), above=detnet_above, body="detnet59",
                   ends=("layer2_3_out", "layer3_5_out", "layer4_2_out", "layer5_2_out")),
    "tridentnet": Kind(16, trident_codec, trident_net, beside=BESIDE),
}
