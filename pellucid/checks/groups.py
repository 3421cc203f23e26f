"""group-leakage: a group (a patient, a plate, a street) whose images are in two parts."""

from __future__ import annotations

from pellucid.checks.finding import Finding
from pellucid.checks.subject import Subject
from pellucid.data.splits import leaking_groups


def check_groups(subject: Subject) -> Finding:
    """Value: the number of groups in more than one part."""
    dataset = subject.dataset
    if all(part.groups is None for part in dataset.parts.values()):
        return Finding("group-leakage", "pass", 0, "the data names no groups")
    leaking = leaking_groups(dataset)
    if not leaking:
        return Finding("group-leakage", "pass", 0, "every group is in one part only")
    group, parts = next(iter(leaking.items()))
    meaning = f"{len(leaking):,} groups are in two parts, e.g. '{group}' in {' and '.join(parts)}: scores look too good"
    return Finding("group-leakage", "failure", len(leaking), meaning,
                   "Leave the column that says the part out of the table, so that Pellucid splits by group.")
