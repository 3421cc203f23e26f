"""Files as darknet has them of YOLO v2 and v3 in multiples of `width` filters, written from their papers' tables."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np


def net(side: int) -> str:
    return f"[net]\nheight={side}\nwidth={side}\nchannels=3\n"


def convolution(filters: int, size: int, stride: int = 1) -> str:
    return (f"[convolutional]\nbatch_normalize=1\nfilters={filters}\nsize={size}\nstride={stride}\npad=1\n"
            "activation=leaky\n")  # fmt: skip


def last(filters: int) -> str:
    return f"[convolutional]\nfilters={filters}\nsize=1\nstride=1\npad=1\nactivation=linear\n"


def yolo2_cfg(width: int, classes: int, side: int, anchors: Sequence[tuple[float, float]]) -> str:
    """A .cfg of v2; anchors in cells."""
    pool = "[maxpool]\nsize=2\nstride=2\n"
    stages = ([1], [2], [4, 2, 4], [8, 4, 8], [16, 8, 16, 8, 16], [32, 16, 32, 16, 32, 0, 0])
    parts = []
    for stage in stages:
        parts += [pool] * bool(parts)
        parts += [convolution((share or 32) * width, 1 if share and place % 2 else 3)
                  for place, share in enumerate(stage)]  # fmt: skip
    parts += ["[route]\nlayers=-9\n", convolution(2 * width, 1), "[reorg]\nstride=2\n", "[route]\nlayers=-1,-4\n",
              convolution(32 * width, 3), last(len(anchors) * (5 + classes))]  # fmt: skip
    listed = ", ".join(f"{w},{h}" for w, h in anchors)
    region = f"[region]\nanchors={listed}\nclasses={classes}\ncoords=4\nnum={len(anchors)}\nsoftmax=1\n"
    return net(side) + "".join(parts) + region


def yolo3_cfg(width: int, classes: int, side: int, anchors: Sequence[tuple[float, float]]) -> str:
    """A .cfg of v3; nine anchors in pixels."""
    parts = [convolution(width, 3)]
    for stage, blocks in enumerate((1, 2, 8, 8, 4), start=1):
        filters = width * 2**stage
        parts.append(convolution(filters, 3, 2))
        for _ in range(blocks):
            parts += [convolution(filters // 2, 1), convolution(filters, 3), "[shortcut]\nfrom=-3\nactivation=linear\n"]
    listed = ",".join(f"{w},{h}" for w, h in anchors)
    for mask, filters, beside in (("6,7,8", 16 * width, None), ("3,4,5", 8 * width, 61), ("0,1,2", 4 * width, 36)):
        if beside is not None:
            parts += ["[route]\nlayers=-4\n", convolution(filters, 1), "[upsample]\nstride=2\n",
                      f"[route]\nlayers=-1,{beside}\n"]  # fmt: skip
        parts += [convolution(filters, 1), convolution(2 * filters, 3)] * 3 + [last(3 * (5 + classes))]
        parts.append(f"[yolo]\nmask={mask}\nanchors={listed}\nclasses={classes}\nnum=9\n")
    return net(side) + "".join(parts)


def write_weights(path: Path, convolutions: Iterable[dict[str, np.ndarray]]) -> None:
    """A .weights of convolutions in the .cfg's order, each with kernel (U,V,C,F) and bias, or batch norm's four."""
    numbers: list[np.ndarray] = []
    for one in convolutions:
        numbers += [one[word] for word in ("bias", "beta", "gamma", "moving_mean", "moving_variance") if word in one]
        numbers.append(one["kernel"].transpose(3, 2, 0, 1))
    path.write_bytes(struct.pack("<iiiq", 0, 2, 0, 0) + b"".join(n.astype("<f4").tobytes() for n in numbers))
