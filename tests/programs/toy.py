"""The toy set of the books: four classes of points on waves, 200 each, standardised."""

from __future__ import annotations

import numpy as np


def toy_points(seed: int = 0) -> np.ndarray:
    """(800, 2) float32: x = linspace(-pi, pi) + 5, y = sin(x + j pi/2) + 0.2 sin(10x + j pi/2) + 0.25x + 10 + noise."""
    random = np.random.default_rng(seed)
    x = np.linspace(-np.pi, np.pi, 200) + 5
    waves = []
    for j in range(4):
        y = np.sin(x + j * np.pi / 2) + 0.2 * np.sin(10 * x + j * np.pi / 2) + 0.25 * x + 10
        waves.append(np.stack([x, y + random.normal(0, 0.1, 200)], axis=1))
    points = np.concatenate(waves)
    return ((points - points.mean(axis=0)) / points.std(axis=0)).astype(np.float32)
