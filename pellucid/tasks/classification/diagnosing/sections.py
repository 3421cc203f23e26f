"""The sections of a diagnosis on dev: mistakes by pair and tag, slices that are worse, calibration.

Each is plain values; what cannot be looked at is {"absent": why}, and the others still stand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.dataset import Part
from pellucid.diagnosis.calibration import FEWEST, Reliability, reliability
from pellucid.diagnosis.circumstances import Shift
from pellucid.diagnosis.mistakes import ErrorAnalysis, analyse_mistakes
from pellucid.diagnosis.pictures import measure
from pellucid.diagnosis.slices import WorseSlices, worse_slices
from pellucid.diagnosis.tagging import read_tags, sample_mistakes, write_sheet
from pellucid.diagnosis.tags import Tags, class_tags, column_tags, measured_tags
from pellucid.diagnosis.wording import counted
from pellucid.errors import DataError, PellucidError
from pellucid.storage.tables import write_csv
from pellucid.storage.writer import remove_files
from pellucid.tasks.classification.diagnosing.calibrating import NO_DEV, calibrate
from pellucid.tasks.classification.diagnosing.gathering import Gathered
from pellucid.tasks.classification.diagnosing.labels import Suspicion, suspicious_labels
from pellucid.tasks.classification.settings import Wishes

TO_TAG = "diagnosis-to-tag.csv"  # a hundred mistakes for a person to tag; --tags reads it back
LABELS = "diagnosis-labels.csv"  # training labels that are probably wrong, the most suspicious first
COMPARED = 2000  # images of each part whose brightness, contrast, sharpness and size are compared
APART = 0.5  # standard deviations, from which two parts count as different


@dataclass(frozen=True)
class OnDev:
    """What was found on dev; each None where its section says why not."""

    mistakes: ErrorAnalysis | None
    slices: WorseSlices | None
    reliability: Reliability | None
    suspicion: Suspicion | None
    told: dict[str, Any]  # the sections as plain values


def look_at_dev(gathered: Gathered, wishes: Wishes) -> OnDev:
    """All sections, on the validation part but for the labels, which are those of the training part.

    Raises DataError or FileError for a table of tags that cannot be used.
    """
    told: dict[str, Any] = {}
    tags = tags_of(gathered, wishes.tags)

    def section(name: str, make: Callable[[], Any]) -> Any:
        try:
            found = make()
        except PellucidError as fault:
            told[name] = {"absent": str(fault)}
            return None
        told[name] = found.to_json()
        return found

    if wishes.calibrate:
        section("temperature", lambda: calibrate(gathered.stored))
    return OnDev(
        section("mistakes", lambda: mistakes(gathered, tags)),
        section("slices", lambda: slices(gathered, tags)),
        section("calibration", lambda: calibration(gathered)),
        section("labels", lambda: suspicious(gathered, wishes.folds)) if wishes.label_errors else None,
        told,
    )


def tags_of(gathered: Gathered, tags_csv: str | None) -> Tags | None:
    """Measured tags of the dev images, their groups, and those of the user's table."""
    part = gathered.stored.parts.get("validation")
    if part is None:
        return None
    found = [measured_tags(part.images)]
    if part.groups is not None:
        found.append(column_tags("group", [str(group) for group in part.groups]))
    if tags_csv is not None:
        found.append(read_tags(tags_csv, names=part.names, ids=part.ids))
    return Tags.joined(found)


def mistakes(gathered: Gathered, tags: Tags | None) -> ErrorAnalysis:
    """Mistakes by pair and tag; a hundred of them are written into a table for a person to tag."""
    dev = gathered.dev
    if dev is None or tags is None:
        raise DataError(NO_DEV)
    chosen = sample_mistakes(dev.answers)
    if len(chosen):
        part = gathered.stored.parts["validation"]
        write_sheet(gathered.stored.folder.path / TO_TAG, dev.answers, chosen, names=part.names, ids=part.ids)
    return analyse_mistakes(dev.answers, tags)


def slices(gathered: Gathered, tags: Tags | None) -> WorseSlices:
    """Classes and tags in which dev is surely worse than in the rest."""
    dev = gathered.dev
    if dev is None or tags is None:
        raise DataError(NO_DEV)
    return worse_slices(dev.answers, Tags.joined([class_tags(dev.labels, dev.class_names), tags]))


def calibration(gathered: Gathered) -> Reliability:
    """Whether the confidences on dev are earned."""
    if gathered.dev is None:
        raise DataError(NO_DEV)
    if gathered.dev.answers.unsound:
        raise DataError(gathered.dev.answers.unsound)
    if gathered.dev.n < FEWEST:
        raise DataError(f"{counted(gathered.dev.n, 'dev image')} cannot tell whether confidences are earned, which "
                        f"takes {FEWEST} or more; hold more out with --val-fraction")
    return reliability(gathered.dev.answers)


def suspicious(gathered: Gathered, folds: int) -> Suspicion:
    """Training labels that are probably wrong, by models that did not learn them; all of them go into a table.

    Models that cannot judge write none.
    """
    found, table = suspicious_labels(gathered.stored, folds), gathered.stored.folder.path / LABELS
    if found.judgement.verdict == "cannot":
        remove_files([table])
    else:
        write_csv(table, found.rows())
    return found


def shift_between(train: Part, other: Part) -> Shift | None:
    """The measure of the pictures in which two parts differ most, if that is half a standard deviation or more."""
    here, there = (measure(part.subset(spread(len(part))).images) for part in (train, other))
    found = []
    for name, values in here.items():
        mean, deviation, mean_there = np.nanmean(values), np.nanstd(values), np.nanmean(there[name])
        if deviation > 0:
            found.append(Shift(name, float(mean), float(mean_there), float((mean_there - mean) / deviation)))
    most = max(found, key=lambda shift: abs(shift.deviations), default=None)
    return most if most is not None and abs(most.deviations) >= APART else None


def spread(n: int) -> np.ndarray:
    """At most `COMPARED` numbers spread evenly over n images."""
    return np.unique(np.linspace(0, n - 1, min(n, COMPARED)).astype(np.int64))
