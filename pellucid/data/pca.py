"""PCA and whitening: images as rows of D values, turned onto their principal axes.

Shapes   x (N, H, W, C) or (N, D) -> (N, K), float32; mean (D,), basis (D, K)
Formula  y = (x - mean) E[:, :K]; whitening divides column k by sqrt(lambda_k + epsilon). E, lambda: eigenvectors and
         eigenvalues, largest first, of the covariance (1/N) of the training images; signs so that the largest entry of
         each eigenvector is positive
Source   sources.md section 3: PCA by variance kept (95 %), PCA whitening (+1e-5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from pellucid.data.images import Array
from pellucid.data.steps import Chunks, Step
from pellucid.errors import ArgumentError, DataError, describe, shown
from pellucid.words import whole

MOST_VALUES = 4096        # the covariance of D values takes 8 D^2 bytes and D^3 operations


@dataclass(frozen=True, eq=False)
class PCA(Step):
    """Keep the axes of largest variance: as many as reach the share `variance`, or just `components`."""

    name: ClassVar[str] = "pca"
    fitted_arrays: ClassVar[tuple[str, ...]] = ("mean", "basis")
    most_samples: ClassVar[int | None] = 20_000
    variance: float = 0.95
    components: int | None = None
    samples: int = 0                    # how many images the fit looked at
    mean: Array | None = None
    basis: Array | None = None

    def __post_init__(self) -> None:
        if not 0 < self.variance <= 1:
            raise ArgumentError(describe(f"preprocessing step '{self.name}'", "variance", "in (0, 1]", self.variance))
        if self.components is not None and self.components < 1:
            raise ArgumentError(describe(f"preprocessing step '{self.name}'", "components", "1 or more",
                                         self.components))

    @classmethod
    def from_word(cls, value: str) -> Self:
        """`pca=0.95` is a share of the variance, `pca=40` a number of components."""
        components = whole(value)
        if components is not None:
            return cls(components=components)
        try:
            variance = float(value)
        except ValueError:
            variance = math.nan
        if not math.isfinite(variance):
            raise ArgumentError(f"preprocessing: '{cls.name}={shown(value)}' must be a share of the variance (0.95) or "
                                "a number of components (40).")
        return cls(variance=variance)

    def fit(self, chunks: Chunks, dtype: np.dtype[Any]) -> Self:
        samples, mean, covariance = _moments(chunks)
        values, vectors = np.linalg.eigh(covariance)
        values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
        vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(len(values))])
        kept = self._kept(values)
        return replace(self, samples=samples, mean=mean.astype(np.float32),
                       basis=self._scaled(vectors[:, :kept], values[:kept]).astype(np.float32))

    def _kept(self, values: Array) -> int:
        if self.components is not None:
            if self.components > len(values):
                raise ArgumentError(describe(f"preprocessing step '{self.name}'", "components",
                                             f"at most {len(values)}, the values of an image", self.components))
            return self.components
        reached = np.cumsum(values) / max(float(values.sum()), 1e-30)
        return min(int(np.searchsorted(reached, self.variance - 1e-12)) + 1, len(values))

    def _scaled(self, vectors: Array, values: Array) -> Array:
        return vectors

    def apply(self, x: Array) -> Array:
        if self.mean is None or self.basis is None:
            raise self._unfitted()
        rows: Array = x.reshape(len(x), -1).astype(np.float32)
        return (rows - self.mean) @ self.basis

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if self.basis is None:
            raise self._unfitted()
        return (self.basis.shape[1],)


@dataclass(frozen=True, eq=False)
class Whiten(PCA):
    """PCA with every kept axis scaled to variance 1; all axes are kept unless asked otherwise."""

    name: ClassVar[str] = "whiten"
    variance: float = 1.0
    epsilon: float = 1e-5

    def _scaled(self, vectors: Array, values: Array) -> Array:
        scaled: Array = vectors / np.sqrt(values + self.epsilon)
        return scaled


def _moments(chunks: Chunks) -> tuple[int, Array, Array]:
    """N, the mean (D,) and the covariance (D, D) of the rows, in float64, in two passes over the chunks."""
    count, total = 0, np.zeros(0)
    for x in chunks():
        rows = x.reshape(len(x), -1)
        if rows.shape[1] > MOST_VALUES:
            raise DataError(f"preprocessing: PCA and whitening take at most {MOST_VALUES} values an image, but there "
                            f"are {rows.shape[1]}. Type --resize and --channels gray for smaller images.")
        total = rows.sum(axis=0, dtype=np.float64) + (total if count else 0.0)
        count += len(rows)
    if not count:
        raise DataError("preprocessing: there is no training image to fit on.")
    mean = total / count
    covariance = np.zeros((len(mean), len(mean)))
    for x in chunks():
        centred = x.reshape(len(x), -1) - mean
        covariance += centred.T @ centred
    return count, mean, covariance / count
