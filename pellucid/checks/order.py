"""order: samples that come in order. Batches of one class each teach that class and forget the others."""

from __future__ import annotations

import numpy as np

from pellucid.checks.finding import Finding
from pellucid.checks.subject import Subject

FAR = 6.0  # standard deviations from what a shuffle gives


def check_order(subject: Subject) -> Finding:
    """Value: the share of neighbours in the first epoch that have the same stratum; a shuffle gives sum p_k^2."""
    strata = subject.annotations.strata[subject.batches.order(0)]
    if len(strata) < 2:
        return Finding("order", "pass", 0.0, "there is one training image")
    counts = np.bincount(strata).astype(float)
    n = len(strata)
    chance = float((counts * (counts - 1)).sum() / (n * (n - 1)))
    alike = float((strata[1:] == strata[:-1]).mean())
    spread = np.sqrt(max(chance * (1 - chance), 1e-12) / (n - 1))
    same = f"the same {subject.annotations.stratum}"
    told = f"{alike:.1%} of neighbouring training images have {same}, a shuffle gives {chance:.1%}"
    if alike > chance + FAR * spread + 1e-9:
        return Finding("order", "failure", alike, told, "Shuffle: Batches(..., shuffle=True), or fit(shuffle=True).")
    return Finding("order", "pass", alike, told)
