"""Which postures are answered worst: objects grouped by the form of their points.

Form      the points less their mean, over their root mean square distance from it; turned objects are other forms;
          what is not marked stands at its mean
Groups    k-means, at most GROUPS, of LEAST objects each in the mean
Source    CNN-book 12.13 (poses as clusters); Lloyd 1982
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.tasks.keypoints.evaluation import Evaluation

GROUPS, LEAST = 5, 12


def forms_of(xy: np.ndarray) -> np.ndarray:
    """(N,K,2) of points (N,K,2), NaN where not marked."""
    marked = np.isfinite(xy).all(axis=2)[..., np.newaxis]
    count = np.maximum(marked.sum(axis=1, keepdims=True), 1)
    centred = np.where(marked, xy - np.where(marked, xy, 0).sum(axis=1, keepdims=True) / count, 0)
    size = np.sqrt((centred**2).sum(axis=(1, 2), keepdims=True) / count)
    forms = centred / np.where(size > 0, size, 1)
    usual = forms.sum(axis=0) / np.maximum(marked.sum(axis=0), 1)
    return np.asarray(np.where(marked, forms, usual))


def clusters_of(one: Evaluation) -> list[dict[str, Any]]:
    """Each group with how many objects it has, their NME and their mean form; the worst first; none of few objects."""
    count = min(GROUPS, one.n // LEAST)
    if count < 2:
        return []
    from sklearn.cluster import KMeans  # a second, not needed to train

    forms = forms_of(one.truth.xy)
    group = KMeans(count, n_init=4, random_state=0).fit_predict(forms.reshape(one.n, -1))
    found = []
    for number in range(count):
        each = one.each[group == number]
        known = each[np.isfinite(each)]
        if len(known):
            half = 1.96 * float(known.std(ddof=1)) / len(known) ** 0.5 if len(known) > 1 else 0.0
            found.append({"n": len(known), "nme": float(known.mean()), "half": half,
                          "form": forms[group == number].mean(axis=0).round(4).tolist()})  # fmt: skip
    return sorted(found, key=lambda row: -row["nme"])
