"""Similarities: the turn, scale and shift that bring one face's points best onto another's.

Shapes   points (K,2) of x and y in pixels -> affine (2,3)
Formula  minimises sum_k |s R a_k + t - b_k|^2 over s > 0, rotations R and shifts t: with a', b' about their means,
         z = sum conj(a') b' / sum |a'|^2 as complex numbers, s R is the multiplication by z
Source   Umeyama 1991; used in Wu & Hassner 2015, section 4.2, to move a face onto another of its own cluster
"""

from __future__ import annotations

import numpy as np

from pellucid.data.appearance import read_at


def similarity(points: np.ndarray, onto: np.ndarray, seen: np.ndarray) -> np.ndarray | None:
    """The affine (2,3) that brings `points` (K,2) best onto `onto` (K,2), by the points that are `seen` (K,) in both.

    None where fewer than two are, or all of them lie in one place.
    """
    if seen.sum() < 2:
        return None
    a, b = (pairs[seen] @ np.array([1, 1j]) for pairs in (points, onto))
    spread = np.abs(a - a.mean()) ** 2
    if spread.sum() < 1e-9:
        return None
    turn = (np.conj(a - a.mean()) * (b - b.mean())).sum() / spread.sum()
    if abs(turn) < 1e-9:
        return None
    shift = b.mean() - turn * a.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def carried(points: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Points (..., 2) where an affine (2,3) takes them."""
    moved: np.ndarray = points @ affine[:, :2].T + affine[:, 2]
    return moved


def moved_picture(picture: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """A picture (H,W,C) whose points went by the affine; what is not in it is filled from the nearest edge."""
    height, width = picture.shape[:2]
    back = np.linalg.inv(np.vstack([affine, [0, 0, 1]]))[:2]
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    places = carried(np.stack([columns.ravel(), rows.ravel()], -1), back) - 0.5
    read: np.ndarray = read_at(picture[np.newaxis], places[np.newaxis, :, ::-1])[0]
    return read.astype(picture.dtype)
