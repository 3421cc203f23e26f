"""What a model of poses did on one part of a data set.

Axes      N pictures, G people that count, K joints
Scores    OKS-AP as COCO has it (diagnosis/oks.py); each person's best answer by OKS, if it has half of it, tells which
          joints are right: within a share of the figure's size (PCK), within half a head (PCKh)
Size      of a figure: the longer side of the box around its marked joints
Interval  of OKS-AP: the middle 95 % over draws of the pictures from themselves
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pellucid.data.people.column import People as Column
from pellucid.data.points.column import around
from pellucid.data.points.skeleton import Skeleton, words_of
from pellucid.diagnosis import oks
from pellucid.diagnosis.redrawing import draws_of, interval_of
from pellucid.reports.scores import MORE, Headline, Score
from pellucid.storage.finite import finite_number
from pellucid.tasks.evaluation import WithFaults
from pellucid.tasks.pose.grouping import Grouped

OKS_AP = Score("oks_ap", MORE)
DRAWS = 100
NEAR = 0.1          # of a figure's size, within which a joint is right
HALF = 0.5          # OKS from which on an answer is a person's own
HEAD = 0.6          # of the distance from neck to head's top: the head's size
NOWHERE = -1e6      # where a joint that was not found is, for OKS


@dataclass(frozen=True, eq=False)
class Evaluation(WithFaults):
    """True people of N pictures and those that were found, in pixels of the pictures as given."""

    split: str
    truth: Column
    found: Sequence[Grouped]
    sigmas: tuple[float, ...]
    known: bool
    loss: float
    origins: Sequence[str]
    ids: np.ndarray | None = None

    @property
    def outputs(self) -> np.ndarray:
        """The scores of all people told, one after the other; maps and fields are not kept."""
        return np.asarray(np.concatenate([one.scores for one in self.found]))

    @cached_property
    def xy(self) -> np.ndarray:
        """(D,K,2) all answers, one after the other; joints that were not found are far from everywhere."""
        nobody = np.zeros((0, len(self.truth.skeleton), 2))
        found = np.concatenate([nobody, *(one.xy for one in self.found)])
        return np.asarray(np.nan_to_num(found, nan=NOWHERE))

    @cached_property
    def picture(self) -> np.ndarray:
        """(D,) the picture of each answer."""
        return np.repeat(np.arange(self.n), [len(one) for one in self.found])

    @cached_property
    def people(self) -> oks.People:
        """All objects of the files."""
        objects = self.truth.objects
        return oks.People(objects.xy, objects.visible, objects.areas, objects.boxes, self.truth.picture,
                          self.truth.crowd)  # fmt: skip

    @cached_property
    def matched(self) -> oks.Matched:
        """Which answers are right at each OKS."""
        return oks.match_all(self.people, self.xy, self.outputs, self.picture, np.array(self.sigmas), self.n)

    @cached_property
    def precision(self) -> np.ndarray:
        """(10,) AP at OKS 0.50, 0.55 ... 0.95."""
        return self.matched.precision()

    @cached_property
    def interval(self) -> tuple[float, float] | None:
        """Of OKS-AP."""
        return interval_of(lambda times: np.array([self.matched.precision(one).mean() for one in times]),
                           draws_of(self.n, DRAWS))  # fmt: skip

    @property
    def oks_ap(self) -> float:
        """The mean of them; 0 without anybody."""
        return float(np.nan_to_num(self.precision.mean()))

    @property
    def headline(self) -> Headline:
        """OKS-AP."""
        return OKS_AP.headline(self.oks_ap, self.interval)

    @cached_property
    def own(self) -> tuple[np.ndarray, np.ndarray]:
        """Of each person that counts (G,) the answer that is its own, or -1, and their OKS; the surest pair first."""
        objects, rows = self.truth.objects, np.flatnonzero(self.truth.counted)
        answer, similar = np.full(len(rows), -1), np.zeros(len(rows))
        at = self.truth.picture[rows]
        for picture in np.unique(at):
            mine, told = np.flatnonzero(at == picture), np.flatnonzero(self.picture == picture)
            here = rows[mine]
            each = oks.oks(self.xy[told], objects.xy[here], objects.visible[here], objects.areas[here],
                           objects.boxes[here], np.array(self.sigmas))  # fmt: skip
            while each.size and each.max() >= HALF:
                row, column = np.unravel_index(each.argmax(), each.shape)
                answer[mine[column]], similar[mine[column]] = told[row], each[row, column]
                each[row], each[:, column] = -1, -1
        return answer, similar

    @cached_property
    def alone(self) -> np.ndarray:
        """(D,) which answers are nobody's: no person's own, and in no crowd nor on anybody without a mark."""
        objects, aside = self.truth.objects, np.flatnonzero(~self.truth.counted)
        alone = ~np.isin(np.arange(len(self.picture)), self.own[0])
        for row in np.flatnonzero(alone).tolist():
            here = aside[self.truth.picture[aside] == self.picture[row]]
            like = oks.oks(self.xy[row : row + 1], objects.xy[here], objects.visible[here], objects.areas[here],
                           objects.boxes[here], np.array(self.sigmas))  # fmt: skip
            alone[row] = like.max(initial=0) < HALF
        return np.asarray(alone)

    @cached_property
    def away(self) -> np.ndarray:
        """(G,K) pixels between the true joints and those of a person's own answer; infinite where it has none."""
        answer, _ = self.own
        xy = self.truth.objects.xy[self.truth.counted]
        found = np.concatenate([self.xy, np.full((1, *xy.shape[1:]), NOWHERE)])[answer]
        away = np.linalg.norm(found - xy, axis=2)
        return np.asarray(np.where(away > -NOWHERE / 2, np.inf, away))

    def within(self, lengths: np.ndarray, share: float) -> float | None:
        """The share of the marked joints that are right by each person's length (G,)."""
        counted = np.isfinite(self.truth.objects.xy[self.truth.counted]).all(axis=2) & np.isfinite(lengths)[:, None]
        right = self.away <= share * np.nan_to_num(lengths)[:, np.newaxis]
        return float(right[counted].mean()) if counted.any() else None

    @cached_property
    def sizes(self) -> np.ndarray:
        """(G,) of the figures, in pixels."""
        boxes = around(self.truth.objects.xy[self.truth.counted])
        return np.asarray(np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1), 1))

    def faults(self) -> np.ndarray:
        """(N,) people not found and answers that are nobody's, of each picture."""
        answer, _ = self.own
        missed = np.bincount(self.truth.picture[self.truth.counted][answer < 0], minlength=self.n)
        return np.asarray(missed + np.bincount(self.picture[self.alone], minlength=self.n))

    def to_metrics(self, wanted: Any = None) -> dict[str, Any]:
        """The scores as plain JSON values; None for what is not defined."""
        answer, similar = self.own
        head = head_of(self.truth.skeleton)
        xy = self.truth.objects.xy[self.truth.counted]
        lengths = None if head is None else HEAD * np.linalg.norm(xy[:, head[0]] - xy[:, head[1]], axis=1)
        return {
            "split": self.split, "n": self.n, "loss": finite_number(self.loss),
            "oks_ap": finite_number(self.precision.mean()), "oks_ap_interval": self.interval and list(self.interval),
            "oks_ap50": finite_number(self.precision[0]), "oks_ap75": finite_number(self.precision[5]),
            "people": len(answer), "found": int((answer >= 0).sum()), "told": len(self.picture),
            "oks": finite_number(similar[answer >= 0].mean()) if (answer >= 0).any() else None,
            "pck": self.within(self.sizes, NEAR), "pck_at": NEAR,
            "pckh": None if lengths is None else self.within(lengths, HALF),
            "marked": int(np.isfinite(xy).all(axis=2).sum()), "assumed": not self.known,
            "joints": [self._joint(k) for k in range(len(self.truth.skeleton))],
        }  # fmt: skip

    def _joint(self, k: int) -> dict[str, Any]:
        """What became of one kind of joint."""
        marked = np.isfinite(self.truth.objects.xy[self.truth.counted][:, k]).all(axis=1)
        away = self.away[:, k]
        there = away[marked & np.isfinite(away)]
        return {"name": self.truth.skeleton.names[k], "marked": int(marked.sum()),
                "pck": float((away <= NEAR * self.sizes)[marked].mean()) if marked.any() else None,
                "error_px_median": float(np.median(there)) if len(there) else None}

    def large(self) -> dict[str, Any]:
        """Nothing more."""
        return {}


def head_of(skeleton: Skeleton) -> tuple[int, int] | None:
    """Neck and top of the head, by name; None where one is missing."""
    places = {words_of(name): number for number, name in enumerate(skeleton.names)}
    neck, top = places.get(("neck",), places.get(("upper", "neck"))), places.get(("head", "top"))
    return None if neck is None or top is None else (neck, top)
