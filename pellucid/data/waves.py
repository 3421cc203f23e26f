"""waves: the two-dimensional toy set, four noisy curves that cross one another.

Class j of 4, 200 points each: with t evenly from -pi to pi, x = t + 5 and y = sin(t + j pi/2) + 0.2 sin(10 t + j pi/2)
+ 0.25 t + 10 + N(0, 0.1). The source's 5 is read as the offset of the coordinate, like the 10 of y: so its scores are
met (training 0.94 for 0.95); with the 5 inside the sines the net of its first row reaches 0.91.
Every class is split 2:1:1 into training, validation and test.
Shapes  points (N, 2) float64, PCA-whitened by the training part; labels (N,) int64
Source  the CNN book, chapter 8.
"""

from __future__ import annotations

import numpy as np

from pellucid.data.images import Array
from pellucid.keys import Key

CLASSES, POINTS = 4, 200
SHARES = {"train": 100, "validation": 50, "test": 50}  # of each class
EPSILON = 1e-5  # of whitening


def load_waves(seed: int = 0) -> dict[str, tuple[Array, Array]]:
    """(points, labels) of each part: train 400, validation 200, test 200."""
    random = Key.of(seed).fold("waves").generator()
    parts: dict[str, list[tuple[Array, Array]]] = {name: [] for name in SHARES}
    for label in range(CLASSES):
        t = np.linspace(-np.pi, np.pi, POINTS)
        phase = label * np.pi / 2
        y = np.sin(t + phase) + 0.2 * np.sin(10 * t + phase) + 0.25 * t + 10 + random.normal(0, 0.1, POINTS)
        points = random.permutation(np.stack([t + 5, y], axis=1))
        start = 0
        for name, count in SHARES.items():
            parts[name].append((points[start : start + count], np.full(count, label)))
            start += count
    joined = {name: tuple(map(np.concatenate, zip(*each, strict=True))) for name, each in parts.items()}
    train = joined["train"][0]
    mean = train.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov(train - mean, rowvar=False, bias=True))
    whiten = axes / np.sqrt(variances + EPSILON)
    return {name: ((points - mean) @ whiten, labels) for name, (points, labels) in joined.items()}
