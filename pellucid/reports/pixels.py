"""Raw pixels of any type and number of channels as a person can look at them.

Shapes    pixels (n,H,W,C): C=1 is grey, C=3 colour unless the channels have other names; of any other number each
          channel has a colour of its own, and what they add up to is shown
Pixels    uint8 of one or three channels as they are; float within 0..1 as it is; everything else is stretched to its
          own darkest and brightest percent, picture by picture, and channel by channel where each has a colour
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pellucid.data.blending import STAINS, blended, coloured, legend
from pellucid.data.channels import default_names, word_of
from pellucid.data.colour_spaces import TO_RGB
from pellucid.data.images import Viewed
from pellucid.errors import ShapeError, describe

Images = Callable[[np.ndarray], np.ndarray]  # indices (n,) -> raw pixels (n,H,W,C)

DARK_BRIGHT = (0.01, 0.99)  # quantiles that are drawn black and full
ALONE = (0.001, 0.999)      # the same of one channel alone, whose brightest places are few
STRETCHED = "Brightness is stretched in each picture."


def pixels_of(where: str, images: Images, indices: np.ndarray) -> np.ndarray:
    """The raw pixels (n,H,W,C) of these indices. Raises ShapeError when `images` gives something else."""
    pixels = np.asarray(images(indices))
    if pixels.ndim != 4 or len(pixels) != len(indices):
        wanted = f"(n, H, W, C) with n = {len(indices)}"
        raise ShapeError(describe(where, "images", wanted, f"of shape {pixels.shape}"))
    return pixels


def shown_of(where: str, images: Images, indices: np.ndarray) -> tuple[np.ndarray, str]:
    """The pictures of these indices as `displayable` gives them."""
    return displayable(pixels_of(where, images, indices), images.channels if isinstance(images, Viewed) else ())


def displayable(pixels: np.ndarray, channels: Sequence[str] = ()) -> tuple[np.ndarray, str]:
    """Pixels (n,H,W,C) as RGB (n,H,W,3) in 0..1, and a remark that says what was done to them.

    `channels` are names; without them three are red, green and blue.
    """
    count, kind = pixels.shape[3], word_of(channels)
    if kind in TO_RGB:
        pixels = TO_RGB[kind](pixels)
    elif count != 1 and (channels or count != 3) and kind != "rgb":
        return _composite(pixels, tuple(channels) or default_names(count))
    values = np.nan_to_num(pixels.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    remark = ""
    if pixels.dtype == np.uint8:
        values = values / 255
    elif pixels.dtype.kind != "f" or values.min() < 0 or values.max() > 1:
        values, remark = _stretched(values, (1, 2, 3)), STRETCHED
    return np.broadcast_to(values, (*values.shape[:3], 3)), remark


def _composite(pixels: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, str]:
    """Each channel in a colour of its own, added up."""
    shares, stretched = channel_shares(pixels, names)
    told = f"Colours: {legend(names)}. {stretched}".strip()
    return blended(shares, [colour for _, colour in coloured(names)]), told


def channel_shares(pixels: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, str]:
    """Pixels (n,H,W,C) as shares from 0 to 1 of what shines full in each channel, and a remark where that was chosen.

    Bytes of known stains shine full where Recursion's do; others are stretched, channel by channel.
    """
    if pixels.dtype == np.uint8 and set(names) <= set(STAINS):
        return np.minimum(pixels / np.array([STAINS[name].brightest for name in names]), 1), ""
    values = np.nan_to_num(pixels.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    return _stretched(values, (1, 2)), STRETCHED


def brightness(pixels: np.ndarray) -> np.ndarray:
    """What values of pixels (n,H,W,C) are dark and bright, for each picture and channel: (2,n,1,1,C)."""
    values = np.nan_to_num(pixels.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    ends: np.ndarray = np.quantile(values, ALONE, axis=(1, 2), keepdims=True)
    return ends


def _stretched(values: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """From 0 to 1 between the darkest and the brightest percent along these axes."""
    low, high = np.quantile(values, DARK_BRIGHT, axis=axes, keepdims=True)
    shares: np.ndarray = np.clip((values - low) / np.where(high > low, high - low, 1), 0, 1)
    return shares
