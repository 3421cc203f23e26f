"""What a model file keeps of a detection: classes, how boxes are written at places, and how answers are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from pellucid.errors import FileError, shown
from pellucid.storage.records.checking import Count, Finite, Positive, Word
from pellucid.tasks.detection.codecs.anchors import AnchorCodec
from pellucid.tasks.detection.codecs.center import CenterCodec
from pellucid.tasks.detection.codecs.encoded import Codec
from pellucid.tasks.detection.codecs.grid import GridCodec
from pellucid.tasks.detection.codecs.snip import NAME as SNIP
from pellucid.tasks.detection.codecs.snip import snip_of
from pellucid.tasks.detection.codecs.tiles import TileCodec

Share = Annotated[float, Meta(ge=0, le=1)]


class ScaleRecord(Struct):
    """One of several sizes at which pictures are read, and the sides of the objects that are valid there."""

    size: Annotated[list[Positive], Meta(min_length=2, max_length=2)]
    least: Finite
    most: Finite | None


class CodecRecord(Struct):
    """A codec: its name, the size of the input, and what that kind has beside; `base` is its name at each size."""

    name: str
    size: Annotated[list[Positive], Meta(min_length=2, max_length=2)]
    classes: Positive
    strides: Annotated[list[Positive], Meta(min_length=1, max_length=8)]
    ends: list[Finite] = []
    anchors: list[list[list[Finite]]] = []
    exclusive: bool = False
    base: str = ""
    scales: Annotated[list[ScaleRecord], Meta(max_length=32)] = []


class DetectionRecord(Struct):
    """Classes by number, with the numbers of their file; IoU of suppression, the score from which boxes are told."""

    names: Annotated[list[Word], Meta(min_length=1)]
    ids: list[Count]
    form: Word
    codec: CodecRecord
    nms: Share
    operating: Share | None
    least_visible: Share
    suppression: Literal["hard", "linear", "gaussian"] = "hard"


def codec_of(told: Mapping[str, Any]) -> Codec:
    """The codec that a record describes. Raises FileError for one of which this Pellucid knows nothing."""
    if told["name"] == SNIP and told.get("scales") and told.get("base") != SNIP:
        return snip_of(told, codec_of)
    size, strides = (told["size"][0], told["size"][1]), tuple(told["strides"])
    if told["name"] == "center" and len(told.get("ends", ())) == len(strides) - 1:
        return CenterCodec(size, told["classes"], strides, tuple(told["ends"]))
    if told["name"] == "grid" and len(strides) == 2:
        return GridCodec(size, told["classes"], (strides[0], strides[1]))
    anchors = told.get("anchors", ())
    if told["name"] in ("anchors", "tiles") and len(anchors) == len(strides) and all(
        own and all(len(one) == 2 and min(one) > 0 for one in own) for own in anchors
    ):
        own = tuple(tuple(map(tuple, each)) for each in anchors)
        if told["name"] == "tiles":
            return TileCodec(size, told["classes"], strides, own)
        return AnchorCodec(size, told["classes"], strides, own, exclusive=told.get("exclusive", False))
    raise FileError(f"the model's record of its task is damaged, or of a later Pellucid: its codec "
                    f"'{shown(told['name'])}' makes no sense. Train the model again.")
