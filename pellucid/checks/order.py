"""order: labels that come in order. Batches of one class each teach that class and forget the others."""

from __future__ import annotations

import numpy as np

from pellucid.checks.finding import Finding
from pellucid.checks.subject import Subject

FAR = 6.0  # standard deviations from what a shuffle gives


def check_order(subject: Subject) -> Finding:
    """Value: the share of neighbours in the first epoch that have the same class; a shuffle gives sum p_k^2."""
    labels = subject.batches.source.labels[subject.batches.order(0)]
    if len(labels) < 2:
        return Finding("order", "pass", 0.0, "there is one training image")
    counts = np.bincount(labels).astype(float)
    n = len(labels)
    chance = float((counts * (counts - 1)).sum() / (n * (n - 1)))
    alike = float((labels[1:] == labels[:-1]).mean())
    spread = np.sqrt(max(chance * (1 - chance), 1e-12) / (n - 1))
    told = f"{alike:.1%} of neighbouring training images have the same class, a shuffle gives {chance:.1%}"
    if alike > chance + FAR * spread + 1e-9:
        return Finding("order", "failure", alike, told, "Shuffle: Batches(..., shuffle=True), or fit(shuffle=True).")
    return Finding("order", "pass", alike, told)
