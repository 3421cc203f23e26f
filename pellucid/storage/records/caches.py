"""What may be remembered of pictures between two runs. A cache that is not as described here is read as empty."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from pellucid.storage.records.checking import Count, Positive

Channels = Literal["gray", "rgb", "named"]
Depth = Literal["uint8", "uint16", "float32"]
Header = tuple[Positive, Positive, Channels, Depth, bool, bool, bool, Annotated[str, Meta(max_length=32)],
               Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=256)]]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Surveyed = dict[str, tuple[Count, int, Sha256, Header]]  # by file: size, stamp, sha256, header


def surveyed(content: bytes) -> dict[str, list[Any]]:
    """The entries of a survey's cache; none at all for anything else."""
    try:
        entries: dict[str, list[Any]] = json.loads(content)  # names of other bytes than UTF-8 are halves of letters
        known = msgspec.convert(entries, Surveyed)
        if any((header[2] == "named") != bool(header[8]) for *_, header in known.values()):
            return {}
    except (msgspec.ValidationError, ValueError, RecursionError):
        return {}
    return entries
