"""A linear regressor a cluster: what is to be added to the plain head's answer, by ridge regression.

Shapes   features f (N,D), residuals r (N,P) -> kernel (D,P), bias (P,)
Formula  minimises sum_n |W (f_n - m) + b - r_n|^2 + strength N (|W|^2 v + |b|^2 / N), v the mean variance of a feature
Choice   strength by folds of whole faces, infinite among them: then the plain head stays as it is
Source   CNN-book 12.13; ridge in place of fine-tuning with early stopping (Wu & Hassner 2015, section 4.2)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
FOLDS = 5


@dataclass(frozen=True)
class Regressor:
    """What is added to the plain answer; `strength` None: nothing."""

    kernel: np.ndarray
    bias: np.ndarray
    strength: float | None

    def added(self, features: np.ndarray) -> np.ndarray:
        """(N,P) of features (N,D)."""
        told: np.ndarray = features @ self.kernel + self.bias
        return told


def nothing(features: int, numbers: int) -> Regressor:
    """The fallback: the plain head."""
    return Regressor(np.zeros((features, numbers)), np.zeros(numbers), None)


def ridge(features: np.ndarray, residuals: np.ndarray, strength: float) -> Regressor:
    """One strength, all samples."""
    middle = features.mean(0)
    centred = features - middle
    spread = max(float(centred.var(0).mean()), 1e-12)
    pull = strength * len(features) * spread
    gram = centred.T @ centred + pull * np.eye(features.shape[1])
    kernel = np.linalg.solve(gram, centred.T @ residuals)
    bias = residuals.mean(0) / (1 + strength / len(features))
    return Regressor(kernel, bias - middle @ kernel, strength)


def fit_regressor(features: np.ndarray, residuals: np.ndarray, faces: np.ndarray) -> Regressor:
    """The regressor of one cluster, of samples (N, ...) that were made of `faces` (N,).

    The plain head stays where no strength is better on faces that were left out.
    """
    nobody = nothing(features.shape[1], residuals.shape[1])
    each = np.unique(faces)
    if len(each) < FOLDS:
        return nobody
    fold = np.searchsorted(each, faces) % FOLDS
    errors = dict.fromkeys(STRENGTHS, 0.0)
    for left in range(FOLDS):
        known, out = fold != left, fold == left
        for strength in STRENGTHS:
            told = ridge(features[known], residuals[known], strength).added(features[out])
            errors[strength] += float(np.sum((told - residuals[out]) ** 2))
    best = min(errors, key=lambda strength: errors[strength])
    return ridge(features, residuals, best) if errors[best] < float(np.sum(residuals**2)) else nobody
