"""Which answers are right, and what follows from that: precision and recall, AP at one IoU, what the mistakes are.

Match     answers of a class by falling score, each takes the free object of its class with the largest IoU from `least`
          on; one that only an ignored object takes is neither right nor wrong (COCO's rule)
AP        precision made monotone from the right, the mean at recalls 0, 0.01 .. 1 (COCO) or the area below (VOC 2010)
Mistakes  background (IoU below 0.1 to all), loose (its class, IoU 0.1 to 0.5), class (another, IoU from 0.5), both
          (another, 0.1 to 0.5), double (its object is taken); missed: an object that no answer of these explains
Source    Lin et al. 2014 (COCO); Everingham et al. 2010 (VOC); Bolya et al. 2020, TIDE (kinds of mistakes)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pellucid.data.boxes.column import Boxes
from pellucid.tasks.detection.answering import Detected
from pellucid.tasks.detection.overlap import iou

RECALLS = np.linspace(0, 1, 101)
HIT, NEAR = 0.5, 0.1
KINDS = ("right", "ignored", "background", "loose", "class", "both", "double")
RIGHT, IGNORED, BACKGROUND, LOOSE, CLASS, BOTH, DOUBLE = range(len(KINDS))


@dataclass(frozen=True, eq=False)
class Judged:
    """Every answer with what became of it, sorted by falling score; every object with the answer that found it.

    picture, score, number, kind, box of A answers (A,); found (M,): the answer of an object, -1 for none; counted (M,)
    """

    picture: np.ndarray
    score: np.ndarray
    number: np.ndarray
    kind: np.ndarray
    boxes: np.ndarray
    found: np.ndarray
    counted: np.ndarray
    truth: Boxes

    @cached_property
    def objects(self) -> np.ndarray:
        """(N,C) objects that count, of each picture and class."""
        table = np.zeros((len(self.truth), len(self.truth.names)), np.int64)
        rows = np.flatnonzero(self.counted)
        np.add.at(table, (self.truth.picture[rows], self.truth.classes[rows]), 1)
        return table

    @cached_property
    def missed(self) -> np.ndarray:
        """(M,) objects that count, that no answer found, and that no loose or wrongly named answer lies on."""
        return np.asarray(self.counted & (self.found < 0) & ~self._explained)

    @cached_property
    def _explained(self) -> np.ndarray:
        explained = np.zeros(len(self.counted), bool)
        for kind in (LOOSE, CLASS):
            for row in np.flatnonzero(self.kind == kind).tolist():
                picture = int(self.picture[row])
                span = slice(self.truth.offsets[picture], self.truth.offsets[picture + 1])
                shared = iou(self.boxes[row : row + 1], self.truth.corners[span])[0]
                same = self.truth.classes[span] == self.number[row]
                shared = np.where(same if kind == LOOSE else ~same, shared, -1)
                if len(shared):
                    explained[span.start + int(shared.argmax())] = True
        return explained

    @cached_property
    def _answers(self) -> list[np.ndarray]:
        """Of each class the answers that are right or wrong: an interval asks for them a hundred times."""
        told = self.kind != IGNORED
        return [np.flatnonzero((self.number == number) & told) for number in range(len(self.truth.names))]

    def curve(self, number: int, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(score, recall, precision) after each answer of a class, each picture counted `weights` (N,) times."""
        rows = self._answers[number]
        times = np.ones(len(rows)) if weights is None else weights[self.picture[rows]]
        right = np.cumsum(np.where(self.kind[rows] == RIGHT, times, 0))
        said = np.cumsum(times)
        objects = self.objects[:, number] if weights is None else self.objects[:, number] * weights
        recall = right / max(float(objects.sum()), 1e-12)
        return self.score[rows], recall, np.divide(right, said, out=np.zeros_like(right), where=said > 0)

    def average_precision(self, number: int, weights: np.ndarray | None = None, *, form: str = "coco") -> float:
        """Of one class; NaN without an object."""
        objects = self.objects[:, number] if weights is None else self.objects[:, number] * weights
        if not objects.sum():
            return float("nan")
        _, recall, precision = self.curve(number, weights)
        return area_under(recall, precision, form)

    def mean_average_precision(self, weights: np.ndarray | None = None, *, form: str = "coco") -> float:
        """Over the classes that have objects; NaN where none has."""
        each = [self.average_precision(number, weights, form=form) for number in range(len(self.truth.names))]
        known = [value for value in each if not np.isnan(value)]
        return float(np.mean(known)) if known else float("nan")

    def f1(self, threshold: float) -> tuple[float, float, float]:
        """(F1, precision, recall) of all answers from a score on."""
        kept = (self.score >= threshold) & (self.kind != IGNORED)
        right = int((self.kind[kept] == RIGHT).sum())
        said, objects = int(kept.sum()), int(self.counted.sum())
        precision, recall = right / said if said else 0.0, right / objects if objects else 0.0
        return (2 * right / (said + objects) if said + objects else 0.0), precision, recall

    def best_threshold(self) -> float | None:
        """The score from which on answers have the best F1; None where none is right."""
        rows = np.flatnonzero(self.kind != IGNORED)
        right = np.cumsum(self.kind[rows] == RIGHT)
        if not len(right) or not right[-1]:
            return None
        f1 = 2 * right / (np.arange(1, len(rows) + 1) + int(self.counted.sum()))
        last = np.append(self.score[rows][1:] < self.score[rows][:-1], True)  # equal scores go together
        return float(self.score[rows][np.flatnonzero(last)[int(f1[last].argmax())]])


def area_under(recall: np.ndarray, precision: np.ndarray, form: str = "coco") -> float:
    """AP of a curve (A,): at COCO's 101 recalls, or VOC's area."""
    if not len(recall):
        return 0.0
    highest = np.maximum.accumulate(precision[::-1])[::-1]
    if form == "voc":
        steps = np.diff(np.concatenate([[0.0], recall]))
        return float((steps * highest).sum())
    at = np.searchsorted(recall, RECALLS, side="left")
    return float(np.append(highest, 0.0)[np.minimum(at, len(recall))].mean())


def judge(truth: Boxes, found: Sequence[Detected], least: float = HIT) -> Judged:
    """Judge the answers to every picture."""
    of_truth = np.full(len(truth.corners), -1, np.int64)
    kinds, start = [], 0
    for picture, answers in enumerate(found):
        span = slice(truth.offsets[picture], truth.offsets[picture + 1])
        kind, taken = judge_picture(answers, truth.corners[span], truth.classes[span],
                                    (truth.crowd | truth.difficult)[span], least)  # fmt: skip
        kinds.append(kind)
        of_truth[span] = np.where(taken >= 0, taken + start, -1)
        start += len(answers)
    picture_of = np.repeat(np.arange(len(found)), [len(one) for one in found])
    scores = np.concatenate([one.scores for one in found]) if found else np.empty(0)
    order = np.argsort(-scores, kind="stable")
    place = np.empty(len(order) + 1, np.int64)
    place[order], place[-1] = np.arange(len(order)), -1
    return Judged(
        picture_of[order], scores[order], np.concatenate([one.classes for one in found])[order],
        np.concatenate(kinds)[order], np.concatenate([one.boxes for one in found])[order], place[of_truth],
        ~(truth.crowd | truth.difficult), truth,
    )  # fmt: skip


def judge_picture(answers: Detected, corners: np.ndarray, classes: np.ndarray, ignored: np.ndarray,
                  least: float) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """The kind of each answer (A,) of a picture, and which answer each object (M,) was found by."""
    kinds = np.full(len(answers), BACKGROUND, np.int64)
    taken = np.full(len(corners), -1, np.int64)
    if not len(corners):
        return kinds, taken
    shared = iou(answers.boxes, corners, crowd=ignored)
    same = answers.classes[:, np.newaxis] == classes[np.newaxis]
    border = min(least, 1 - 1e-10)
    for row in np.argsort(-answers.scores, kind="stable").tolist():
        able = same[row] & (shared[row] >= border)
        free = np.flatnonzero(able & (taken < 0) & ~ignored)
        if len(free):
            best = free[shared[row, free] == shared[row, free].max()][-1]  # the last among equals, as COCO has it
            taken[best], kinds[row] = row, RIGHT
        elif (able & ignored).any():
            kinds[row] = IGNORED
        else:
            kinds[row] = mistake(shared[row], same[row], least)
    return kinds, taken


def mistake(shared: np.ndarray, same: np.ndarray, least: float) -> int:
    """What a wrong answer is, from its IoU with the objects (M,) of its picture and which are of its class."""
    own, other = float(np.where(same, shared, 0).max()), float(np.where(same, 0, shared).max())
    if own >= least:
        return DOUBLE
    if other >= least:
        return CLASS
    if own >= NEAR:
        return LOOSE
    return BOTH if other >= NEAR else BACKGROUND
