"""What the report of a classification shows: other scores, which classes are confused, examples, class by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.data.dataset import Part
from pellucid.diagnosis.scores import DEFAULT, score_all
from pellucid.diagnosis.slices import LEVEL, chances, holm
from pellucid.reports.pixels import Images
from pellucid.reports.sections import Facts, Figure, Gallery, Section, Table, Text
from pellucid.reports.wording import measured, share
from pellucid.tasks.classification.cards import mistake_cards, right_cards, sample_cards
from pellucid.tasks.classification.evaluation import Evaluation
from pellucid.tasks.classification.mistakes import MOST

MANY_CLASSES = 20  # beyond, the page shows the weakest classes and folds the table of all
WEAKEST, MARKED, MOST_CONFUSED = 10, 3, 6
WEAK_BY = 0.02  # of recall or precision: classes that are nearer to the others are not called weak
TITLES = {"balanced_accuracy": "Balanced accuracy", "macro_f1": "Macro F1", "top5": "Top 5", "ece": "Calibration error"}
MATRIX = "Confusion matrix: rows are true classes, columns predicted ones"
MEANING = ("Precision: of the images called this, the share that are. Recall: of the images that are this, the share "
           "found. F1: both in one number.")  # fmt: skip


def sections_of(evaluation: Evaluation, images: Images, training: Part, *, matrix: str) -> list[Section]:
    """Everything, in the order of the page; `matrix` is the confusion matrix as an <svg>.

    images(indices) gives raw pixels (n,H,W,C) of the evaluated part.
    """
    sample = sample_cards(training.labels, evaluation.class_names, training.pictures)
    return [
        Facts(other_scores(evaluation), place="head"),
        Gallery(sample, small=True, title="A sample of the training part", place="data"),
        Figure(MATRIX, matrix, "confusion.png", title="Which classes are taken for which"),
        *confused(evaluation),
        *examples(evaluation, images),
        *class_by_class(evaluation.class_rows()),
    ]


def other_scores(evaluation: Evaluation) -> list[tuple[str, str]]:
    """The scores beside the headline, only those that were measured."""
    found = {score.name: score.value for score in score_all(DEFAULT, evaluation.answers, resamples=0)}
    return [(title, share(found[name])) for name, title in TITLES.items() if measured(found.get(name))]


def confused(evaluation: Evaluation) -> list[Section]:
    """The pairs of classes that are confused most often, if any are."""
    names = evaluation.class_names
    rows = [[names[true], names[said], str(count)] for true, said, count in evaluation.most_confused(MOST_CONFUSED)]
    table = Table(["True class", "Taken for", "Times"], rows, kinds=["name", "text", "number"],
                  title="Most often confused", place="below")  # fmt: skip
    return [table] if rows else []


def examples(evaluation: Evaluation, images: Images) -> list[Section]:
    """Pictures that are wrong and some that are right."""
    split, title = evaluation.split, "The worst mistakes"
    mistakes = mistake_cards(evaluation, images, MOST)
    right = right_cards(evaluation, images)
    found: list[Section] = [
        Gallery(mistakes, title=title, faint="The most confident first; bars: the most probable classes.")
        if mistakes else Text(f"None: every image of the {split} part is right.", title=title)
    ]  # fmt: skip
    if right:
        chance = (f"Drawn by chance from the {split} part, the classes in turn, with the probability the model gives.")
        found.append(Gallery(right, small=True, title="Some that are right", faint=chance))
    return found


def class_by_class(rows: Sequence[Mapping[str, Any]]) -> list[Section]:
    """Precision, recall and F1 of every class, of rows as metrics.json has them; of many the weakest first."""
    classes, title = per_class(rows), "Class by class"
    if len(classes) <= MANY_CLASSES:
        return [class_table(classes, title=title, faint=MEANING)]
    weakest = sorted(classes, key=lambda row: int(row["rank"]))[:WEAKEST]
    return [
        Text("", title=title, faint=MEANING),
        class_table(weakest, title=f"The {WEAKEST} weakest of {len(classes)} classes", place="below"),
        class_table(classes, title=f"All {len(classes)} classes", place="below", folded=True),
    ]


def class_table(rows: Sequence[Mapping[str, Any]], **more: Any) -> Table:
    """A row a class."""
    return Table(
        ["Class", "Images", "Precision", "Recall", "F1", "F1 as a bar", ""],
        [[str(row["class"]), str(row["n"]), row["precision"], row["recall"], row["f1"], str(row["bar"]),
          "weakest" if row["weak"] else ""] for row in rows],
        kinds=["name", "number", "number", "number", "number", "bar", "mark"], **more,
    )  # fmt: skip


def per_class(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows for the table, in class order; up to three classes with the lowest F1 are marked, if they are weak."""
    known = [k for k, row in enumerate(rows) if measured(row.get("f1")) and row.get("n")]
    order = sorted(known, key=lambda k: rows[k]["f1"])
    weak = weak_classes(rows)
    marked = {k for k in order[: min(MARKED, len(order) // 2)] if weak[k]}
    found = []
    for k, row in enumerate(rows):
        cells = {score: share(row.get(score)) for score in ("precision", "recall", "f1")}
        bar = round(100 * row["f1"], 1) if measured(row.get("f1")) else 0
        rank = order.index(k) if k in marked or (len(rows) > MANY_CLASSES and k in known) else len(rows)
        found.append(
            {"class": row.get("class"), "n": row.get("n"), "weak": k in marked, "bar": bar, "rank": rank} | cells
        )
    return found


def weak_classes(rows: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """(K,) whether a class's recall or precision is below that of all others together by more than chance, as for the
    slices of a diagnosis, and by points that count."""
    right, true, said = np.array([counts_of(row) for row in rows]).T
    found = np.zeros(len(rows), bool)
    for n in (true, said):
        tried = np.flatnonzero((n > 0) & (n < n.sum()))
        others = (right.sum() - right[tried]) / (n.sum() - n[tried])
        lower = others - right[tried] / n[tried] >= WEAK_BY
        found[tried] |= lower & (holm(chances(n[tried] - right[tried], n[tried], (n - right).sum(), n.sum())) <= LEVEL)
    return found


def counts_of(row: Mapping[str, Any]) -> tuple[int, int, int]:
    """How many images of a class are right, how many there are, and how many are said to be of it."""
    right = round((row.get("recall") or 0.0) * (row.get("n") or 0))
    return right, row.get("n") or 0, round(right / row["precision"]) if row.get("precision") else 0
