"""What a model file keeps of points: the skeleton, how points are written, and what errors are told in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from pellucid.errors import FileError, shown
from pellucid.storage.records.checking import LARGEST, Count, Positive, Word
from pellucid.tasks.keypoints.codecs.coordinates import LOSSES, Coordinates
from pellucid.tasks.keypoints.codecs.encoded import Codec
from pellucid.tasks.keypoints.codecs.heatmaps import LOSSES as MAP_LOSSES
from pellucid.tasks.keypoints.codecs.heatmaps import HeatMaps
from pellucid.tasks.keypoints.codecs.peaks import WAYS
from pellucid.tasks.keypoints.codecs.simcc import SimCC

Above = Annotated[float, Meta(gt=0, le=LARGEST)]
Two = Annotated[list[Positive], Meta(min_length=2, max_length=2)]
Pair = Annotated[list[Count], Meta(min_length=2, max_length=2)]


class SkeletonRecord(Struct):
    """Names of the points, lines and mirror pairs between them by number, the annotators' spreads where known."""

    names: Annotated[list[Word], Meta(min_length=1)]
    edges: list[Pair]
    pairs: list[Pair]
    sigmas: list[Above] | None


class CodecRecord(Struct):
    """A codec: its name, the size of the input, and what that kind has beside."""

    name: str
    size: Two
    points: Positive
    loss: str = ""
    way: str = ""
    maps: Annotated[list[Annotated[int, Meta(ge=2, le=2**20)]], Meta(max_length=2)] = []
    spread: Above = 1.0
    bins: Above = 1.0


class KeypointsRecord(Struct):
    """All of it; spreads (K) of OKS, known when they are those of annotators; unit: of `weigh`, in pixels."""

    skeleton: SkeletonRecord
    codec: CodecRecord
    form: Word
    normaliser: Word
    pck: Above
    spreads: list[Above]
    known: bool
    unit: Above | None


def codec_of(told: Mapping[str, Any]) -> Codec:
    """The codec that a record describes. Raises FileError for one of which this Pellucid knows nothing."""
    size, points, name, maps = (told["size"][0], told["size"][1]), told["points"], told["name"], told.get("maps", ())
    if name == "coordinates" and told.get("loss") in LOSSES:
        return Coordinates(size, points, told["loss"])
    if name == "heatmaps" and len(maps) == 2 and told.get("loss") in MAP_LOSSES and told.get("way") in WAYS:
        return HeatMaps(size, points, (maps[0], maps[1]), told["spread"], told["loss"], told["way"])
    if name == "simcc" and "bins" in told and min(size) * told["bins"] >= 1:
        return SimCC(size, points, told["bins"], told["spread"])
    raise FileError(f"the model's record of its task is damaged, or of a later Pellucid: its codec '{shown(name)}' "
                    "makes no sense. Train the model again.")
