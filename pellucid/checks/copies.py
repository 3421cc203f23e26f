"""duplicates: images that repeat others of their part. leakage: the same image in two parts."""

from __future__ import annotations

import numpy as np

from pellucid.checks.finding import Finding, Status
from pellucid.checks.subject import Subject
from pellucid.data.likeness import Likeness, find_alike

BEARABLE = 1e-3  # leaked share of a part above which its score means nothing


def check_copies(subject: Subject, most: int | None = None) -> tuple[Finding, Finding]:
    """Both findings from one search, among `most` images at most."""
    alike = find_alike(subject.dataset, most, key=subject.key_of("duplicates"))
    return duplicates(alike, subject.annotations.stratum), leakage(alike, tuple(subject.dataset.parts))


def duplicates(alike: Likeness, stratum: str) -> Finding:
    """Value: images that repeat another of their part, equal ones and nearly equal ones."""
    same, near = (pairs[alike.part[pairs[:, 0]] == alike.part[pairs[:, 1]]] for pairs in (alike.same, alike.near))
    pairs = np.concatenate([same, near])
    count = len(np.unique(pairs[:, 1]))
    if not count:
        told = f"{alike.among}no two of {len(alike.part):,} images are alike within a part"
        return Finding("duplicates", "pass", 0, told)
    left, right = (alike.names[i] for i in pairs[0])
    torn = int((alike.label[same[:, 0]] != alike.label[same[:, 1]]).sum())
    quarrel = f"; {torn} of them have another {stratum} than their twin" if torn else ""
    meaning = (f"{alike.among}{count:,} images repeat others of their part ({len(same):,} to the pixel), e.g. {left} "
               f"and {right}")
    remedy = "Remove the copies, or give copies one group (a CSV column and --group) so that they stay together."
    return Finding("duplicates", "warning", count, meaning + quarrel, remedy)


def leakage(alike: Likeness, parts: tuple[str, ...]) -> Finding:
    """Value: the largest share of a scored part whose images are in an earlier part too."""
    pairs = np.concatenate([alike.same, alike.near])
    pairs = pairs[alike.part[pairs[:, 0]] != alike.part[pairs[:, 1]]]
    if not len(pairs):
        return Finding("leakage", "pass", 0.0, f"{alike.among}no image is in two of the parts {', '.join(parts)}")
    later = np.unique(pairs[:, 1])  # parts are in the order of PARTS, so the scored one is the later
    shares = {number: float((alike.part[later] == number).sum() / (alike.part == number).sum())
              for number in np.unique(alike.part[later])}
    worst = max(shares, key=lambda number: shares[number])
    exact = {int(right) for left, right in alike.same if alike.part[left] != alike.part[right]}
    status: Status = "failure" if exact and shares[worst] > BEARABLE else "warning"
    left, right = (alike.names[i] for i in pairs[alike.part[pairs[:, 1]] == worst][0])
    meaning = (f"{alike.among}{len(later):,} images are in an earlier part too ({len(exact):,} to the pixel): "
               f"{shares[worst]:.2%} of the {parts[worst]} part, e.g. {left} and {right}; scores look better than they "
               "are")
    remedy = "Remove them from one part, or split by group (a CSV column and --group)."
    return Finding("leakage", status, shares[worst], meaning, remedy)
