"""Channels by name: kinds of colour, choosing some of many, and bringing pixels from one kind to another.

Words   --channels is a kind of colour (`rgb`), names of channels in the order wanted (`nuclei,actin`), or what a file's
        name says which channel it holds (`w1=nuclei,w2=er`, see stacks.py)
Shapes  (..., C) -> (..., C'), C = 1 (gray), 3 (a kind of colour) or any number of named channels
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from pellucid.data.blending import STAINS, composite
from pellucid.data.colour_spaces import FROM_RGB, TO_RGB
from pellucid.data.images import Array
from pellucid.errors import ArgumentError, DataError, describe, shown

CHANNELS = {"gray": ("gray",), "rgb": ("red", "green", "blue"), "hsv": ("hue", "saturation", "value"),
            "hsl": ("hue", "saturation", "lightness"), "yuv": ("Y", "U", "V"), "ycbcr": ("Y", "Cb", "Cr")}  # fmt: skip
MOST_NAMED = 40                   # letters of a channel's name
UNFIT = re.compile(r"[\x00-\x1f,=]+")      # what `--channels` could not hold


def names_of(word: str) -> tuple[str, ...]:
    """The names of the channels that a word asks for, in its order; of a pattern those behind its signs."""
    return CHANNELS.get(word) or tuple(name.rpartition("=")[2].strip() for name in word.split(","))


def word_of(names: Sequence[str]) -> str:
    """The word that asks for these channels."""
    return next((word for word, known in CHANNELS.items() if known == tuple(names)), ",".join(names))


def default_names(count: int) -> tuple[str, ...]:
    """gray; red, green, blue; or numbers."""
    return {1: CHANNELS["gray"], 3: CHANNELS["rgb"]}.get(count, tuple(f"channel_{i}" for i in range(count)))


def fit_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names as a file has them, so that `--channels` can hold each and each is told from the others."""
    fit: list[str] = []
    for place, name in enumerate(names):
        plain = " ".join(UNFIT.sub(" ", name).split())[:MOST_NAMED] or f"channel_{place}"
        fit.append(plain if plain not in fit else f"{plain} {place + 1}")
    return tuple(fit)


def check_channels(word: str) -> None:
    """Raise ArgumentError for a word that neither is a kind of colour nor names channels."""
    if "=" in word:
        from pellucid.data.stacks import parse_pattern

        parse_pattern(word)
        return
    names = names_of(word)
    if not all(names) or len(set(names)) < len(names):
        wanted = f"{', '.join(CHANNELS)} or different names of channels, with commas between them"
        raise ArgumentError(describe("data", "--channels", wanted, repr(shown(word))))


def arranged(pixels: Array, names: Sequence[str], word: str | None) -> Array:
    """Pixels (..., C) whose channels have these names, as `word` asks for them; dtype kept.

    Raises DataError for a channel that is not there and for a kind of colour that these cannot be made.
    """
    if word is None or tuple(names) == names_of(word):
        return pixels
    if word in CHANNELS:
        return convert_channels(pixels, word, names)
    if not set(names_of(word)) <= set(names):
        raise DataError(f"the channels {shown(', '.join(names_of(word)), 200)} are wanted, but these are "
                        f"{shown(', '.join(names), 200)}. Give pictures that have them.")
    return pixels[..., [list(names).index(name) for name in names_of(word)]]


def refuse_unknown(names: Sequence[str], word: str) -> None:
    """Raise ArgumentError for a word that asks for channels which are not among these."""
    if word not in CHANNELS and not set(names_of(word)) <= set(names):
        raise ArgumentError(describe("data", "--channels", f"{', '.join(CHANNELS)} or names of its channels "
                                     f"({shown(', '.join(names), 300)})", repr(shown(word))))


def convert_channels(pixels: Array, channels: str, names: Sequence[str] = ()) -> Array:
    """(..., C) pixels to a kind of colour; dtype kept. gray: ITU-R 601 weights, as Pillow; of gray all three are alike.

    `names` are those of the channels as they come; without them three are red, green and blue.
    """
    count, has = pixels.shape[-1], word_of(names)
    if has == channels or (not names and count == len(CHANNELS[channels]) and channels in ("gray", "rgb")):
        return pixels
    if count == 1:
        colours = np.repeat(pixels, 3, axis=-1)
    elif has in TO_RGB:
        colours = TO_RGB[has](pixels)
    elif channels == "rgb" and names and set(names) <= set(STAINS):
        return composite(pixels, [STAINS[name].colour for name in names], [STAINS[name].brightest for name in names])
    elif count == 3 and has in ("rgb", ""):
        colours = pixels
    else:
        told = f" ({shown(', '.join(names), 200)})" if names else ""
        raise DataError(f"images of {count} channels{told} cannot be made {channels}. Leave --channels out, or name "
                        "those that you want.")
    if channels == "gray":
        gray: Array = colours @ np.array([0.299, 0.587, 0.114])
        gray = np.rint(gray) if pixels.dtype.kind in "iu" else gray
        return gray.astype(pixels.dtype)[..., np.newaxis]
    return colours if channels == "rgb" else FROM_RGB[channels](colours)
