"""The checks of classes, and what a network that knows none of them comes to.

rare-class: a class with too few images beside the others. empty-class: a class without any.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from pellucid.checks.finding import Finding, graded
from pellucid.checks.subject import Chance, Check, Subject
from pellucid.engines.protocol import Objective
from pellucid.spec.losses import (
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    SparseCategoricalCrossentropy,
    SparseCategoricalFocalCrossentropy,
)

IMBALANCE = 10.0  # largest class over smallest
FEW = 5           # images of a class to learn from


def counts_of(subject: Subject, part: str) -> np.ndarray:
    """(K,) images of each class."""
    return np.bincount(subject.dataset.part(part).labels, minlength=len(subject.dataset.class_names))


def check_rare_class(subject: Subject) -> Finding:
    """Value: the training part's largest class over its smallest one that has images."""
    counts = counts_of(subject, "train")
    present = counts[counts > 0]
    ratio = float(present.max() / present.min())
    small = int(np.where(counts > 0, counts, counts.max()).argmin())
    name = subject.dataset.class_names[small]
    told = f"the smallest class '{name}' has {counts[small]:,} training images, the largest {counts.max():,}"
    status = "warning" if present.min() < FEW else graded(ratio, warn=IMBALANCE)
    remedy = "Add images of it, or try --class-weight balanced, --sampler over or --loss focal."
    return Finding("rare-class", status, ratio, told, "" if status == "pass" else remedy)


def check_empty_class(subject: Subject) -> Finding:
    """Value: classes without a training image; a class that only a scored part lacks is a warning."""
    names = subject.dataset.class_names
    empty = np.flatnonzero(counts_of(subject, "train") == 0)
    if len(empty):
        meaning = f"{len(empty)} of {len(names)} classes have no training image, e.g. '{names[empty[0]]}': never learnt"
        return Finding("empty-class", "failure", len(empty), meaning, "Add images of it, or remove the class.")
    for part in subject.dataset.parts:
        lacking = np.flatnonzero(counts_of(subject, part) == 0)
        if len(lacking):
            of = f"{len(lacking)} classes, e.g. '{names[lacking[0]]}'" if len(lacking) > 1 else f"'{names[lacking[0]]}'"
            meaning = f"the {part} part has no image of {of}: not scored"
            return Finding("empty-class", "warning", 0, meaning, f"Add images of it to the {part} part.")
    return Finding("empty-class", "pass", 0, f"all {len(names)} classes have images in every part")


CHECKS: Mapping[str, Check] = {"rare-class": check_rare_class, "empty-class": check_empty_class}


def chance_among(classes: int, objective: Objective) -> Chance | None:
    """The loss of a network that gives every class the same probability; None unless it is one loss over classes."""
    loss, even = objective.terms[0].loss, math.log(classes)
    if len(objective.terms) > 1:
        return None
    if isinstance(loss, (SparseCategoricalCrossentropy, CategoricalCrossentropy)):
        found = even
    elif isinstance(loss, (SparseCategoricalFocalCrossentropy, CategoricalFocalCrossentropy)):
        found = float(loss.alpha * (1 - 1 / classes) ** loss.gamma * even)
    else:
        return None
    unit = found / even if found else 1.0  # a nat, or what focal loss counts one of an unsure answer for
    return Chance(found, unit, f"chance among {classes} classes gives {found:.3f}")
