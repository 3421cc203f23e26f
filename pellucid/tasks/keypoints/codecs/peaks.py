"""Where the peak of a map lies between its pixels.

Shapes   logs: logarithms of maps (M,h,w), both sides 2 or more -> (M,2) x, y in pixels of the map, pixel centres at
         whole numbers; around (M,3,3): the largest pixel and its neighbours
peak     the largest pixel
quarter  + a quarter pixel on each axis towards the higher neighbour (Newell, Yang & Deng 2016)
taylor   p - H^-1 g by central differences about the largest pixel: exact for a Gaussian (Zhang et al. 2020, eq. 8)
mean     sum p x, p the map made to sum to one (Sun et al. 2018, integral regression; soft-argmax)
window   the same of what lies within REACH spreads of the largest
Edges    beyond an edge a map is taken to go on as a Gaussian of the known spread does
"""

from __future__ import annotations

import math

import numpy as np

WAYS = ("peak", "quarter", "taylor", "mean", "window")
REACH = 3          # spreads, of which `window` takes the mean
FARTHEST = 1.0     # pixel, that `taylor` moves at most on an axis: beyond it the hill is no Gaussian
FLAT = 1e-9        # of the curvature's determinant


def largest(logs: np.ndarray) -> np.ndarray:
    """(M,2) x, y of the largest pixel; the first among equals."""
    row, column = np.divmod(logs.reshape(len(logs), -1).argmax(axis=1), logs.shape[2])
    return np.stack([column, row], axis=1)


def around(logs: np.ndarray, at: np.ndarray, spread: float) -> np.ndarray:
    """(M,3,3) the logarithms at and next to pixels at (M,2)."""
    (x, y), (height, width) = at.T, logs.shape[1:]
    rows, columns = (np.clip(middle[:, np.newaxis] + (-1, 0, 1), 0, length - 1)
                     for middle, length in ((y, height), (x, width)))  # fmt: skip
    near = logs[np.arange(len(logs))[:, np.newaxis, np.newaxis], rows[:, :, np.newaxis], columns[:, np.newaxis]]
    near = near.astype(np.float64)
    bend = -1 / spread**2
    for middle, length, lines in ((x, width, near.swapaxes(1, 2)), (y, height, near)):
        for edge, out, inner in ((0, 0, 2), (length - 1, 2, 0)):
            here = middle == edge
            lines[here, out] = 2 * lines[here, 1] - lines[here, inner] + bend
    return np.asarray(near)


def quarter(logs: np.ndarray, spread: float) -> np.ndarray:
    """(M,2) the largest pixel, and a quarter towards the higher neighbour on each axis."""
    at = largest(logs)
    near = around(logs, at, spread)
    ahead = np.stack([near[:, 1, 2] - near[:, 1, 0], near[:, 2, 1] - near[:, 0, 1]], axis=1)
    return np.asarray(at + 0.25 * np.sign(ahead))


def taylor(logs: np.ndarray, spread: float) -> np.ndarray:
    """(M,2) the top of the paraboloid about the largest pixel; that pixel where it has no top nearby."""
    at = largest(logs)
    near = around(logs, at, spread)
    gx, gy = (near[:, 1, 2] - near[:, 1, 0]) / 2, (near[:, 2, 1] - near[:, 0, 1]) / 2
    xx = near[:, 1, 2] - 2 * near[:, 1, 1] + near[:, 1, 0]
    yy = near[:, 2, 1] - 2 * near[:, 1, 1] + near[:, 0, 1]
    xy = (near[:, 2, 2] - near[:, 2, 0] - near[:, 0, 2] + near[:, 0, 0]) / 4
    determinant = xx * yy - xy * xy
    able = (determinant > FLAT) & (xx < 0)
    safe = np.where(able, determinant, 1)
    move = np.stack([xy * gy - yy * gx, xy * gx - xx * gy], axis=1) / safe[:, np.newaxis]
    able &= (np.abs(move) <= FARTHEST).all(axis=1)
    return np.asarray(at + np.where(able[:, np.newaxis], move, 0))


def mean(shares: np.ndarray) -> np.ndarray:
    """(M,2) the mean place of maps (M,h,w) that are not negative; of an empty one its middle."""
    total = shares.sum(axis=(1, 2))
    even = np.where(total > 0, total, 1)
    x, y = (np.einsum(f"kji,{axis}->k", shares, np.arange(float(length)))
            for axis, length in zip("ij", shares.shape[:0:-1], strict=True))  # fmt: skip
    middle = (np.array(shares.shape[:0:-1]) - 1) / 2
    return np.where((total > 0)[:, np.newaxis], np.stack([x / even, y / even], axis=1), middle)


def window(logs: np.ndarray, spread: float) -> np.ndarray:
    """(M,2) the mean place of what lies about the largest pixel."""
    at, reach = largest(logs), math.ceil(REACH * spread)
    near = about(logs, at, reach)
    shares = np.exp(near - near[:, reach, reach][:, np.newaxis, np.newaxis])
    return np.asarray(mean(shares) - reach + at)


def about(logs: np.ndarray, at: np.ndarray, reach: int) -> np.ndarray:
    """(M,2r+1,2r+1) what lies r pixels to each side of pixels at (M,2), in float64; -inf beyond the edges."""
    height, width = logs.shape[1:]
    steps, first = np.arange(-reach, reach + 1), np.arange(len(logs)) * height
    columns, rows = at[:, :1] + steps, at[:, 1:] + steps                              # (M,2r+1)
    able = ((rows >= 0) & (rows < height))[:, :, np.newaxis] & ((columns >= 0) & (columns < width))[:, np.newaxis]
    places = ((rows + first[:, np.newaxis]) * width)[:, :, np.newaxis] + columns[:, np.newaxis]
    near = logs.reshape(-1).take(places, mode="clip")                                 # what lies beyond is not read
    return np.where(able, near, -np.inf).astype(np.float64, copy=False)
