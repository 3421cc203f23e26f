"""Suspicious labels of a run's training part: cross-validated, ranked, with the names of the samples."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.judging import MOST_CONTRADICTED, Judgement, judge, named
from pellucid.diagnosis.label_errors import LabelErrors, find_label_errors
from pellucid.diagnosis.wording import small_percent
from pellucid.tasks.provided import Folds, StoredRun

LOG = logging.getLogger("pellucid")
MOST = 100


@dataclass(frozen=True, eq=False)
class Suspicion:
    """The labels of a run that are probably wrong, and the cross-validation that says so."""

    found: LabelErrors
    judgement: Judgement
    validated: Folds
    answers: Answers
    folds: int

    @property
    def suspects(self) -> np.ndarray:
        """The samples (M,) whose labels are named, the most suspicious first; none by models that cannot judge."""
        return named(self.judgement, self.answers, self.found)[: 0 if self.judgement.verdict == "cannot" else None]

    def rows(self, most: int | None = None) -> list[dict[str, Any]]:
        """One row for each of the named samples, the most suspicious first; `most` of them at most."""
        part, answers, found = self.validated.part, self.answers, self.found
        return [
            {
                "id": int(part.ids[i]),
                "path": part.names[i],
                "given": answers.class_names[int(found.labels[i])],
                "suggested": answers.class_names[int(found.suggested[i])],
                "probability_given": round(float(answers.scores[i, found.labels[i]]), 4),
                "probability_suggested": round(float(answers.scores[i, found.suggested[i]]), 4),
                "margin": round(float(answers.scores[i, found.labels[i]]
                                      - np.delete(answers.scores[i], found.labels[i]).max()), 4),
            }
            for i in self.suspects[:most].tolist()
        ]

    def to_json(self) -> dict[str, Any]:
        """As diagnosis.json holds it: the hundred most suspicious samples, and how many are named and were judged."""
        told = self.found.to_json()
        wrong = {"some": self.judgement.share * told["judged"]}.get(self.judgement.verdict, 0.0)
        return told | {
            "wrong": round(wrong, 1), "judgement": self.judgement.to_json(), "folds": self.folds,
            "accuracy": float(self.answers.right.mean()),
            "named": len(self.suspects), "suspects": self.rows(MOST),
        }  # fmt: skip


def suspicious_labels(stored: StoredRun, folds: int) -> Suspicion:
    """Train `folds` models with the run's settings and look for wrong labels in its training part.

    It takes about (folds - 1) times as long as the run did. Raises UsageError and DataError as `cross_validate` and
    `find_label_errors` do.
    """
    validated = stored.folds(folds)
    known = known_of(validated)
    if not known.all():
        LOG.info("%d samples are not judged: the other folds hold no sample of their class", int((~known).sum()))
    answers = answers_of(validated)
    return Suspicion(find_label_errors(answers, judged=known), judge(answers, known), validated, answers, folds)


def in_words(labels: Mapping[str, Any]) -> str:
    """What can be said of the training labels, from what diagnosis.json holds."""
    found = labels["judgement"]
    own, high = small_percent(found["own_error"]), small_percent(found["high"])
    by = f"the {labels['folds']} models, each asked about images that it did not learn,"
    if found["few"]:
        return (f"Nothing can be said of the training labels: {labels['judged']:,} images are too few to ask those of "
                "which models are surest. Ask again of more images.")
    if found["verdict"] == "cannot" and found["contradicted"] > MOST_CONTRADICTED:
        return (f"Nothing can be said of the training labels: {by} contradict {small_percent(found['contradicted'])} "
                "of them, so many that models may be wrong as well as labels. Ask again of a run that has learnt more.")
    if found["verdict"] == "cannot":
        return (f"Nothing can be said of the training labels: {by} are themselves wrong on about {own} of the images, "
                "so what they contradict is no sign of a wrong label. Ask again of a run that has learnt more.")
    where = f"among the {found['n']:,} images of which they are surest they contradict {small_percent(found['share'])}"
    listed = f"the {labels['named']:,} labels that they contradict most are in diagnosis-labels.csv"
    if found["verdict"] == "none":
        return (f"No sign of training labels that are wrong at random: {by} err on about {own}, and {where}, so that "
                f"at most {high} are. A mistake made again and again is learnt and does not show here; {listed}, most "
                "of them hard images.")
    return (f"About {labels['wrong']:,.0f} of {labels['judged']:,} training labels are wrong "
            f"({small_percent(found['low'])} to {high}): {by} err on about {own} themselves, and {where}; {listed}.")


def answers_of(validated: Folds) -> Answers:
    """What each image is said to be by the model that did not learn from it."""
    return Answers(validated.part.labels, validated.outputs, validated.names, "cross-validation")


def known_of(validated: Folds) -> np.ndarray:
    """Where (N,) the class of a sample is in another fold too, so that its model could learn it."""
    labels, fold = validated.part.labels, validated.fold
    known = np.zeros(len(labels), bool)
    for number in np.unique(fold):
        out = fold == number
        known[out] = np.isin(labels[out], labels[~out])
    return known
