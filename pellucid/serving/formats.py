"""Which pictures a server opens at all, by how they begin: widely used formats whose decoders are well tested.

What a file is called, or said to be, is not believed; the beginning decides, also of files that are two things at once.
"""

from __future__ import annotations

BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*")
FAMILY = "PNG, JPEG, GIF, BMP, TIFF, WebP and AVIF"
SMALL, FEW = 8 << 10, 1 << 18  # bytes and pixels that are decoded within a millisecond or two


def allowed(content: bytes) -> bool:
    """Whether a file begins like one of those."""
    return (content.startswith(BEGINNINGS) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")
            or content[4:12] in (b"ftypavif", b"ftypavis"))  # fmt: skip


def quick(content: bytes) -> bool:
    """Whether decoding takes so little that handing it to another thread would take longer."""
    if content.startswith(b"\xff\xd8\xff"):
        return len(content) <= SMALL  # of so few bytes come two million pixels at most
    if content.startswith(b"\x89PNG") and len(content) <= 4 * SMALL:
        return int.from_bytes(content[16:20], "big") * int.from_bytes(content[20:24], "big") <= FEW
    return False
