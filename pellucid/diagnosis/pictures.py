"""Numbers that can be read off a picture and that a mistake may be due to: how bright, how sharp, how large.

Axes        N images, H W pixels, C channels
gray        the mean of the channels, integers divided by the largest value of their type, floats as they are
brightness  mean of gray                             contrast    standard deviation of gray
sharpness   variance of the Laplacian of gray, x[i-1,j] + x[i+1,j] + x[i,j-1] + x[i,j+1] - 4 x[i,j], inner pixels
size        share of pixels that differ from the median of the border by more than a quarter of the picture's own range:
            how much of it the thing shown fills
Source      Pech-Pacheco et al. 2000 (variance of the Laplacian as a measure of focus).
"""

from __future__ import annotations

import math

import numpy as np

from pellucid.data.images import Images

MEASURES = ("brightness", "contrast", "sharpness", "size")
CHUNK = 1 << 22  # pixels read at once


def measure(images: Images) -> dict[str, np.ndarray]:
    """Every measure of every image, each (N,) float64; NaN where an image is too small for it or not finite."""
    rows = max(1, CHUNK // math.prod(images.shape[1:]))
    starts = range(0, len(images), rows)
    parts = [_measured(images.take(np.arange(start, min(start + rows, len(images))))) for start in starts]
    return {name: np.concatenate([part[name] for part in parts]) for name in MEASURES}


def _measured(x: np.ndarray) -> dict[str, np.ndarray]:
    gray = gray_of(x)                                                              # (B,H,W)
    return {
        "brightness": gray.mean(axis=(1, 2)),
        "contrast": gray.std(axis=(1, 2)),
        "sharpness": laplacian_variance(gray),
        "size": filled_share(gray),
    }


def gray_of(x: np.ndarray) -> np.ndarray:
    """(B,H,W) of (B,H,W,C), from 0 to 1 for integers."""
    scale = 1.0 if x.dtype.kind not in "iu" else float(np.iinfo(x.dtype).max)
    return np.asarray(x.mean(axis=-1, dtype=np.float64) / scale)


def laplacian_variance(gray: np.ndarray) -> np.ndarray:
    """(B,) of (B,H,W); NaN when no pixel has four neighbours."""
    if min(gray.shape[1:]) < 3:
        return np.full(len(gray), np.nan)
    around = gray[:, :-2, 1:-1] + gray[:, 2:, 1:-1] + gray[:, 1:-1, :-2] + gray[:, 1:-1, 2:]
    return np.asarray((around - 4 * gray[:, 1:-1, 1:-1]).var(axis=(1, 2)))


def filled_share(gray: np.ndarray) -> np.ndarray:
    """(B,) of (B,H,W); 0 for a picture of one colour."""
    border = np.concatenate([gray[:, 0], gray[:, -1], gray[:, 1:-1, 0], gray[:, 1:-1, -1]], axis=1)
    ground = np.median(border, axis=1)[:, None, None]
    reach = np.ptp(gray, axis=(1, 2))[:, None, None] / 4
    return np.asarray((np.abs(gray - ground) > reach).mean(axis=(1, 2)))
