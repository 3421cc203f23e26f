"""What a picture is, without its pixels."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.data.picture_files import too_large


@dataclass(frozen=True)
class Header:
    """Upright size, gray, rgb or channels with names of their own, dtype, and what reading it would change."""

    height: int
    width: int
    channels: str           # gray, rgb or named
    dtype: str
    transparent: bool = False
    palette: bool = False
    turned: bool = False
    converted: str = ""     # the colour mode that is made rgb, a few words for another change, or nothing
    names: tuple[str, ...] = ()             # of channels that are neither gray nor rgb


def refuse_large(header: Header, where: str, max_pixels: int) -> None:
    """Raise Unsupported for a header that was read when more pixels were allowed."""
    if header.height * header.width > max_pixels:
        size = f" ({header.width} x {header.height})"
        raise too_large(where, header.height * header.width, max_pixels, size)
