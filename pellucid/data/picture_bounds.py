"""What a picture would cost, told from its first bytes: before anything is decoded or memory is asked for.

Source  WebP container and VP8, VP8L headers: RFC 9649, sections 2.5 to 2.7 and 3.4; JPEG markers: ITU-T T.81, annex B
"""

from __future__ import annotations

import re

SCANS_AT_MOST = 500                                  # of a progressive JPEG; encoders write about ten
SCANS_OF_LARGE = 20                                  # of one as large as --max-pixels
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")    # in coded data: not a stuffed byte, a restart or a fill byte
START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
PROGRESSIVE = frozenset((0xC2, 0xC6, 0xCA, 0xCE))    # always several scans
ALONE = frozenset((0x01, *range(0xD0, 0xD9)))        # markers without a length
SCAN, END = 0xDA, 0xD9


def webp_size(content: bytes) -> tuple[int, int] | None:
    """(width, height) of a WebP's canvas; its decoder takes memory for it as it is opened. None: no WebP header."""
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP" or len(content) < 30:
        return None
    kind = content[12:16]
    if kind == b"VP8 ":
        return tuple(int.from_bytes(content[at : at + 2], "little") & 0x3FFF for at in (26, 28))  # type: ignore[return-value]
    if kind == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return tuple(int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))  # type: ignore[return-value]


def scans_allowed(pixels: int, max_pixels: int) -> int:
    """How many scans a JPEG of so many pixels may have: each goes over all of them."""
    return max(SCANS_OF_LARGE, min(SCANS_AT_MOST, SCANS_OF_LARGE * max_pixels // max(pixels, 1)))


def jpeg_scans(content: bytes, most: int) -> tuple[int, bool]:
    """The scans of a JPEG, counted up to `most` + 1 (1 where one holds all), and whether what is coded has an end."""
    components, scans, ends, at = 0, 0, False, 2
    while at + 4 <= len(content) and scans <= most and content[at] == 0xFF:
        code = content[at + 1]
        if code == 0xFF or code in ALONE:
            at += 1 if code == 0xFF else 2
            continue
        if code == END:
            break
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        body = content[at + 4 : at + 2 + length]
        at += 2 + max(length, 2)
        if code in START_OF_FRAME and len(body) > 5:
            components = 0 if code in PROGRESSIVE else body[5]
        elif code == SCAN:
            scans += 1
            ends = ends or content.find(b"\xff\xd9", at) >= 0       # within coded data these two bytes are the end
            if body and body[0] == components:
                break
            found = MARKER.search(content, at)
            at = found.start() if found else len(content)
    return scans, ends
