"""The real sets and networks that the checks before training are tried on.

Seven sets, of each at most 3,000 training pictures; photographs at 32 x 32 pixels, for resnet18 all at 64 x 64. The
cells are cut out of the photographs of bccd, a cell a picture: 292 photographs to learn from and 72 to test.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from PIL import Image

from benchmarks.published import ROOT
from pellucid.runs.config import RunConfig

LIMIT = 3000
SETS: dict[str, dict[str, Any]] = {
    "mnist": {"data": "mnist"},
    "fashion-mnist": {"data": "fashion-mnist"},
    "cifar10": {"data": "cifar10"},
    "fruits360-mini": {"data": "fruits360-mini", "resize": "32x32"},
    "flowers10": {"data": "flowers10", "resize": "32x32", "channels": "rgb"},
    "digits": {"data": "digits"},
    "cells": {"resize": "32x32"},  # `data` is the folder that cells are cut into
}
LARGE = "resnet18"
NETS = (
    "default", "conv_8,pool,FC_32", "conv_8,pool,conv_12*3,pool,conv_36*3,pool,FC_64", "lenet5", "cifar10cnn", LARGE,
)  # fmt: skip
CELLS_A_PHOTOGRAPH = 12  # red cells are many: so many of each kind and photograph
LEAST_CELL = 16          # pixels; cells cut off by the edge of the photograph are smaller


def data_folder() -> Path:
    """Where the real data sets lie."""
    return Path(os.environ.get("PELLUCID_DATA") or ROOT.parent / "shared" / "data")


def cells_of(xml: bytes) -> Iterator[tuple[str, tuple[int, int, int, int]]]:
    """Kind and box (x1, y1, x2, y2) of the cells of one photograph, of each kind the first few."""
    kept: dict[str, int] = {}
    for one in ElementTree.fromstring(xml).iter("object"):
        kind = one.findtext("name", "")
        x1, y1, x2, y2 = (int(one.findtext(f"bndbox/{side}", "0")) for side in ("xmin", "ymin", "xmax", "ymax"))
        kept[kind] = kept.get(kind, 0) + 1
        if min(x2 - x1, y2 - y1) >= LEAST_CELL and kept[kind] <= CELLS_A_PHOTOGRAPH:
            yield kind, (x1, y1, x2, y2)


def cut_cells(place: Path) -> Path:
    """The folder of cells: place/train|test/KIND/PHOTOGRAPH-NUMBER.png. Cut once."""
    folder = place / "cells"
    if folder.exists():
        return folder
    with tarfile.open(data_folder() / "bccd" / "bccd.tar") as archive:
        files = {member.name: archive.extractfile(member) for member in archive.getmembers() if member.isfile()}
        read = {name: file.read() for name, file in files.items() if file is not None}
    for part, listed in (("train", "trainval"), ("test", "test")):
        for name in read[f"BCCD/ImageSets/Main/{listed}.txt"].decode().split():
            photograph = Image.open(io.BytesIO(read[f"BCCD/JPEGImages/{name}.jpg"])).convert("RGB")
            for number, (kind, box) in enumerate(cells_of(read[f"BCCD/Annotations/{name}.xml"])):
                target = folder / part / kind / f"{name}-{number}.png"
                target.parent.mkdir(parents=True, exist_ok=True)
                photograph.crop(box).save(target)
    return folder


def config_of(name: str, net: str, seed: int, place: Path) -> RunConfig:
    """What is typed after `pellucid check`."""
    settings = {"data": str(cut_cells(place))} if name == "cells" else {}
    settings |= SETS[name] | ({"resize": "64x64"} if net == LARGE else {})
    model = None if net == "default" else net
    return RunConfig(**settings, data_dir=str(data_folder()), model=model, limit=LIMIT, seed=seed, engine="pytorch",
                     threads=1)  # fmt: skip
