"""Detectors of papers by name, each on the backbone of its paper or on another (--backbone).

yolov2   Darknet-19, one map of 32 pixels, passthrough, five anchors, one of C classes (softmax)
yolov3   Darknet-53, maps of 8, 16, 32 pixels joined by concatenation, three anchors each, classes by yes and no
Source   CNN-book 12.7; Redmon & Farhadi 2017, 2018
"""

from __future__ import annotations

from pellucid.data.boxes.column import Placed
from pellucid.tasks.detection.anchors import fitted_anchors
from pellucid.tasks.detection.backbones import STRIDES
from pellucid.tasks.detection.codecs.anchors import AnchorCodec, Anchors
from pellucid.tasks.detection.codecs.encoded import Codec
from pellucid.tasks.detection.kind import Kind
from pellucid.tasks.detection.settings import Settings
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


LITERATURE: dict[str, Kind] = {
    "yolov2": Kind(32, yolo2_codec, above=yolo2_above, needs=STRIDES[1:], body="darknet19", words=("anchors", "match")),
    "yolov3": Kind(32, three_maps_codec, above=yolo3_above, needs=STRIDES, body="darknet53", words=("match",)),
}
