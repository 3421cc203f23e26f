"""RunConfig: every setting of a run in one frozen value, saved whole as config.json. An unknown key is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pellucid.errors import ArgumentError, FileError, ShapeError, UsageError, describe, shown
from pellucid.runs.old_settings import with_absent
from pellucid.storage.reading import read_json
from pellucid.storage.run_folder import RunFolder

FEW_IMAGES = 20_000  # below this a run sees the training part more often
EPOCHS_FEW, EPOCHS_MANY = 30, 5
MOST_THREADS = 4096
ANEW = "Start the run anew with pellucid train"


@dataclass(frozen=True)
class RunConfig:
    """The settings of a run; the defaults here are those of the command line. None means: chosen from the data."""

    data: str = "digits"
    model: str | None = None  # architecture, notation or model file; None: by image size
    activation: str = "relu"  # of networks in notation
    engine: str = "auto"
    epochs: int | None = None  # None: 30 for fewer than 20,000 training images, else 5
    batch_size: int = 32
    optimizer: str = "adam"
    lr: float | None = None  # None: the optimizer's own
    schedule: str = "cosine"
    l2: float = 0.0
    dropout: float | None = None  # None: 0.3 in the network chosen by image size, 0 in one that is named
    batch_norm_momentum: float | None = None  # of every batch norm; None: each layer's own
    weights: str | None = None  # a file whose weights a network by name or in words begins with
    new_head: bool = False  # the last layer anew, for the classes of the data
    head_by_name: bool = True  # a file's head is put in the order of the data; no flag: older runs took it as it lay
    freeze: str = ""  # layers that are not trained: all-but-head, patterns of names, or how many
    unfreeze_after: int = 0  # epochs after which all layers are trained; 0: never
    unfreeze_rate: float = 0.1  # of the learning rate from then on
    trunk_rate: float = 1.0  # of the learning rate for all layers but the head
    augment: str = ""
    preprocess: str = ""  # empty: uint8 to 0..1, floats left alone
    loss: str = "crossentropy"  # or focal[:gamma[:alpha]]
    class_weight: str = "none"
    sampler: str = "none"  # over: every class as often as the largest; under: as the smallest
    mine_rounds: int = 0  # times that wrong training images are given more weight; 0: never
    patience: int = 0  # epochs without improvement before stopping; 0: never
    precision: str = "float32"
    device: str = "auto"
    compile: bool = False  # the training steps by TorchInductor, where that pays
    sync_batch_norm: bool = False  # batch norm over the batch of all processes, not over each one's share
    seed: int = 0
    split_seed: int = 0
    val_fraction: float = 0.1
    train_dev_fraction: float = 0.0  # held out of the training part, scored by pellucid diagnose alone
    group: str | None = None
    label: str | None = None
    group_pattern: str | None = None
    copies: str = "together"  # copies of an image, in parts that are split off; apart: as they fall
    resize: str | None = None
    fit: str = "stretch"  # how a picture is brought to that size; or letterbox or crop
    channels: str | None = None
    alpha: str = "white"  # what shows where a picture is transparent; drop: what lies below
    skip_broken: str | None = None  # percent of the pictures that may be left out when they cannot be read
    max_pixels: int | None = None  # of one picture; None: the usual limit
    data_dir: str | None = None
    limit: int | None = None
    threads: int | None = None  # None: 1 for little work a step, else all cores (environment.threads_for)
    allow_leak: bool = False
    checkpoint_every: int = 0  # steps; 0: after each epoch only
    no_checks: bool = False  # begin without the quick checks

    def __post_init__(self) -> None:
        least = {"batch_size": 1, "epochs": 1, "patience": 0, "checkpoint_every": 0, "limit": 1, "threads": 1,
                 "seed": 0, "split_seed": 0, "max_pixels": 1, "l2": 0.0, "mine_rounds": 0, "unfreeze_after": 0}
        for name, low in least.items():
            value = getattr(self, name)
            if value is not None and not value >= low:
                raise UsageError(describe("train", flag(name), f"at least {low}", value))
        if (self.threads or 1) > MOST_THREADS:
            raise UsageError(describe("train", "--threads", f"at most {MOST_THREADS:,}", shown(self.threads)))
        if self.lr is not None and not self.lr > 0:
            raise UsageError(describe("train", "--lr", "above 0", self.lr))
        for name in ("unfreeze_rate", "trunk_rate"):
            if not 0 < getattr(self, name) <= 1:
                raise UsageError(describe("train", flag(name), "above 0 and at most 1", getattr(self, name)))
        if self.unfreeze_after and not self.freeze:
            raise UsageError("train: --unfreeze-after goes with --freeze, e.g. --freeze all-but-head.")
        for name in ("val_fraction", "train_dev_fraction", "dropout", "batch_norm_momentum"):
            if not 0 <= (getattr(self, name) or 0) < 1:
                raise UsageError(describe("train", flag(name), "from 0 to below 1", getattr(self, name)))
        if self.copies not in ("together", "apart"):
            raise UsageError(describe("train", "--copies", "'together' or 'apart'", repr(self.copies)))
        if self.class_weight not in ("none", "balanced"):
            raise UsageError(describe("train", "--class-weight", "'none' or 'balanced'", repr(self.class_weight)))

    def to_json(self) -> dict[str, Any]:
        """As config.json holds it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, settings: Mapping[str, Any], where: str) -> RunConfig:
        """As `to_json` wrote it, in this version or an older one; what it lacks is as `old_settings` says.

        Raises FileError for a setting this version does not know, of another type or outside its legal values.
        """
        wanted = {field.name: str(field.type) for field in dataclasses.fields(cls)}
        found = with_absent(settings, [name for name, kind in wanted.items() if "None" in kind])
        for name, value in found.items():
            if name not in wanted:
                raise FileError(
                    f"{where}: unknown setting '{shown(name)}'. It was written by another version of Pellucid."
                )
            if not of_kind(value, wanted[name]):
                got = shown(repr(value))
                raise FileError(f"{where} is damaged: {name} must be {wanted[name]}, but it is {got}. {ANEW}.")
        try:
            return cls(**found)
        except UsageError as fault:
            raise FileError(f"{where} is damaged: {fault} {ANEW}.") from None

    def epochs_for(self, images: int) -> int:
        """The number of epochs in force."""
        return self.epochs or (EPOCHS_FEW if images < FEW_IMAGES else EPOCHS_MANY)


def read_record(folder: RunFolder) -> dict[str, Any]:
    """What config.json holds; raises FileError when a part of it is missing."""
    from pellucid.storage.records.checking import checked
    from pellucid.storage.records.runs import ConfigRecord

    record = read_json(folder.config)
    for name in ("settings", "environment"):
        if not isinstance(record, dict) or not isinstance(record.get(name), dict):
            raise FileError(f"{folder.config} is damaged: it has no {name}. {ANEW}.")
    return dict(checked(record, ConfigRecord, folder.config, ANEW))


@contextmanager
def blamed(path: Path) -> Iterator[None]:
    """Name the record before what a block says about settings that were read from it and not typed."""
    try:
        yield
    except (UsageError, ArgumentError, ShapeError) as fault:
        raise FileError(f"{path}: {fault}") from fault


def of_kind(value: Any, kind: str) -> bool:
    """Whether a value is of a field's type, written as in `float | None`; a whole number is a float too."""
    name = type(value).__name__.replace("NoneType", "None")
    return name in kind.split(" | ") or (name == "int" and "float" in kind)


@contextmanager
def named(flag: str) -> Iterator[None]:
    """Put the flag before what a block says about its words."""
    try:
        yield
    except UsageError:
        raise
    except (ArgumentError, ShapeError) as fault:
        raise UsageError(f"{flag}: {fault}") from fault


def flag(name: str) -> str:
    """How the command line spells a setting."""
    return "--" + name.replace("_", "-")


def is_size(text: str) -> bool:
    """Whether a text is a number of pixels from 1, of at most 9 digits."""
    return text.isascii() and text.isdecimal() and len(text) <= 9 and int(text) > 0


def parse_size(text: str | None, argument: str = "--resize") -> tuple[int, int] | None:
    """HxW as numbers; raises UsageError for anything else."""
    if text is None:
        return None
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(map(is_size, parts)):
        raise UsageError(describe("train", argument, "HxW in pixels, e.g. 64x64", shown(repr(text))))
    return int(parts[0]), int(parts[1])
