"""What a model of points did on one part of a data set.

Axes      N objects, K points
Scores    NME, failures, area and PCK in a named length (scores/lengths.py, distances.py), errors in pixels of the
          pictures as given, OKS and its average precision (diagnosis/oks.py); each with how many it rests on
Interval  the middle 95 % over draws of the objects from themselves; of AP over draws of the pictures
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pellucid.data.boxes.column import inverted
from pellucid.data.points.column import Points, around, carried
from pellucid.diagnosis import oks
from pellucid.diagnosis.redrawing import draws_of, interval_of
from pellucid.reports.scores import LESS, Headline, Score
from pellucid.storage.finite import finite_number
from pellucid.tasks.evaluation import WithTruth
from pellucid.tasks.keypoints.scores import distances, lengths

NME = Score("nme", LESS)
FAR = distances.BORDERS[-1]     # of the length, beyond which an object is a failure


@dataclass(frozen=True)
class Yardsticks:
    """What errors are told in: a named length, the share of it within which a point is right, spreads of OKS (K).

    known: the spreads are those of annotators, and were not assumed.
    """

    normaliser: str
    pck: float
    spreads: tuple[float, ...]
    known: bool


@dataclass(frozen=True, eq=False)
class Evaluation(WithTruth):
    """True points, found ones (N,K,2) in pixels of the pictures as given, and how sure each was (N,K)."""

    split: str
    truth: Points
    found: np.ndarray
    sure: np.ndarray
    by: Yardsticks
    loss: float
    origins: Sequence[str]
    ids: np.ndarray | None = None
    groups: np.ndarray | None = None    # (N,) whose the objects are, a person's or a film's

    @property
    def outputs(self) -> np.ndarray:
        """The found points (N,K,2); what a network gives at its places is not kept."""
        return self.found

    @cached_property
    def away(self) -> np.ndarray:
        """(N,K) pixels between the found and the true points; NaN where not marked."""
        return np.asarray(np.linalg.norm(self.found - self.truth.xy, axis=2))

    @cached_property
    def lengths(self) -> np.ndarray:
        """(N,) the length of each object."""
        return self._lengths(self.by.normaliser)

    def _lengths(self, name: str) -> np.ndarray:
        return lengths.lengths_of(name, self.truth.skeleton, self.truth.xy, self.truth.boxes, self.truth.heads)

    @cached_property
    def each(self) -> np.ndarray:
        """(N,) the NME of each object; NaN where its length is not known."""
        return distances.each_nme(self.away, self.lengths)

    @cached_property
    def draws(self) -> np.ndarray:
        """(B,N) draws of the objects."""
        return draws_of(self.n)

    @property
    def nme(self) -> float:
        """Over all objects whose length is known."""
        known = self.each[np.isfinite(self.each)]
        return float(known.mean()) if len(known) else math.nan

    @property
    def headline(self) -> Headline:
        """The NME."""
        return NME.headline(self.nme, self._interval(lambda times: distances.means(self.each, times)))

    def wrong(self) -> np.ndarray:
        """Which objects (N,) are failures."""
        return np.asarray(np.nan_to_num(self.each) > FAR)

    def worst(self, count: int) -> np.ndarray:
        """Indices of at most `count` objects, the largest NME first; those of unknown length are left out."""
        order = np.argsort(-np.nan_to_num(self.each, nan=-1.0), kind="stable")[:count]
        return np.asarray(order[np.isfinite(self.each[order])])

    def to_metrics(self, wanted: Any = None) -> dict[str, Any]:
        """The scores as plain JSON values; None for what is not defined."""
        right, counted = self._right
        half, most = (distances.quantiles(self.away, share, np.ones((1, self.n)))[0] for share in (0.5, 0.9))
        width = int(np.isfinite(self.away).sum())
        return {
            "split": self.split, "n": self.n, "loss": finite_number(self.loss),
            "normaliser": self.by.normaliser, "boxes": boxes_in_words(self.truth),
            "nme": finite_number(self.nme),
            "nme_interval": self._listed(lambda times: distances.means(self.each, times)),
            "nme_n": int(np.isfinite(self.each).sum()), "failures": [self._failure(one) for one in distances.BORDERS],
            "area": self._area(FAR), "nme_box": self._nme_of("box"),
            "pck": finite_number(distances.pck(right, counted, np.ones((1, self.n)))[0]), "pck_at": self.by.pck,
            "pck_interval": self._listed(lambda times: distances.pck(right, counted, times)),
            "pck_n": int(counted.sum()), "pckh": self._pckh(),
            "error_px_median": finite_number(half), "error_px_90": finite_number(most), "points_n": width,
            "error_px_median_interval": self._listed(
                lambda times: distances.quantiles(self.away, 0.5, times), width),
            "error_px_90_interval": self._listed(lambda times: distances.quantiles(self.away, 0.9, times), width),
            "groups": self.by_group(), "oks": self.oks_scores(),
            "points": [self._point(k) for k in range(len(self.truth.skeleton))],
        }  # fmt: skip

    @cached_property
    def _right(self) -> tuple[np.ndarray, np.ndarray]:
        return distances.right_and_counted(self.away, self.lengths, self.by.pck)

    def _interval(self, score: Callable[[np.ndarray], np.ndarray], width: int = 1) -> tuple[float, float] | None:
        return interval_of(score, self.draws, width)

    def _listed(self, score: Callable[[np.ndarray], np.ndarray], width: int = 1) -> list[float] | None:
        found = self._interval(score, width)
        return None if found is None else list(found)

    def _failure(self, border: float) -> dict[str, Any]:
        failed = distances.failed(self.each, border)
        return {"beyond": border, "share": finite_number(distances.means(failed, np.ones((1, self.n)))[0]),
                "interval": self._listed(lambda times: distances.means(failed, times))}

    def _area(self, border: float) -> dict[str, Any]:
        added = distances.areas(self.each, border)
        return {"until": border, "value": finite_number(distances.means(added, np.ones((1, self.n)))[0]),
                "interval": self._listed(lambda times: distances.means(added, times))}

    def _nme_of(self, normaliser: str) -> float | None:
        """The NME in another length: a turned face has its eyes close together."""
        each = distances.each_nme(self.away, self._lengths(normaliser))
        return finite_number(float(np.nanmean(each))) if np.isfinite(each).any() else None

    def within_box(self, a: float) -> float:
        """The share of the marked points within a lengths of the box."""
        right, counted = distances.right_and_counted(self.away, self._lengths("box"), a)
        return float(right.sum() / max(1, counted.sum()))

    def _pckh(self) -> dict[str, Any] | None:
        """PCK at half the head's size, of a skeleton that has a head and is no face, or data that tell heads."""
        told = np.isfinite(self.truth.heads).all(axis=1)
        if not (told.any() or lengths.has_head(self.truth.skeleton)):
            return None
        right, counted = distances.right_and_counted(self.away, self._lengths("head"), 0.5)
        return {"at": 0.5, "value": finite_number(distances.pck(right, counted, np.ones((1, self.n)))[0]),
                "interval": self._listed(lambda times: distances.pck(right, counted, times)), "n": int(counted.sum()),
                "heads": int(told.sum())}

    def oks_scores(self) -> dict[str, Any]:
        """Average precision over OKS, and its mean, with the spreads that it rests on."""
        pictures = np.unique(np.array([str(one) for one in self.origins]), return_inverse=True)[1]
        truth, spreads = self.truth, np.array(self.by.spreads)
        people = oks.People(truth.xy, truth.visible, truth.areas, truth.boxes, pictures)
        matched = oks.match_all(people, self.found, self.sure.mean(axis=1), pictures, spreads)
        each = matched.precision()
        draws = draws_of(len(matched.objects), OKS_DRAWS)
        sure = interval_of(lambda times: np.array([matched.precision(one).mean() for one in times]), draws)
        similar = oks.similarities(self.found, people, spreads)
        return {"ap": finite_number(each.mean()), "ap50": finite_number(each[0]), "ap75": finite_number(each[5]),
                "interval": sure, "mean": finite_number(float(np.nanmean(similar))), "assumed": not self.by.known,
                "spreads": [round(one, 6) for one in self.by.spreads]}  # fmt: skip

    def _point(self, k: int) -> dict[str, Any]:
        """What became of one point."""
        away, (right, counted) = self.away[:, k], self._right
        known = np.isfinite(away)
        share = away / self.lengths
        return {"name": self.truth.skeleton.names[k], "n": int(known.sum()),
                "nme": finite_number(float(np.nanmean(share))) if np.isfinite(share).any() else None,
                "error_px_median": float(np.median(away[known])) if known.any() else None,
                "pck": float(right[:, k].sum() / counted[:, k].sum()) if counted[:, k].any() else None}

    def by_group(self) -> list[dict[str, Any]]:
        """The groups, such as persons, that are found worst; none where the data name no groups."""
        if self.groups is None:
            return []
        names, of = np.unique(self.groups.astype(str), return_inverse=True)
        known = np.isfinite(self.each)
        count = np.bincount(of[known], minlength=len(names))
        total = np.bincount(of[known], self.each[known], minlength=len(names))
        rows = [{"name": str(names[g]), "n": int(count[g]), "nme": float(total[g] / count[g])}
                for g in range(len(names)) if count[g]]  # fmt: skip
        return sorted(rows, key=lambda row: -float(row["nme"]))[:WORST_GROUPS]  # type: ignore[arg-type]

    def large(self) -> dict[str, Any]:
        """Nothing more."""
        return {}


OKS_DRAWS, WORST_GROUPS = 100, 10
TIGHT, MOSTLY = 2.0, 0.9        # pixels around the points, and of how many objects, for boxes that were made from them
ORACLE = "oracle (around the true points)"


def boxes_in_words(truth: Points) -> str:
    """By what the objects were cut out: whole pictures, boxes that were given, or such as only the truth tells."""
    if not cut_out(truth).any():
        return "none (whole pictures)"
    away = np.abs(truth.boxes - around(truth.xy)).max(axis=1)
    whose = ORACLE if not truth.from_box or (away <= TIGHT).mean() >= MOSTLY else "given"
    return f"{whose}, shifted and scaled by up to {truth.box_noise:g}" if truth.box_noise else whose


def cut_out(truth: Points) -> np.ndarray:
    """(N,) whether the network is shown less than the whole picture."""
    if truth.frame is None:
        return np.zeros(len(truth), bool)
    ends = np.array([[(0.0, 0.0), truth.frame[::-1]]]).repeat(len(truth), axis=0)                # (N,2,2)
    window, high = carried(ends, inverted(truth.affines)), truth.sizes[:, ::-1]
    return np.asarray(((window[:, 0] > 1) | (window[:, 1] < high - 1)).any(axis=1))
