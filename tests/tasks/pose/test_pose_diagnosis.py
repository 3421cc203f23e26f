"""The diagnosis of poses: mistakes made on purpose are named and priced, marks that are wrong on purpose are found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pellucid.data.people.column import People
from pellucid.data.points.column import Points, around
from pellucid.data.points.skeleton import Skeleton
from pellucid.data.points.usual import usual
from pellucid.data.scenes.figures import EDGES, NAMES, SIGMAS, pose
from pellucid.reports.scores import Score
from pellucid.tasks.lacking import sentence_of, split_of
from pellucid.tasks.pose.diagnosing.mistakes import mistakes_of
from pellucid.tasks.pose.diagnosing.suspects import slices_of, suspects_of
from pellucid.tasks.pose.evaluation import Evaluation
from pellucid.tasks.pose.grouping import Grouped

N, K = 12, len(NAMES)
SKELETON = Skeleton(NAMES, EDGES, usual(NAMES).pairs)
WRIST, ELBOW, KNEE, ANKLE = (NAMES.index(f"left_{name}") for name in ("wrist", "elbow", "knee", "ankle"))


def told(xy: np.ndarray) -> Grouped:
    """Answers (P,K,2) that are all as sure."""
    return Grouped(xy, np.where(np.isfinite(xy[..., 0]), 0.9, 0), np.full(len(xy), 0.9))


def answered(xy: np.ndarray | None = None, found: np.ndarray | None = None) -> Evaluation:
    """N pictures of two people each (N,2,K,2), answered as they are or as `found` says."""
    random = np.random.default_rng(0)
    drawn = np.stack([[100 * pose(random) + (80 + 200 * person, 120) for person in range(2)] for _ in range(N)])
    true = drawn if xy is None else xy
    flat = true.reshape(-1, K, 2)
    boxes = around(flat)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    points = Points(flat, np.full(flat.shape[:2], 2), boxes, areas, np.full((2 * N, 2), 400),
                    np.tile(np.eye(2, 3), (2 * N, 1, 1)), SKELETON)  # fmt: skip
    people = People(points, np.zeros(2 * N, bool), np.arange(0, 2 * N + 1, 2), np.full((N, 2), 400),
                    np.tile(np.eye(2, 3), (N, 1, 1)))  # fmt: skip
    answers = [told(one) for one in (drawn if found is None else found)]
    return Evaluation("test", people, answers, SIGMAS, True, 0.0, [f"{n}.png" for n in range(N)])


def marks(one: Evaluation) -> np.ndarray:
    """(N,2,K,2)."""
    return one.truth.objects.xy.reshape(N, 2, K, 2).copy()


def test_each_mistake_has_its_name_and_its_price() -> None:
    sound = answered()
    assert sound.oks_ap == 1 and {(row["n"], row["cost"]) for row in mistakes_of(sound)} == {(0, 0.0)}
    found = marks(sound)
    found[:3, 0, KNEE] += 1.2 * SIGMAS[KNEE] * np.sqrt(sound.truth.objects.areas[:6:2, None])       # loose
    found[3:5, 0, ELBOW] = found[3:5, 0, ANKLE]                                                     # inverted
    found[5, 0, WRIST] = found[5, 1, WRIST]                                                         # swapped
    found[6, 0, WRIST] += 500                                                                       # elsewhere
    found[7:9, 1, WRIST] = np.nan                                                                   # not told
    spoilt = answered(found=found)
    extra = replace(told(np.concatenate([found[9], found[9][:1] + 150])), scores=np.array([0.9, 0.9, 0.95]))
    fewer = told(found[10][:1])
    spoilt = replace(spoilt, found=[*spoilt.found[:9], extra, fewer, spoilt.found[11]])
    rows = {row["mistake"]: row for row in mistakes_of(spoilt)}
    assert {name: row["n"] for name, row in rows.items()} == {
        "loose": 3, "inverted": 2, "swapped": 1, "elsewhere": 1, "not told": 2, "nobody's": 1, "person not found": 1}
    assert rows.pop("loose")["cost"] == 0   # one such joint of fourteen changes little
    assert all(row["cost"] > 0 for row in rows.values()), rows
    assert rows["inverted"]["of"] == 23 * K and rows["person not found"]["of"] == 24


def test_marks_that_are_wrong_on_purpose_are_found_and_others_are_not() -> None:
    sound = answered()
    assert suspects_of([sound]) == []
    xy = marks(sound)
    xy[2, 1] = xy[2, 1][SKELETON.mirrored()]
    objects = replace(sound.truth.objects, xy=xy.reshape(-1, K, 2))
    fewer = replace(sound.truth, objects=objects.take(np.delete(np.arange(2 * N), 10)), crowd=np.zeros(2 * N - 1, bool),
                    offsets=np.arange(0, 2 * N + 1, 2) - (np.arange(N + 1) > 5))  # fmt: skip
    found = suspects_of([replace(sound, truth=fewer)])
    assert {(row["picture"], row["what"]) for row in found} == {
        ("2.png", "left and right exchanged"), ("5.png", "a person who is marked nowhere")}
    unsure = [Grouped(one.xy, one.heights, one.scores * (1 if n < 4 else 0.5)) for n, one in enumerate(sound.found)]
    assert {row["what"] for row in suspects_of([replace(sound, truth=fewer, found=unsure)])} == {
        "left and right exchanged"}                                  # eight sure answers are too few to judge by


def test_who_is_found_worst_is_told_by_size_and_by_what_is_hidden() -> None:
    sound = answered()
    visible = np.full((2 * N, K), 2)
    visible[:, WRIST] = 1
    found = marks(sound)
    found[:, :, WRIST] += 60
    hidden = answered(found=found)
    hidden = replace(hidden, truth=replace(hidden.truth, objects=replace(hidden.truth.objects, visible=visible)))
    rows = {row["slice"]: row for row in slices_of(hidden)}
    assert rows["joints that are hidden"] == {"slice": "joints that are hidden", "n": 2 * N, "found": 0.0}
    assert rows["joints that are seen"]["found"] == 1


def test_the_split_is_told_in_points_of_the_task_s_own_score() -> None:
    train, found = answered(), marks(answered())
    found[: N // 2, :, ::2] += 400
    dev = replace(answered(found=found), split="validation")
    split = split_of({"train": train, "validation": dev}, None)
    assert split.problem == "variance" and split.gap("bias").value == 0  # type: ignore[union-attr]
    assert "oks_ap falls by" in sentence_of(split, Score("oks_ap"), {}) and split_of({"train": dev}, 0.9).reference == (
        pytest.approx(0.1))
