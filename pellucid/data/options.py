"""What the user may ask of any data set as it is opened: --resize, --fit, --channels, --alpha, --limit, --group ..."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pellucid.data.channels import check_channels, word_of
from pellucid.data.fitting import FITS
from pellucid.data.group_pattern import check_pattern
from pellucid.data.where import parse_where
from pellucid.errors import ArgumentError, describe, shown
from pellucid.storage.limits import PIXELS
from pellucid.words import decimal, whole

ALPHAS = ("white", "drop")
WELLS = ("together", "apart")
CROPS = ("auto", "none")
WIDEST = 4                      # times its longer side that is seen on each side of a box
KINDS = ("classes", "numbers", "boxes", "points", "people")  # of annotations, as `Annotations.kind` has them


@dataclass(frozen=True)
class Options:
    """resize is (height, width) in pixels; limit the most samples a part may keep; group and label are CSV columns.

    Both may name several, with commas between them.
    fit says how a picture is brought to that size, alpha what becomes of transparency, skip_broken how many percent of
    the pictures may be left out because they cannot be read, max_pixels how large one may be (None: the usual limit).
    group_pattern is searched in paths. Without `learning` the data are only scored: one class is enough. annotations is
    the kind that is wanted (None: the data decide). require_all_channels refuses pictures in several files of which
    some are missing, which else are left out. where: the values of columns that rows must have to be read.
    wells: together, pictures of one well of a table are a group where no
    other is named, and no group may part them, unless allow_leak says so; apart: wells are no matter.
    crop: how an object with points is cut out of its picture by its box; box_noise: the share of a side by which that
    box is shifted and scaled at random.
    """

    resize: tuple[int, int] | None = None
    channels: str | None = None
    limit: int | None = None
    group: str | None = None
    label: str | None = None
    fit: str = "stretch"
    alpha: str = "white"
    skip_broken: float = 0.0
    max_pixels: int | None = None
    group_pattern: str | None = None
    learning: bool = True
    annotations: str | None = None
    require_all_channels: bool = False
    where: str | None = None
    wells: str = "together"
    allow_leak: bool = False
    crop: str = "auto"
    box_noise: float = 0.0

    def __post_init__(self) -> None:
        if self.resize is not None and (len(self.resize) != 2 or min(self.resize) < 1):
            raise ArgumentError(describe("data", "--resize", "height x width in pixels, each 1 or more", self.resize,
                                         "Type, for example, --resize 64x64."))
        if self.where is not None:
            parse_where(self.where)
        if self.channels is not None:
            check_channels(self.channels)
        for flag, value, known in (("--fit", self.fit, FITS), ("--alpha", self.alpha, ALPHAS),
                                   ("--wells", self.wells, WELLS),
                                   ("annotations", self.annotations, KINDS)):
            if value is not None and value not in known:
                raise ArgumentError(describe("data", flag, " or ".join(known), repr(value)))
        for flag, number in (("--limit", self.limit), ("--max-pixels", self.max_pixels)):
            if number is not None and number < 1:
                raise ArgumentError(describe("data", flag, "1 or more", number))
        margin_of(self.crop)
        if not 0 <= self.box_noise < 1:
            raise ArgumentError(describe("data", "--box-noise", "from 0 to below 1, a share of the box's side",
                                         f"{self.box_noise:g}"))
        if not 0 <= self.skip_broken <= 100:
            raise ArgumentError(describe("data", "--skip-broken", "from 0 to 100 percent", f"{self.skip_broken:g}"))
        if self.group_pattern is not None:
            check_pattern(self.group_pattern)
            if self.group is not None:
                raise ArgumentError("data: --group and --group-pattern both name groups. Leave one of them out.")
        if self.resize is not None and self.resize[0] * self.resize[1] > self.most_pixels:
            size = f"{self.resize[0]}x{self.resize[1]}"
            raise ArgumentError(describe("data", "--resize", f"at most {self.most_pixels:,} pixels", shown(size),
                                         "Pass --max-pixels N to allow more."))

    @property
    def most_pixels(self) -> int:
        """How many pixels a picture may have."""
        return self.max_pixels or PIXELS.now


def parse_size(text: str, command: str = "data", flag: str = "--resize") -> tuple[int, int]:
    """(height, width) of `64x48`. Raises ArgumentError otherwise, naming the flag."""
    parts = [whole(part, 1) for part in text.lower().replace("×", "x").split("x")]
    height, width = parts if len(parts) == 2 else (None, None)
    if height is None or width is None:
        raise ArgumentError(describe(command, flag, "HxW in pixels, e.g. 64x64", shown(repr(text))))
    return height, width


def parse_percent(text: str) -> float:
    """The number of `5%` or `5`. Raises ArgumentError otherwise."""
    number = text.strip().removesuffix("%").strip()
    if not number.replace(".", "", 1).isdecimal() or not number.isascii():
        raise ArgumentError(describe("data", "--skip-broken", "a percentage of the pictures", repr(text[:40]),
                                     "Type, for example, --skip-broken 5%."))
    return float(number)


def margin_of(crop: str) -> float | None:
    """What is seen around a box, as a share of its longer side; None for `none` and `auto`. Raises ArgumentError."""
    if crop in CROPS:
        return None
    margin = decimal(crop)
    if margin is None or not 0 <= margin <= WIDEST:
        wanted = f"auto, none or a share from 0 to {WIDEST} of the box's longer side, e.g. 0.25"
        raise ArgumentError(describe("data", "--crop", wanted, repr(shown(crop))))
    return margin


def options_of_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """How pictures are read for a model, by the record in its file: keywords of `Options`.

    A record without `fit` was written when all pictures were stretched, one without `alpha` when transparency was
    dropped. A model without a record (made by a program) leaves size and channels as they are.
    """
    if not record:
        return {}
    names = tuple(record.get("channel_names") or ())
    word = record.get("stack") or (word_of(names) if names else {1: "gray", 3: "rgb"}.get(int(record["channels"])))
    return {"resize": (int(record["height"]), int(record["width"])), "fit": record.get("fit", "stretch"),
            "channels": word, "alpha": record.get("alpha", "drop"), "crop": record.get("crop", "none")}
