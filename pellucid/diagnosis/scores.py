"""Scores of one part by name, each with its n, a 95 % interval, and a word where it is not defined.

accuracy, error             share of samples whose most probable class is right, wrong
top3, top5, ...             share of samples whose class is among the k most probable
balanced_accuracy           mean recall of the classes that have samples
macro_f1, weighted_f1       the mean over classes, plain or by their samples; also _precision, _recall, _f2, _f0.5
f1:CAT, recall:CAT          of one class, which is taken for the positive one; also precision:, f2:, auroc:
weighted_error              what mistakes cost (`costs`)
auroc                       area under the ROC curve: of the second of two classes; of more, the mean over classes of
                            one against the rest
ece                         expected calibration error (`calibration`)

A score that divides by nothing is None, never 0, and classes for
which it would are left out of a mean, as `note` says. Shares of samples have Wilson's interval, all others the
bootstrap's (`resampling`). scikit-learn has the same scores of one sample at a time; here a thousand draws are scored
at once, and scikit-learn is the second opinion in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.costs import Costs
from pellucid.diagnosis.intervals import wilson_interval
from pellucid.diagnosis.measures import Measure, Sampled, Share, Tallied, measure_named
from pellucid.diagnosis.resampling import Counts, drawn_counts, drawn_samples, percentile_interval, resamples_for
from pellucid.errors import ArgumentError, describe
from pellucid.keys import Key

DEFAULT = ("accuracy", "balanced_accuracy", "macro_f1", "top5", "ece")


@dataclass(frozen=True)
class Score:
    """One score: its value, of how many samples, its 95 % interval and how that was found, and what to know of it."""

    name: str
    value: float | None
    n: int
    interval: tuple[float, float] | None = None
    method: str = ""  # of the interval: "wilson" or "bootstrap"
    note: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it has a value and is of the whole part, so that it may stand beside accuracy and loss."""
        return self.value is not None and ":" not in self.name

    def to_json(self) -> dict[str, Any]:
        """As --json and metrics.json hold it."""
        return asdict(self) | {"interval": list(self.interval) if self.interval else None}


def score_all(
    names: Sequence[str],
    answers: Answers,
    *,
    costs: Costs | None = None,
    resamples: int | None = None,
    key: Key | None = None,
    stratified: bool = True,
) -> tuple[Score, ...]:
    """Every score named, in that order.

    `resamples` is the number of draws behind a bootstrap interval: None chooses it by the size of the part, 0 leaves
    the intervals out. Raises UsageError for a name that is no score, for a class that is not there, and for
    weighted_error without costs.
    """
    measures = [measure_named(name, answers.class_names, costs) for name in names]
    draws = resamples_for(answers.n) if resamples is None else resamples
    if draws < 0:
        raise ArgumentError(describe("scores", "resamples", "0 or more", draws))
    random = (key or Key.of(0)).fold("bootstrap")
    spread: dict[str, np.ndarray] = {}
    tallied = [measure for measure in measures if isinstance(measure, Tallied)]
    if draws and tallied:
        counts = drawn_counts(answers, draws, random, stratified=stratified)
        spread |= {measure.name: measure.of(counts) for measure in tallied}
    sampled = [measure for measure in measures if isinstance(measure, Sampled) and _is_drawn(measure, answers)]
    if draws and sampled:
        chunks = drawn_samples(answers.labels, draws, random, stratified=stratified)
        rows = [[measure.of(answers, chunk) for measure in sampled] for chunk in chunks]
        parts = zip(*rows, strict=True)
        spread |= {measure.name: np.concatenate(part) for measure, part in zip(sampled, parts, strict=True)}
    lone = lone_classes(answers) if stratified else ""
    return tuple(_score(measure, answers, spread.get(measure.name), lone) for measure in measures)


def lone_classes(answers: Answers) -> str:
    """What to know of a stratified interval when classes have one sample, which every draw repeats."""
    names = [answers.class_names[k] for k in np.flatnonzero(answers.confusion.sum(axis=1) == 1)]
    if not names:
        return ""
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"the interval is too narrow: one sample only of {listed}"


def _point(measure: Tallied | Sampled, answers: Answers) -> float:
    if isinstance(measure, Tallied):
        return float(measure.of(Counts.of(answers))[0])
    return float(measure.of(answers, np.ones((answers.n, 1)))[0])


def _is_drawn(measure: Sampled, answers: Answers) -> bool:
    too_many = measure.most_classes is not None and answers.classes > measure.most_classes
    return not too_many and bool(np.isfinite(_point(measure, answers)))


def _score(measure: Measure, answers: Answers, spread: np.ndarray | None, lone: str) -> Score:
    if isinstance(measure, Share):
        hits, n = measure.count(answers)
        if not n:
            return Score(measure.name, None, 0, note=measure.absent)
        return Score(measure.name, hits / n, n, wilson_interval(hits, n), "wilson")
    value, note = _point(measure, answers), measure.note(answers)
    if not np.isfinite(value):
        return Score(measure.name, None, answers.n, note=note or "nothing to divide by")
    interval = None if spread is None else percentile_interval(spread)
    if spread is not None and interval is None:
        told = "no interval: every draw scores the same" if np.isfinite(spread).all() else (
            "no interval: a class is missing from some draws")
        note = f"{note}; {told}" if note else told
    elif interval and lone:
        note = f"{note}; {lone}" if note else lone
    return Score(measure.name, value, answers.n, interval, "bootstrap" if interval else "", note)
