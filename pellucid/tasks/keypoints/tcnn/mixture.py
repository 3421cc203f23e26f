"""The clusters: a mixture of Gaussians on the features of all training faces, written as one dense layer.

Shapes   features f (N,D) -> score of each of C clusters (N,C); a face belongs to the largest
Formula  log pi_c - 1/2 sum_d [(f_d - m_cd)^2 / v_cd + log v_cd] is linear in (f^2, f): kernel (2D,C), bias (C,)
Source   CNN-book 12.13; Wu & Hassner 2015, section 4.1; fitted by scikit-learn's expectation maximisation
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.errors import UsageError, describe

FACES_A_CLUSTER = 20
LEAST_VARIANCE = 1e-3
STARTS = 3


@dataclass(frozen=True)
class Mixture:
    """C clusters: kernel (2D,C) and bias (C,) of the layer that scores them."""

    kernel: np.ndarray
    bias: np.ndarray

    def belongs(self, features: np.ndarray) -> np.ndarray:
        """The cluster (N,) of features (N,D)."""
        chosen: np.ndarray = (np.concatenate([features**2, features], 1) @ self.kernel + self.bias).argmax(1)
        return chosen


def clusters_for(faces: int, wanted: int | None) -> int:
    """How many clusters; None: as many as so many faces allow, 64 at most. Raises UsageError for more than that."""
    most = max(1, faces // FACES_A_CLUSTER)
    if wanted is None:
        return min(64, most)
    if not 1 <= wanted <= most:
        raise UsageError(describe("tweak", "clusters", f"from 1 to {most}, one for every {FACES_A_CLUSTER} of the "
                                  f"{faces} training faces", wanted))
    return wanted


def fit_mixture(features: np.ndarray, count: int, *, seed: int) -> Mixture:
    """`count` clusters of features (N,D); fewer where some have no face: no cluster is empty."""
    from sklearn.mixture import GaussianMixture  # takes a second to import

    found = GaussianMixture(count, covariance_type="diag", reg_covar=LEAST_VARIANCE, n_init=STARTS, max_iter=200,
                            random_state=seed).fit(np.asarray(features, np.float64))  # fmt: skip
    means, variances = found.means_, found.covariances_
    kernel = np.concatenate([-0.5 / variances, means / variances], 1).T
    bias = np.log(found.weights_) - 0.5 * (means**2 / variances + np.log(variances)).sum(1)
    whole = Mixture(kernel, bias)
    kept = np.unique(whole.belongs(features))
    return Mixture(kernel[:, kept], bias[kept])
