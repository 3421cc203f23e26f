"""What a model answered on one part: the labels, its probabilities, and what follows from them without a choice.

Axes      N samples, K classes
Shapes    labels (N,)   probabilities (N,K)   confusion (K,K): rows true, columns predicted
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pellucid.errors import DataError, ShapeError, describe

SUMS_TO_ONE = 1e-3  # bfloat16 rounds each of K probabilities by up to 2^-9 of itself


@dataclass(frozen=True, eq=False)
class Answers:
    """Class numbers (N,) from 0 and probabilities (N,K); `where` names the part in messages.

    Raises ShapeError when sizes disagree and DataError when there is no sample or a label is outside 0..K-1.
    Probabilities that are none (a network without softmax, NaN) are taken, and `unsound` says what is wrong with them.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    class_names: tuple[str, ...]
    where: str = "answers"

    def __post_init__(self) -> None:
        labels, probabilities = np.shape(self.labels), np.shape(self.probabilities)
        if len(labels) != 1:
            raise ShapeError(describe(self.where, "labels", "one number a sample, (N,)", f"of shape {labels}"))
        wanted = (labels[0], len(self.class_names))
        if probabilities != wanted:
            raise ShapeError(describe(self.where, "probabilities", f"(N, K) = {wanted}", f"of shape {probabilities}"))
        if labels[0] == 0:
            raise DataError(describe(self.where, "the part", "at least one sample", "empty", "Choose another --split."))
        low, high = int(np.min(self.labels)), int(np.max(self.labels))
        if low < 0 or high >= wanted[1]:
            text = f"from {low} to {high}"
            raise DataError(describe(self.where, "every label", f"a class number from 0 to {wanted[1] - 1}", text))

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.labels)

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @cached_property
    def scores(self) -> np.ndarray:
        """Probabilities (N,K) in float64, with NaN, as a diverged model gives, counted as no confidence at all."""
        return np.nan_to_num(np.asarray(self.probabilities, dtype=np.float64), nan=0.0)

    @cached_property
    def predicted(self) -> np.ndarray:
        """Most probable class of each sample (N,); the first one on a tie."""
        best: np.ndarray = np.argmax(self.scores, axis=1)
        return best

    @cached_property
    def confidence(self) -> np.ndarray:
        """Probability of the predicted class (N,)."""
        highest: np.ndarray = np.max(self.scores, axis=1)
        return highest

    @cached_property
    def right(self) -> np.ndarray:
        """Whether the predicted class is the true one (N,)."""
        return np.asarray(self.predicted == self.labels)

    @cached_property
    def confusion(self) -> np.ndarray:
        """Counts (K,K), rows true, columns predicted."""
        cells = np.asarray(self.labels, dtype=np.int64) * self.classes + self.predicted
        counts: np.ndarray = np.bincount(cells, minlength=self.classes**2)
        return counts.reshape(self.classes, self.classes)

    @cached_property
    def unsound(self) -> str:
        """Why the outputs are no probabilities, with what to do; empty when they are."""
        given = np.asarray(self.probabilities, dtype=np.float64)
        broken = int((~np.isfinite(given)).any(axis=1).sum())
        if broken:
            return f"the model's output is not finite for {broken:,} of {self.n:,} samples: train with a lower rate"
        sums = given.sum(axis=1)
        if given.min() < 0 or np.abs(sums - 1).max() > SUMS_TO_ONE:
            told = f"from {given.min():.3g} to {given.max():.3g} with sums from {sums.min():.3g} to {sums.max():.3g}"
            return f"the model's outputs are no probabilities ({told}): let its last layer have activation='softmax'"
        return ""
