"""The diagnosis of points: gaps in NME, points and postures, marks that are wrong on purpose; and what it types."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.points.column import Points, around
from pellucid.data.points.usual import LSP14
from pellucid.tasks.keypoints.diagnosing.clusters import clusters_of, forms_of
from pellucid.tasks.keypoints.diagnosing.diagnosis import points_of
from pellucid.tasks.keypoints.diagnosing.split import constant_of
from pellucid.tasks.keypoints.diagnosing.suspects import suspects_of
from pellucid.tasks.keypoints.evaluation import Evaluation, Yardsticks
from tests.cli.terminal import Terminal
from tests.tasks.keypoints.test_keypoints import TRAIN

N, K = 60, 14
STANDING = np.array([(-9, 50), (-9, 30), (-8, 10), (8, 10), (9, 30), (9, 50), (-22, 8), (-20, -8), (-14, -22),
                     (14, -22), (20, -8), (22, 8), (0, -26), (0, -42)], np.float64)  # fmt: skip


def answered(seed: int = 0) -> Evaluation:
    """People who stand or lie, each point found within about a pixel, those who lie within three."""
    random = np.random.default_rng(seed)
    lying = np.arange(N) % 4 == 0
    xy = np.where(lying[:, None, None], STANDING[:, ::-1], STANDING) + random.normal(0, 1.5, (N, K, 2)) + 80
    found = xy + random.normal(0, 1, (N, K, 2)) * np.where(lying, 3.0, 1.0)[:, None, None]
    boxes = around(xy)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    truth = Points(xy, np.full((N, K), 2), boxes, areas, np.full((N, 2), 160), np.tile(np.eye(2, 3), (N, 1, 1)), LSP14)
    by = Yardsticks("torso", 0.2, (0.05,) * K, False)
    return Evaluation("test", truth, found, np.full((N, K), 0.9), by, 0.0, [f"{n}.png" for n in range(N)])


def test_marks_that_are_wrong_on_purpose_are_found_and_others_are_not() -> None:
    sound = answered()
    assert suspects_of([sound]) == []
    xy, order = sound.truth.xy.copy(), LSP14.mirrored()
    xy[[3, 17, 41]] = xy[[3, 17, 41]][:, order]
    xy[25, LSP14.names.index("left_wrist")] += (40, 0)
    found = suspects_of([replace(sound, truth=replace(sound.truth, xy=xy))])
    told = {(one["picture"], one["what"], one["point"]) for one in found}
    assert told == {*((f"{n}.png", "left and right exchanged", "") for n in (3, 17, 41)),
                    ("25.png", "far from where it is found", "left_wrist")}  # fmt: skip
    unsure = replace(sound, truth=replace(sound.truth, xy=xy), sure=np.full((N, K), 0.1))
    assert {one["what"] for one in suspects_of([unsure])} == {"left and right exchanged"}


def test_a_model_that_is_far_off_itself_accuses_no_mark() -> None:
    sound = answered()
    found, far = sound.found.copy(), np.array((0.25, 0)) * sound.lengths[:, None, None]
    found[25, LSP14.names.index("left_wrist")] += (0, 200)
    assert [one["picture"] for one in suspects_of([replace(sound, found=found)])] == ["25.png"]
    assert suspects_of([replace(sound, found=found + far)]) == []


def test_points_are_told_beside_what_annotators_differ_by() -> None:
    """Answers that are off as a second annotator is: once as much; of unknown spreads nothing is told."""
    random, sigma = np.random.default_rng(4), 0.03
    one = answered()
    spread = sigma * np.sqrt(one.truth.areas)[:, None, None] / np.sqrt(2)                        # of x and of y
    found = one.truth.xy + spread * random.normal(size=(N, K, 2)) * np.where(np.arange(K) == 5, 3.0, 1.0)[:, None]
    known = replace(one, found=found, by=replace(one.by, spreads=(sigma,) * K, known=True))
    rows = {row["name"]: row for row in points_of(known)}
    times = {name: row["times_annotators"] for name, row in rows.items()}
    assert next(iter(rows)) == LSP14.names[5] and times.pop(LSP14.names[5]) == pytest.approx(3, rel=0.2)
    assert np.mean(list(times.values())) == pytest.approx(1, rel=0.05)
    assert rows[LSP14.names[0]]["nme"] == pytest.approx((known.away[:, 0] / known.lengths).mean())
    assert all(row["times_annotators"] is None for row in points_of(one))


def test_the_posture_that_is_found_worst_comes_first() -> None:
    clusters = clusters_of(answered())
    form = np.array(clusters[0]["form"])
    assert np.ptp(form[:, 0]) > np.ptp(form[:, 1])                                # they lie
    assert clusters[0]["nme"] > 2 * clusters[-1]["nme"] and sum(one["n"] for one in clusters) == N
    one, few = answered(), np.arange(20)
    assert clusters_of(replace(one, truth=one.truth.take(few), found=one.found[few], sure=one.sure[few])) == []


def test_forms_do_not_depend_on_place_and_size() -> None:
    xy = answered().truth.xy
    assert np.allclose(forms_of(3 * xy + 7), forms_of(xy))
    xy[0, 5] = np.nan
    assert np.isfinite(forms_of(xy)).all()


def test_the_mean_shape_is_a_constant_answer() -> None:
    one = answered()
    still = replace(one, found=np.broadcast_to(one.truth.xy.mean(axis=0), one.found.shape))
    assert constant_of(one) == pytest.approx(still.nme)


@pytest.mark.drawn
def test_a_run_is_diagnosed(terminal: Terminal) -> None:
    pytest.importorskip("torch")
    assert terminal.type(*TRAIN, "--epochs", "1", "--limit", "16", "--out", "run").code == 0
    typed = terminal.type("diagnose", "run", "--reference-nme", "0.02")
    assert typed.code == 0, typed
    found = json.loads(Path("run/diagnosis.json").read_text(encoding="utf-8"))
    assert found["task"] == "keypoints" and found["reference"] == {"nme": 0.02, "given": True}
    assert found["title"] == "No better than the mean shape" and "--epochs" in typed.out and "point   " in typed.out
    page = Path("run/diagnosis.html").read_text(encoding="utf-8")
    assert "Which points are found worst" in page and Path("run/diagnosis-mistakes.png").exists()
    terminal.refused(2, ["--reference-nme", "at least 0"], "diagnose", "run", "--reference-nme", "-1")
