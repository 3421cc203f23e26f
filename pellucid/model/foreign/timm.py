"""timm's names where they are not torchvision's: MobileNetV2, and squeeze and excitation in a ResNet.

MobileNetV2   conv_stem, bn1, conv_head, bn2                features.0.0, features.0.1, features.18.0, features.18.1
              classifier                                    classifier.1
              blocks.S.B, stage after stage                 features.1 to features.17
              conv_pw bn1, conv_dw bn2, conv_pwl bn3        conv.0.0 conv.0.1, conv.1.0 conv.1.1, conv.2 conv.3
              the first block: conv_dw bn1, conv_pw bn2     conv.0.0 conv.0.1, conv.1 conv.2
Squeeze       layer1.0.se.fc1, layer1.0.se.fc2              layer1.0.se_reduce, layer1.0.se_expand: ours
Source        timm/models/_efficientnet_blocks.py, timm/layers/squeeze_excite.py
"""

from __future__ import annotations

import re
from collections.abc import Collection

BLOCK = re.compile(r"blocks\.(\d+)\.(\d+)\.(\w+)")
FIRST = {"conv_dw": "0.0", "bn1": "0.1", "conv_pw": "1", "bn2": "2"}
OTHER = {"conv_pw": "0.0", "bn1": "0.1", "conv_dw": "1.0", "bn2": "1.1", "conv_pwl": "2", "bn3": "3"}
SQUEEZE = re.compile(r"(.+)\.se\.fc([12])")
WORDS = {"1": "reduce", "2": "expand"}


def torchvision_names(modules: Collection[str]) -> dict[str, str]:
    """torchvision's names of the modules that timm calls otherwise."""
    found = [match for match in map(SQUEEZE.fullmatch, modules) if match]
    names = {match[0]: f"{match[1]}.se_{WORDS[match[2]]}" for match in found}
    return names | mobile_names(modules) if "conv_stem" in modules else names


def mobile_names(modules: Collection[str]) -> dict[str, str]:
    """Those of MobileNetV2; blocks are counted through all stages."""
    found = [match for match in map(BLOCK.fullmatch, modules) if match]
    blocks = sorted({(int(match[1]), int(match[2])) for match in found})
    last = f"features.{len(blocks) + 1}"
    names = {
        "conv_stem": "features.0.0", "bn1": "features.0.1", "conv_head": f"{last}.0", "bn2": f"{last}.1",
        "classifier": "classifier.1",
    }  # fmt: skip
    for match in found:
        number = blocks.index((int(match[1]), int(match[2]))) + 1
        place = (OTHER if number > 1 else FIRST).get(match[3])
        if place is not None:
            names[match[0]] = f"features.{number}.conv.{place}"
    return names
