"""Weights known by name: which network they are for, what it was shown, where the file is to be had, its sha256.

Nothing is downloaded. A file is looked for as PLACE/weights/FOLDER/FILE in --data-dir, $PELLUCID_DATA and the cache,
plain or packed (.gz), and taken only with the sha256 that stands here; a packed one is unpacked into the cache first.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pellucid.data.known import cache_folder
from pellucid.errors import ArgumentError, FileError, UsageError, shown
from pellucid.storage.reading import read_bytes
from pellucid.storage.writer import write_bytes
from pellucid.words import user_path

WEIGHTS = "weights"
PACKED = ".gz"


@dataclass(frozen=True)
class Pretrained:
    """One set of weights. `model` is the word for --model, `network` the name of the Model that it makes.

    `rate`, as many epochs as make `steps`, and the form `headed` of the network are for a new head alone; None: as
    anywhere.
    """

    name: str
    model: str
    network: str
    trained_on: str
    preprocess: str
    size: tuple[int, int]
    folder: str
    file: str
    bytes_: int
    sha256: str
    packed_sha256: str
    licence: str
    source: str
    rate: float | None = None
    steps: int | None = None
    headed: str | None = None

    @property
    def where(self) -> str:
        """Below each place that is looked at."""
        return f"{WEIGHTS}/{self.folder}/{self.file}"


KNOWN = {each.name: each for each in (
    Pretrained(
        name="squeezenet", model="squeezenet", network="squeezenet1_0", trained_on="imagenet",
        preprocess="caffe=104:117:123", size=(227, 227), folder="squeezenet",
        file="squeezenet-v1.0-caffe.safetensors", bytes_=4_998_344,
        sha256="ab5fcbf560bbd1248c70c7d7e20cf1063c98bbc272996185265390cceddf80d4",
        packed_sha256="80e4e02ed6b2fc114013f2c0544ca57ebe835cf5bbff6d62414228e8f7dfb8af",
        licence="BSD 2-clause",
        source="github.com/songhan/SqueezeNet-Deep-Compression, commit fb13faa, decoded into safetensors",
        rate=0.001, steps=300, headed="squeezenet-features",  # its own head has a ReLU, whose units a rate soon ends
    ),
    Pretrained(
        name="cifarresnet20", model="cifarresnet20", network="cifarresnet20", trained_on="cifar10",
        preprocess="imagenet", size=(32, 32), folder="resnet20-cifar10", file="resnet20-cifar10.safetensors",
        bytes_=1_092_520, sha256="02926273efb1deadb6dc654c7087baea932ef2026d9f854680d6858146d85838", packed_sha256="",
        licence="BSD 2-clause",
        source="github.com/akamaster/pytorch_resnet_cifar10, commit d5489e8, as safetensors",
    ),
)}  # fmt: skip


def known(name: str) -> Pretrained:
    """The weights of that name; raises UsageError that lists the names."""
    found = KNOWN.get(name.lower())
    if found is None:
        raise UsageError(f"pretrained weights {shown(repr(name))}: there are none of that name. Known are "
                         f"{', '.join(KNOWN)}; pellucid weights lists them.")  # fmt: skip
    return found


def for_network(network: str, trained_on: str) -> Pretrained:
    """The weights that `weights="imagenet"` means; raises ArgumentError where none are known for the network."""
    found = [each for each in KNOWN.values() if (each.network, each.trained_on) == (network, trained_on)]
    if not found:
        others = ", ".join(f"{each.network} ({each.trained_on})" for each in KNOWN.values())
        raise ArgumentError(f"{network}: no weights called '{trained_on}' are known for it; they are for {others}. "
                            "Nothing is downloaded: give a .safetensors or .weights.h5 file that you have.")
    return found[0]


def places(data_dir: str | Path | None = None) -> Iterator[Path]:
    """Where weights are looked for, in order."""
    named = (data_dir, os.environ.get("PELLUCID_DATA"), cache_folder() / "data")
    yield from dict.fromkeys(user_path(place) for place in named if place)


def find(weights: Pretrained, data_dir: str | Path | None = None) -> Path:
    """The file, its content checked. Raises UsageError with where it is to be had, FileError for another content."""
    for place in places(data_dir):
        path = place / weights.where
        if path.is_file():
            checked(weights, read_bytes(path), path)
            return path
        packed = path.with_name(path.name + PACKED)
        if packed.is_file():
            return placed(weights, packed)
    looked = ", ".join(str(place / weights.where) for place in places(data_dir))
    raise UsageError(f"the weights '{weights.name}' were not found; looked for {looked}. The file has "
                     f"{weights.bytes_ / 1e6:.1f} MB and comes from {weights.source}; when you have it, type: "
                     f"pellucid weights --place FILE")  # fmt: skip


def placed(weights: Pretrained, path: Path) -> Path:
    """A copy of a file, unpacked and checked, in the cache."""
    data = unpacked(weights, read_bytes(path), path)
    target = cache_folder() / "data" / weights.where
    if not target.is_file() or sha256(read_bytes(target)) != weights.sha256:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(target, data)
    return target


def unpacked(weights: Pretrained, data: bytes, path: Path) -> bytes:
    """The content of a file, packed or not. Raises FileError where it is not the known one."""
    if data[:2] == b"\x1f\x8b":
        if weights.packed_sha256 and sha256(data) == weights.packed_sha256:  # else no more than its size is unpacked
            return checked(weights, gzip.decompress(data), path)
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
                data = file.read(weights.bytes_ + 1)
        except (OSError, EOFError) as fault:
            raise FileError(f"{path} is damaged ({fault}). Copy it again from where it came.") from None
    return checked(weights, data, path)


def checked(weights: Pretrained, data: bytes, path: Path) -> bytes:
    """The content, if it is the known one; raises FileError with both sums."""
    found = sha256(data)
    if found != weights.sha256:
        raise FileError(f"{path} is not the file of '{weights.name}': its sha256 is {found[:16]}..., and that of the "
                        f"file from {weights.source} is {weights.sha256[:16]}.... Copy it again; with --weights FILE "
                        "other weights are taken as they are.")  # fmt: skip
    return data


def sha256(data: bytes) -> str:
    """As hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def place_file(path: str | Path) -> tuple[Pretrained, Path]:
    """Which weights a file holds, and where a copy of it was put. Raises FileError for none that are known."""
    path = user_path(str(path))
    data = read_bytes(path)
    for weights in KNOWN.values():
        if sha256(data) in (weights.sha256, weights.packed_sha256):
            return weights, placed(weights, path)
    wanted = ", ".join(f"{each.name} {each.sha256[:16]}..." for each in KNOWN.values())
    raise FileError(f"{path} holds none of the known weights: its sha256 is {sha256(data)[:16]}..., and known are "
                    f"{wanted}. Other files are taken with --weights FILE.")  # fmt: skip
