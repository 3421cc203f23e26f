"""What a detector did on one part of a data set.

Scores    COCO's AP, AP50, AP75 and the others (scoring.py), VOC's AP, those of each class, F1 at the operating point
Interval  of AP50: the middle 95 % over draws of the pictures from themselves (Efron & Tibshirani 1993, chapter 13)
Cost      of a kind of mistake: by how much AP50 rises when answers of that kind are taken away (Bolya et al. 2020)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from pellucid.data.boxes.column import Boxes
from pellucid.diagnosis.resampling import percentile_interval
from pellucid.keys import Key
from pellucid.reports.scores import MORE, Headline, Score
from pellucid.storage.finite import finite_number
from pellucid.tasks.detection.answering import Detected
from pellucid.tasks.detection.judging import (
    BACKGROUND,
    BOTH,
    CLASS,
    DOUBLE,
    IGNORED,
    KINDS,
    LOOSE,
    RIGHT,
    Judged,
    judge,
)
from pellucid.tasks.detection.scoring import coco_scores
from pellucid.tasks.evaluation import WithFaults

AP50 = Score("AP50", MORE)
DRAWS, FEWER, MANY = 1000, 250, 20  # of the pictures; of those with more than so many classes
MISTAKES = (BACKGROUND, LOOSE, CLASS, BOTH, DOUBLE)


@dataclass(frozen=True, eq=False)
class Evaluation(WithFaults):
    """Objects and answers of N pictures, and what follows from them; `operating` is the score boxes are told from."""

    split: str
    truth: Boxes
    found: Sequence[Detected]
    operating: float | None
    loss: float
    origins: Sequence[str]
    ids: np.ndarray | None = None

    @property
    def outputs(self) -> np.ndarray:
        """The scores of all answers, one after the other; what a network gives at its places is not kept."""
        return self.judged.score

    @cached_property
    def judged(self) -> Judged:
        """The answers, each right or wrong at IoU 0.5."""
        return judge(self.truth, self.found)

    @cached_property
    def coco(self) -> dict[str, float | None]:
        """COCO's numbers."""
        return coco_scores(self.truth, self.found)

    @cached_property
    def interval(self) -> tuple[float, float] | None:
        """Of AP50."""
        random = Key.of(0).fold("detection", "interval").generator()
        count = DRAWS if len(self.truth.names) <= MANY else FEWER
        draws = random.multinomial(self.n, np.full(self.n, 1 / self.n), count).astype(np.float64)
        values = np.array([self.judged.mean_average_precision(draw) for draw in draws])
        return percentile_interval(values[np.isfinite(values)]) if np.isfinite(values).any() else None

    @property
    def threshold(self) -> float:
        """The score from which on boxes are told: that of the model, else the best of this part."""
        return self.operating if self.operating is not None else (self.judged.best_threshold() or 0.5)

    @property
    def headline(self) -> Headline:
        """AP50."""
        return AP50.headline(self.coco["AP50"] or 0.0, self.interval)

    def faults(self) -> np.ndarray:
        """(N,) missed objects and false alarms of each picture at the operating point."""
        judged, told = self.judged, self.judged.score >= self.threshold
        alarms = np.bincount(judged.picture[told & (judged.kind != RIGHT) & (judged.kind != IGNORED)], minlength=self.n)
        unfound = judged.counted & ~((judged.found >= 0) & np.append(told, False)[judged.found])
        return np.asarray(alarms + np.bincount(self.truth.picture[unfound], minlength=self.n))

    def to_metrics(self, wanted: Any = None) -> dict[str, Any]:
        """The scores as plain JSON values; None for what is not defined."""
        f1, precision, recall = self.judged.f1(self.threshold)
        return {
            "split": self.split, "n": self.n, "loss": finite_number(self.loss),
            **self.coco, "AP50_interval": None if self.interval is None else list(self.interval),
            "AP50_voc": finite_number(self.judged.mean_average_precision(form="voc")),
            "boxes": int(self.judged.counted.sum()), "classes": [self._class(k) for k in range(len(self.truth.names))],
            "operating": {"score": round(self.threshold, 6), "f1": f1, "precision": precision, "recall": recall},
            "mistakes": self.mistakes(),
        }  # fmt: skip

    def _class(self, number: int) -> dict[str, Any]:
        judged = self.judged
        rows = (judged.number == number) & (judged.score >= self.threshold)
        of_class = judged.counted & (self.truth.classes == number)
        hit = of_class & (judged.found >= 0) & np.append(judged.score >= self.threshold, False)[judged.found]
        alarms = int((rows & (judged.kind != RIGHT) & (judged.kind != IGNORED)).sum())
        return {"name": self.truth.names[number], "boxes": int(of_class.sum()),
                "AP50": finite_number(judged.average_precision(number)), "found": int(hit.sum()),
                "false_alarms": alarms}  # fmt: skip

    def mistakes(self) -> list[dict[str, Any]]:
        """Each kind: how many at the operating point, and by how much AP50 rises without it."""
        judged, told = self.judged, self.judged.score >= self.threshold
        now = judged.mean_average_precision()
        rows = []
        for kind in MISTAKES:
            cured = replace(judged, kind=np.where(judged.kind == kind, IGNORED, judged.kind))
            rows.append({"kind": KINDS[kind], "count": int((told & (judged.kind == kind)).sum()),
                         "cost": finite_number(cured.mean_average_precision() - now)})
        without = replace(judged, counted=judged.counted & ~judged.missed)
        rows.append({"kind": "missed", "count": int((judged.counted & (judged.found < 0)).sum()),
                     "cost": finite_number(without.mean_average_precision() - now)})
        return rows

    def large(self) -> dict[str, Any]:
        """Nothing more."""
        return {}
