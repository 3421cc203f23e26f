"""What the user may ask of any data set as it is opened: --resize, --channels, --limit, --group and --label."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.data.decoding import CHANNELS
from pellucid.errors import ArgumentError, describe


@dataclass(frozen=True)
class Options:
    """resize is (height, width) in pixels; limit the most samples a part may keep; group and label are CSV columns."""

    resize: tuple[int, int] | None = None
    channels: str | None = None
    limit: int | None = None
    group: str | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        if self.resize is not None and (len(self.resize) != 2 or min(self.resize) < 1):
            raise ArgumentError(describe("data", "--resize", "height x width in pixels, each 1 or more", self.resize,
                                         "Type, for example, --resize 64x64."))
        if self.channels is not None and self.channels not in CHANNELS:
            raise ArgumentError(describe("data", "--channels", " or ".join(CHANNELS), repr(self.channels)))
        if self.limit is not None and self.limit < 1:
            raise ArgumentError(describe("data", "--limit", "1 or more", self.limit))


def parse_size(text: str) -> tuple[int, int]:
    """(height, width) of `64x48`. Raises ArgumentError otherwise."""
    height, _, width = text.lower().replace("×", "x").partition("x")
    if not (height.strip().isdecimal() and width.strip().isdecimal() and int(height) and int(width)):
        raise ArgumentError(describe("data", "--resize", "height x width in pixels", repr(text),
                                     "Type, for example, --resize 64x64."))
    return int(height), int(width)
