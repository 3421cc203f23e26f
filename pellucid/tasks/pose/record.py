"""What a model file keeps of poses: the skeleton, how people are written as maps and fields, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from pellucid.errors import FileError
from pellucid.storage.records.checking import LARGEST, Count, Positive, Word
from pellucid.tasks.pose.codec import FieldsCodec
from pellucid.tasks.pose.grouping import MATCHINGS, Rules

Above = Annotated[float, Meta(gt=0, le=LARGEST)]
Two = Annotated[list[Positive], Meta(min_length=2, max_length=2)]
Pair = Annotated[list[Count], Meta(min_length=2, max_length=2)]


class SkeletonRecord(Struct):
    """Names of the joints, lines and mirror pairs between them by number, the annotators' spreads where known."""

    names: Annotated[list[Word], Meta(min_length=1)]
    edges: Annotated[list[Pair], Meta(min_length=1)]
    pairs: list[Pair]
    sigmas: list[Above] | None


class CodecRecord(Struct):
    """The codec, as `FieldsCodec.record` tells it."""

    name: Word
    size: Two
    joints: Positive
    stride: Positive
    limbs: Annotated[list[Pair], Meta(min_length=1)]
    hill: Above
    limb: Above
    least: Above
    matching: Word
    least_joints: Positive


class PoseRecord(Struct):
    """All of it."""

    skeleton: SkeletonRecord
    codec: CodecRecord
    form: Word
    stages: Positive


def codec_of(told: Mapping[str, Any]) -> FieldsCodec:
    """The codec that a record describes. Raises FileError for one of which this Pellucid knows nothing."""
    limbs = tuple((int(start), int(end)) for start, end in told["limbs"])
    joints, stride = told["joints"], told["stride"]
    sound = all(start != end and max(start, end) < joints for start, end in limbs) and min(told["size"]) >= stride
    if told["name"] != "fields" or told["matching"] not in MATCHINGS or not sound:
        raise FileError("the model's record of its task is damaged, or of a later Pellucid: its codec makes no sense. "
                        "Train the model again.")
    return FieldsCodec((told["size"][0], told["size"][1]), joints, limbs, stride, told["hill"], told["limb"],
                       told["least"], Rules(told["matching"], told["least_joints"]))
