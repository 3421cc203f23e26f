"""Large pictures are decoded at a half, a quarter or an eighth where no more is wanted: the whole takes hundreds of MB.

Rule    only beyond LARGE pixels; by the most n of 8, 4, 2 that divides both lengths and leaves twice the size wanted
Kinds   JPEG: by n in its cosine transform; JPEG 2000: without its finest wavelets, as many as every part of it has,
        which moves what is seen by less than a quarter of a pixel wanted;
        of what is transparent the whole is decoded, and n x n pixels averaged as it is put over white
Source  JPEG 2000 markers: ITU-T T.800, annex A
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

LARGE = 16_000_000                  # pixels; 300 MB in the most wasteful of decoders, that of JPEG 2000
PARTS = (8, 4, 2)
STRIP = 256                         # rows put over white together; each of PARTS divides it
START = b"\xff\x4f\xff\x51"         # of a JPEG 2000 codestream
LEVELS_AT = {0x52: 9, 0x53: 6}      # COD and COC: where the number of halvings stands, from the marker on
TILE, DATA = 0x90, 0x93             # the header of a part of the pixels, and its end
MOST_LEVELS = 32


def part_of(height: int, width: int, size: tuple[int, int] | None) -> int:
    """The n by which a picture may be decoded smaller when `size` (height, width) is wanted; 1: as it is."""
    if size is None or height * width <= LARGE:
        return 1
    return next((n for n in PARTS if not height % n and not width % n
                 and height >= 2 * n * size[0] and width >= 2 * n * size[1]), 1)


def decode_smaller(image: Image, content: bytes | memoryview, n: int) -> int:
    """Ask the decoder of a picture that is not loaded for an n-th, and return by what it will be smaller."""
    width, height = image.size
    if image.format in ("JPEG", "MPO"):
        return n if image.draft(image.mode, (width // n, height // n)) is not None else 1
    if image.format == "JPEG2000":
        levels = min(n.bit_length() - 1, wavelet_levels(bytes(content)))
        image.reduce = levels      # type: ignore[method-assign,assignment]
        return 1 << levels
    return 1


def wavelet_levels(content: bytes) -> int:
    """How many times a JPEG 2000 can be halved: the least that any of its headers says."""
    at, tile, found = content.find(START) + 2, 0, [MOST_LEVELS]
    while 2 <= at < len(content) - 12 and content[at] == 0xFF:
        code, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if code == DATA:                                  # on to the next part; the last need not say its length
            length = int.from_bytes(content[tile + 6 : tile + 10], "big") - (at - tile) - 2
            if length < 0:
                break
        elif code == TILE:
            tile = at
        elif code in LEVELS_AT:
            found.append(content[at + LEVELS_AT[code]])
        at += 2 + length
    return min(found) if len(found) > 1 else 0


def over_white(image: Image, part: int) -> Image:
    """Transparent pixels over white; `part` x `part` of them, a divisor of both lengths, become one."""
    from PIL import Image as Pillow

    result = Pillow.new("RGB", (image.width // part, image.height // part))
    for top in range(0, image.height, STRIP):               # by strips, for a whole layer may be 200 MB more
        layer = image.crop((0, top, image.width, min(top + STRIP, image.height))).convert("RGBA")
        strip = Pillow.new("RGB", layer.size, (255, 255, 255))
        strip.paste(layer, mask=layer.getchannel("A"))
        result.paste(strip.reduce(part) if part > 1 else strip, (0, top // part))
    return result
