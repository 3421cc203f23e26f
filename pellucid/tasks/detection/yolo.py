"""The heads of YOLO v2 and v3, in multiples of w = 32 filters, on the maps of a backbone.

v2        map of 32: 3x3 32w, 3x3 32w | map of 16: 1x1 2w, each 2x2 of it in depth | both, 3x3 32w | 1x1 B (5 + C)
v3        from the map of 32 on, m = 16w, 8w, 4w: 1x1 m, 3x3 2m, 1x1 m, 3x3 2m, 1x1 m (a) | 3x3 2m, 1x1 B (5 + C)
          | to the next: 1x1 m/2 of (a), enlarged twice, beside the backbone's map
All       batch norm and leaky ReLU of 0.1 but for the last 1x1
Count     trained, on their Darknets: v2 at 20 classes and 5 anchors 50,655,389; v3 at 80 classes and 3 anchors a map
          61,949,149
Source    Redmon & Farhadi 2017, section 2 and 3; Redmon & Farhadi 2018, section 2.3
"""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.architectures.darknet import WIDTH, leaky
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import Concatenate, MaxPooling2D, UpSampling2D
from pellucid.graph.vocabulary_of_rows import Cropping2D
from pellucid.tasks.backbones import STRIDES
from pellucid.tasks.detection.codecs.anchors import AnchorCodec
from pellucid.tasks.detection.codecs.encoded import Codec
from pellucid.tasks.detection.forms import vectors
from pellucid.tasks.detection.kind import Size


def yolo2_above(maps: Sequence[Tensor], shape: Size, classes: int, codec: Codec, width: int = WIDTH) -> Tensor:
    """(P, 5 + C) of the maps of 16 and 32 pixels, the last two."""
    assert isinstance(codec, AnchorCodec), "its kind made it"
    fine, x = maps[-2], maps[-1]
    for number in (1, 2):
        x = leaky(x, 32 * width, 3, f"detect{number}")
    passed = folded(leaky(fine, 2 * width, 1, "pass"), "pass")
    x = leaky(Concatenate(name="passed")([passed, x]), 32 * width, 3, "detect3")
    return vectors(x, len(codec.anchors[0]), classes, "cell")


def folded(x: Tensor, name: str) -> Tensor:
    """A map (H,W,C) with each 2x2 of it in depth (H/2,W/2,4C): the upper left ones, the upper right ones and so on."""
    parts = []
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        cut = Cropping2D(((row, 0), (column, 0)), name=f"{name}_from{row}{column}")(x) if row or column else x
        parts.append(MaxPooling2D(1, 2, padding="same", name=f"{name}_every{row}{column}")(cut))
    found: Tensor = Concatenate(name=f"{name}_folded")(parts)
    return found


def yolo3_above(maps: Sequence[Tensor], shape: Size, classes: int, codec: Codec, width: int = WIDTH) -> Tensor:
    """(P, 5 + C) of three maps, the finest first."""
    assert isinstance(codec, AnchorCodec), "its kind made it"
    found: list[Tensor] = []
    x, filters = maps[-1], 16 * width
    for stride, own, beside in zip(STRIDES[::-1], codec.anchors[::-1], maps[::-1], strict=True):
        if found:
            above = UpSampling2D(2, name=f"up{stride}")(leaky(x, filters, 1, f"narrow{stride}"))
            x = Concatenate(name=f"join{stride}")([above, beside])
        for number in range(1, 6):
            wide = number % 2 == 0
            x = leaky(x, 2 * filters if wide else filters, 3 if wide else 1, f"at{stride}_{number}")
        found.insert(0, vectors(leaky(x, 2 * filters, 3, f"head{stride}"), len(own), classes, f"cell{stride}"))
        filters //= 2
    joined: Tensor = Concatenate(axis=1, name="all_places")(found)
    return joined
