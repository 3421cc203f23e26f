"""OpenPose: maps of joints and fields of limbs for all people at once, in stages that each correct the one before.

Trunk    the first ten convolutions of VGG-19 with three poolings | 3x3 256 | 3x3 128: the features F, an eighth as wide
Stage 1  two branches, one for maps, one for fields: three 3x3 128 | 1x1 512 | 1x1 outputs
Stage t  the same two from F, maps and fields of the stage before, one after the other: five 7x7 128 | 1x1 128 | 1x1
Shapes   (H,W,C') -> (H/8,W/8,maps + fields); what all stages but the last say is for training only; ReLU everywhere but
         at the ends of the branches
Count    52,311,446 (six stages, 19 maps, 38 fields, as for COCO)
Source   Cao et al. 2017, section 2.2; depths as in the authors' network
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import Activation, Concatenate, Conv2D, MaxPooling2D
from pellucid.model import Model

TRUNK = ((64, 64), (128, 128), (256, 256, 256, 256), (512, 512))    # VGG-19's blocks, a pooling between two
MULTIPLE = 8            # of pixels, so that every halving comes out even


def OpenPose(
    include_top: bool = True, weights: Weights = None, *, stages: int = 6, fields: int | None = None,
    **options: Unpack[Options],
) -> Model:  # fmt: skip
    """So many stages; `classes` (57) is the number of maps and fields together, the last `fields` of them fields.

    Where `fields` is not said, it is two thirds, as 38 are of 57.
    Without its top it ends in the features (H/8,W/8,128). Other arguments as in Keras (`frame.Options`).
    Raises ArgumentError for other numbers of stages or fields, ShapeError for sides that are no multiples of 8.
    """
    options.setdefault("classifier_activation", None)
    frame = Frame.of("openpose", include_top, weights, options, shape=(368, 656, 3), classes=57)
    if isinstance(stages, bool) or not isinstance(stages, int) or stages < 1:
        raise ArgumentError(describe("OpenPose", "stages", "an integer >= 1", repr(stages)))
    fields = frame.classes // 3 * 2 if fields is None else fields
    if isinstance(fields, bool) or not isinstance(fields, int) or fields % 2 or not 2 <= fields < frame.classes:
        raise ArgumentError(describe("OpenPose", "fields", f"two a limb, and fewer than all {frame.classes} outputs",
                                     repr(fields)))  # fmt: skip
    refuse_uneven(frame.entry)
    features = trunk(frame.entry)
    if not frame.include_top:
        return frame.close(features)
    x, said = features, []
    for stage in range(1, stages + 1):
        maps = branch(x, frame.classes - fields, f"stage{stage}_maps", first=stage == 1)
        limbs = branch(x, fields, f"stage{stage}_fields", first=stage == 1)
        both: Tensor = Concatenate(name=f"stage{stage}")([maps, limbs])
        if frame.activation is not None:
            both = Activation(frame.activation, name=f"stage{stage}_activation")(both)
        said.append(both)
        x = Concatenate(name=f"stage{stage}_on")([features, both])
    return frame.close(said[-1], training_only=said[:-1])


def refuse_uneven(entry: Tensor) -> None:
    """Raise ShapeError for images whose sides cannot be halved three times; sides that are open are taken."""
    height, width = entry.sizes[:2]
    if any(side is not None and side % MULTIPLE for side in (height, width)):
        raise ShapeError(describe("openpose", "the images", f"of sides that are multiples of {MULTIPLE}",
                                  f"{height} x {width}"))  # fmt: skip


def trunk(x: Tensor) -> Tensor:
    """The features; the layers of VGG-19 have its names, so that its weights fit."""
    for block, widths in enumerate(TRUNK, 1):
        for number, filters in enumerate(widths, 1):
            x = Conv2D(filters, 3, padding="same", activation="relu", name=f"block{block}_conv{number}")(x)
        if block < len(TRUNK):
            x = MaxPooling2D(2, 2, name=f"block{block}_pool")(x)
    x = Conv2D(256, 3, padding="same", activation="relu", name="features1")(x)
    return Conv2D(128, 3, padding="same", activation="relu", name="features2")(x)


def branch(x: Tensor, outputs: int, name: str, *, first: bool) -> Tensor:
    """Maps or fields of one stage."""
    count, kernel, wide = (3, 3, 512) if first else (5, 7, 128)
    for number in range(1, count + 1):
        x = Conv2D(128, kernel, padding="same", activation="relu", name=f"{name}{number}")(x)
    x = Conv2D(wide, 1, activation="relu", name=f"{name}{count + 1}")(x)
    return Conv2D(outputs, 1, name=f"{name}_out")(x)
