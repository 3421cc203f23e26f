"""Scores of points against second implementations on random data, pycocotools among them (H25, H32)."""

from __future__ import annotations

import contextlib
import io
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pellucid.data.points.column import Points, around, carried
from pellucid.data.points.skeleton import Skeleton
from pellucid.data.points.usual import COCO17, FACE5, FACE68, LSP14
from pellucid.diagnosis import oks
from pellucid.errors import UsageError
from pellucid.tasks.keypoints.evaluation import ORACLE, Evaluation, Yardsticks, boxes_in_words
from pellucid.tasks.keypoints.scores import distances, lengths
from pellucid.tasks.keypoints.telling import table_of

ONE = np.ones((1, 1))


def marked(n: int, k: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True points (N,K,2) with NaN where not marked, visible (N,K), and found ones (N,K,2)."""
    random = np.random.default_rng(seed)
    visible = random.integers(0, 3, (n, k))
    xy = random.uniform(10, 90, (n, k, 2))
    found = xy + random.normal(0, random.uniform(0.5, 12, (n, 1, 1)), (n, k, 2))
    return np.where(visible[..., None] > 0, xy, np.nan), visible, found


def column(skeleton: Skeleton, xy: np.ndarray, visible: np.ndarray) -> Points:
    boxes = np.nan_to_num(around(xy), nan=1.0)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    sizes = np.full((len(xy), 2), 100)
    return Points(xy, visible, boxes, areas, sizes, np.tile(np.eye(2, 3), (len(xy), 1, 1)), skeleton)


def evaluated(truth: Points, found: np.ndarray, normaliser: str = "torso", pck: float = 0.2) -> Evaluation:
    by = Yardsticks(normaliser, pck, (0.05,) * len(truth.skeleton), False)
    return Evaluation("test", truth, found, np.ones(found.shape[:2]), by, 0.0, [str(n) for n in range(len(found))])


def by_loops(xy: np.ndarray, found: np.ndarray, own: list[float], a: float) -> tuple[float, float, float]:
    """NME, PCK and the share of failures at 0.1, one number after the other."""
    means, right, counted = [], 0, 0
    for n in range(len(xy)):
        if not own[n] > 0:
            continue
        each = [math.dist(xy[n, k], found[n, k]) for k in range(xy.shape[1]) if not math.isnan(xy[n, k, 0])]
        if each:
            means.append(sum(each) / len(each) / own[n])
        right += sum(one <= a * own[n] for one in each)
        counted += len(each)
    return sum(means) / len(means), right / counted, sum(one > 0.1 for one in means) / len(means)


@pytest.mark.parametrize("seed", range(3))
def test_nme_pck_and_failures_are_those_of_plain_loops(seed: int) -> None:
    """Hidden points count, those that are not marked do not, nor objects without the length; thresholds 0 to 0.5."""
    xy, visible, found = marked(30, 14, seed)
    right_hip, left_shoulder = LSP14.names.index("right_hip"), LSP14.names.index("left_shoulder")
    own = [math.dist(xy[n, left_shoulder], xy[n, right_hip]) for n in range(30)]
    for a in (0.0, 0.05, 0.2, 0.5):
        one = evaluated(column(LSP14, xy, visible), found, pck=max(a, 1e-9))
        nme, pck, failed = by_loops(xy, found, own, max(a, 1e-9))
        told = one.to_metrics() if a == 0.2 else None
        assert one.nme == pytest.approx(nme, rel=1e-12)
        right, counted = one._right
        assert distances.pck(right, counted, np.ones((1, 30)))[0] == pytest.approx(pck, rel=1e-12)
        if told is not None:
            assert told["pck"] == pytest.approx(pck) and told["failures"][1]["share"] == pytest.approx(failed)
            assert told["failures"][1]["beyond"] == 0.1 and told["pckh"]["n"] > 0
            flat = np.sort(np.linalg.norm(found - xy, axis=2)[visible > 0])
            assert told["error_px_median"] == flat[math.ceil(0.5 * len(flat)) - 1]
            assert told["error_px_90"] == flat[math.ceil(0.9 * len(flat)) - 1]
            for name in ("nme", "pck", "error_px_median", "error_px_90"):
                low, high = told[f"{name}_interval"]
                assert low < told[name] < high, name


def test_the_area_is_that_below_the_curve() -> None:
    each = np.random.default_rng(0).uniform(0, 0.2, 40)
    ends = np.linspace(0, 0.1, 200_001)
    below = float(distances.curve(each, ends).mean())
    assert float(distances.areas(each, 0.1).mean()) == pytest.approx(below, abs=1e-4)


def test_what_is_told_beside_the_nme_is_that_of_plain_loops() -> None:
    """Failures at both borders, the area up to 0.1, PCKh at half the head, NME of the box, and each point's own."""
    xy, visible, found = marked(40, 14, 6)
    found = xy + (found - xy) * np.linspace(0.1, 1, 40)[:, None, None]            # from close to far
    found = np.where(np.isnan(found), 50.0, found)
    neck, top = LSP14.names.index("neck"), LSP14.names.index("head_top")
    xy[:, top] = np.where(visible[:, [top]] > 0, xy[:, neck] + (6, 8), np.nan)    # small heads, none without a neck
    visible[:, top] *= visible[:, neck] > 0
    truth = column(LSP14, xy, visible)
    told = evaluated(truth, found).to_metrics()
    torso = [math.dist(row[LSP14.names.index("left_shoulder")], row[LSP14.names.index("right_hip")]) for row in xy]
    each = []
    for n, own in enumerate(torso):
        off = [math.dist(xy[n, k], found[n, k]) for k in range(14) if visible[n, k]]
        each += [sum(off) / len(off) / own] if own > 0 and off else []
    for border, failure in zip((0.08, 0.1), told["failures"], strict=True):
        assert failure["beyond"] == border and 0.1 < failure["share"] < 0.95
        assert failure["share"] == pytest.approx(sum(one > border for one in each) / len(each))
    steps = [0.1 * (k + 0.5) / 20_000 for k in range(20_000)]                     # the curve, step by step
    area = sum(np.searchsorted(np.sort(each), steps, side="right")) / len(each) / len(steps)
    assert told["area"]["until"] == 0.1 and 0.05 < area < 0.9 and told["area"]["value"] == pytest.approx(area, abs=1e-4)
    assert told["area"]["interval"][0] < area < told["area"]["interval"][1]
    heads = [0.6 * math.dist(row[neck], row[top]) for row in xy]
    boxes = [math.sqrt((x2 - x1) * (y2 - y1)) for x1, y1, x2, y2 in truth.boxes]
    hit, total = 0, 0
    for n in range(40):
        for k in range(14):
            if heads[n] > 0 and visible[n, k]:
                hit, total = hit + (math.dist(xy[n, k], found[n, k]) <= 0.5 * heads[n]), total + 1
    assert 0.1 < hit / total < 0.95 and told["pckh"]["value"] == pytest.approx(hit / total)
    assert (told["pckh"]["n"], told["pckh"]["at"]) == (total, 0.5)
    of_box = [np.mean([math.dist(xy[n, k], found[n, k]) for k in range(14) if visible[n, k]]) / boxes[n]
              for n in range(40) if visible[n].any()]  # fmt: skip
    assert told["nme_box"] == pytest.approx(np.mean(of_box))
    cut = table_of(told["points"], 3)
    assert cut.columns[0] == "worst 3 of 14 points" and len(cut.rows) == 3
    for k, one in enumerate(told["points"]):
        off = [math.dist(xy[n, k], found[n, k]) / torso[n] for n in range(40) if visible[n, k] and torso[n] > 0]
        assert one["name"] == LSP14.names[k] and one["n"] == (visible[:, k] > 0).sum()
        assert (one["nme"], one["pck"]) == pytest.approx((np.mean(off), np.mean([share <= 0.2 for share in off])))
        assert one["error_px_median"] == pytest.approx(np.median([math.dist(a, b) for a, b, seen in
                                                                  zip(xy[:, k], found[:, k], visible[:, k], strict=True)
                                                                  if seen]))  # fmt: skip


def test_spreads_and_pictures_of_oks_are_those_of_the_run() -> None:
    """OKS by its formula: known spreads are taken, not the assumed ones; two objects of a picture are of one."""
    xy, visible, found = marked(12, 17, 3)
    visible[:, 0], found = np.maximum(visible[:, 0], 1), xy + (found - xy) / 4
    xy, found = np.where(visible[..., None] > 0, np.nan_to_num(xy, nan=40.0), np.nan), np.nan_to_num(found, nan=42.0)
    truth, sigmas = column(COCO17, xy, visible), COCO17.sigmas or ()
    by = Yardsticks("torso", 0.2, sigmas, True)
    told = replace(evaluated(truth, found), by=by).oks_scores()
    each = []
    for n in range(12):
        close = [math.exp(-math.dist(xy[n, k], found[n, k]) ** 2 / (2 * (2 * sigmas[k]) ** 2 * truth.areas[n]))
                 for k in range(17) if visible[n, k]]  # fmt: skip
        each.append(sum(close) / len(close))
    assert told["mean"] == pytest.approx(np.mean(each)) and 0.2 < told["mean"] < 0.98
    assert not told["assumed"] and told["spreads"] == list(sigmas)
    assert evaluated(truth, found).oks_scores()["assumed"]
    in_order = np.array(each)[np.argsort([str(n) for n in range(12)])]             # all are as sure: as pictures come
    assert told["ap75"] == pytest.approx(ap_alone(in_order, 0.75)) and told["ap75"] < 1


def ap_alone(each: np.ndarray, threshold: float) -> float:
    """AP of answers that are all as sure and alone in their pictures, in order: right ones of the first n over n."""
    right = np.cumsum(each >= threshold)
    precision = np.maximum.accumulate((right / np.arange(1, len(each) + 1))[::-1])[::-1]
    recalls = [np.flatnonzero(right >= r * len(each) / 100 - 1e-9) for r in range(101)]
    return float(np.mean([precision[reached[0]] if len(reached) else 0.0 for reached in recalls]))


def test_lengths_by_hand() -> None:
    xy = np.random.default_rng(1).uniform(0, 99, (1, 68, 2))                       # no two points alike
    xy[0, 36], xy[0, 45] = (10, 20), (40, 60)                                     # 30 and 40 apart: 50
    boxes = np.array([[0, 0, 16, 9]], np.float64)
    assert lengths.lengths_of("corners", FACE68, xy, boxes)[0] == 50
    eyes = [xy[0, [first + k for k in range(6)]].mean(axis=0) for first in (36, 42)]
    assert lengths.lengths_of("pupils", FACE68, xy, boxes)[0] == pytest.approx(math.dist(*eyes))
    assert lengths.lengths_of("box", FACE68, xy, boxes)[0] == 12                   # sqrt(16 * 9)
    assert lengths.lengths_of("36:45", FACE68, xy, boxes)[0] == 50
    body = np.full((2, 14, 2), np.nan)
    body[0, LSP14.names.index("neck")], body[0, LSP14.names.index("head_top")] = (3, 4), (0, 0)
    assert lengths.lengths_of("head", LSP14, body, np.tile(boxes, (2, 1)))[0] == pytest.approx(3)   # 0.6 * 5
    assert np.isnan(lengths.lengths_of("head", LSP14, body, np.tile(boxes, (2, 1)))[1])
    heads = np.array([[1, 2, 7, 10], [np.nan] * 4])
    told = lengths.lengths_of("head", LSP14, body, np.tile(boxes, (2, 1)), heads)
    assert told[0] == pytest.approx(6) and np.isnan(told[1])                        # 0.6 * 10; no points, no box
    assert [lengths.usual(one) for one in (FACE68, FACE5, LSP14, COCO17, Skeleton(("a", "b")))] == [
        "corners", "pupils", "torso", "torso", "box"]  # fmt: skip
    with pytest.raises(UsageError, match=r"--normaliser.*pupils, diagonal, box.*A:B.*'torso'"):
        lengths.settled("torso", FACE68)


def test_a_similarity_of_picture_and_points_changes_no_nme() -> None:
    """H25: turned, enlarged and moved together; the mirror image too, where left and right change names."""
    xy, visible, found = marked(20, 14, 5)
    plain = evaluated(column(LSP14, xy, visible), found)
    turn = 0.7
    way = 2.5 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    affine = np.tile(np.column_stack([way, (31.0, -7.0)]), (20, 1, 1))
    moved = evaluated(column(LSP14, carried(xy, affine), visible), carried(found, affine))
    assert np.allclose(moved.each, plain.each, rtol=1e-12, equal_nan=True) and moved.nme == pytest.approx(plain.nme)
    order = LSP14.mirrored()
    assert np.array_equal(order[order], np.arange(14)) and not np.array_equal(order, np.arange(14))
    ways = [(np.array([100, 0]) + one * (-1, 1))[:, order] for one in (xy, found)]
    mirrored = evaluated(column(LSP14, ways[0], visible[:, order]), ways[1], "head")
    assert np.allclose(mirrored.each, evaluated(column(LSP14, xy, visible), found, "head").each, equal_nan=True)


def test_groups_are_told_the_worst_first_and_boxes_by_what_they_are() -> None:
    xy, visible, _ = marked(12, 14, 8)
    visible[:] = 2
    xy = np.where(np.isnan(xy), 50.0, xy)
    truth = column(LSP14, xy, visible)
    one = replace(evaluated(truth, xy + np.arange(12)[:, None, None], "box"), groups=np.array(list("aabbccddeeff")))
    told = one.by_group()
    assert [row["name"] for row in told] == sorted("abcdef", key=lambda name: -one.each[one.groups == name].mean())
    assert told[0]["n"] == 2 and told[0]["nme"] == pytest.approx(one.each[one.groups == told[0]["name"]].mean())
    assert evaluated(truth, xy).by_group() == [] and boxes_in_words(truth) == "none (whole pictures)"
    half = np.tile([[1.0, 0, -20], [0, 1.0, -20]], (12, 1, 1))
    cut = replace(truth, affines=half, frame=(60, 60))
    assert boxes_in_words(cut) == boxes_in_words(replace(cut, from_box=True)) == ORACLE
    assert boxes_in_words(replace(cut, from_box=True, boxes=truth.boxes + np.array([-9, -9, 9, 9]))) == "given"
    assert boxes_in_words(replace(cut, box_noise=0.1)) == f"{ORACLE}, shifted and scaled by up to 0.1"
    assert boxes_in_words(replace(truth, affines=0.5 * np.tile(np.eye(2, 3), (12, 1, 1)), frame=(50, 50)))[:4] == "none"


def people(seed: int) -> tuple[oks.People, np.ndarray, np.ndarray, np.ndarray]:
    """Up to three people a picture of twelve, some without a marked joint, and answers with scores, also to nobody."""
    random = np.random.default_rng(seed)
    pictures = np.repeat(np.arange(12), random.integers(0, 4, 12))
    xy, visible, found = marked(len(pictures), 17, seed + 100)
    nobody = random.random(len(pictures)) < 0.1
    visible[nobody], xy[nobody] = 0, np.nan
    boxes = np.nan_to_num(around(xy), nan=0.0)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 5)
    areas = random.uniform(500, 5000, len(pictures))
    extra = random.uniform(0, 100, (9, 17, 2))
    return (oks.People(xy, visible, areas, boxes, pictures), np.concatenate([found, extra]),
            random.random(len(found) + 9).round(1), np.concatenate([pictures, random.integers(0, 12, 9)]))


def of_pycocotools(truth: oks.People, found: np.ndarray, scores: np.ndarray, pictures: np.ndarray) -> Any:
    """Its evaluator, done."""
    coco, evaluation = pytest.importorskip("pycocotools.coco"), pytest.importorskip("pycocotools.cocoeval")
    with contextlib.redirect_stdout(io.StringIO()):
        objects = coco.COCO()
        rows = [np.column_stack([np.nan_to_num(xy), flags]).ravel().tolist()
                for xy, flags in zip(truth.xy, truth.visible, strict=True)]  # fmt: skip
        objects.dataset = {
            "images": [{"id": number} for number in range(12)],
            "categories": [{"id": 1, "name": "person", "keypoints": list(COCO17.names)}],
            "annotations": [
                {"id": n + 1, "image_id": int(truth.pictures[n]), "category_id": 1, "keypoints": row,
                 "iscrowd": int(truth.many[n]),
                 "num_keypoints": int((truth.visible[n] > 0).sum()), "area": float(truth.areas[n]),
                 "bbox": [*truth.boxes[n, :2].tolist(), *(truth.boxes[n, 2:] - truth.boxes[n, :2]).tolist()]}
                for n, row in enumerate(rows)],
        }  # fmt: skip
        objects.createIndex()
        answers = objects.loadRes([
            {"image_id": int(picture), "category_id": 1, "score": float(score),
             "keypoints": np.column_stack([xy, np.ones(17)]).ravel().tolist()}
            for xy, score, picture in zip(found, scores, pictures, strict=True)])
        evaluator = evaluation.COCOeval(objects, answers, "keypoints")
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return evaluator


@pytest.mark.parametrize("seed", range(6))
def test_oks_and_its_ap_are_those_of_pycocotools(seed: int) -> None:
    truth, found, scores, pictures = people(seed)
    if seed > 2:  # crowds take any number of answers, which then are neither right nor wrong
        truth = replace(truth, crowd=np.random.default_rng(seed).random(len(truth.pictures)) < 0.3)
        again = np.flatnonzero(truth.many).repeat(2)
        found, scores, pictures = (np.concatenate([rows, rows[again]]) for rows in (found, scores, pictures))
    sigmas = np.array(COCO17.sigmas)
    evaluator = of_pycocotools(truth, found, scores, pictures)
    each = oks.match_all(truth, found, scores, pictures, sigmas).precision()
    assert 0.02 < each.mean() < 0.98
    assert [each.mean(), each[0], each[5]] == pytest.approx(evaluator.stats[:3].tolist(), abs=1e-12)
    for picture in range(12):
        rows, objects = np.flatnonzero(pictures == picture), np.flatnonzero(truth.pictures == picture)
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        if len(rows) and len(objects):
            own = oks.oks(found[rows], truth.xy[objects], truth.visible[objects], truth.areas[objects],
                          truth.boxes[objects], sigmas)  # fmt: skip
            assert np.allclose(own, evaluator.ious[picture, 1], atol=1e-12, rtol=0)


def test_pictures_that_are_drawn_twice_count_twice() -> None:
    """The interval's draws weigh pictures: the same as pictures put in twice."""
    truth, found, scores, pictures = people(3)
    scores = scores + np.linspace(0, 0.01, len(scores))  # among equal ones the first would come first
    sigmas = np.array(COCO17.sigmas)
    times = np.array([2.0, 0, 1] * 4)
    weighted = oks.match_all(truth, found, scores, pictures, sigmas).precision(times)

    def repeated(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = np.concatenate([np.flatnonzero(times[numbers] > turn) for turn in (0, 1)])
        again = np.repeat((0, 12), [int((times[numbers] > turn).sum()) for turn in (0, 1)])
        return rows, numbers[rows] + again

    objects, own = repeated(truth.pictures)
    twice = oks.People(truth.xy[objects], truth.visible[objects], truth.areas[objects], truth.boxes[objects], own)
    answers, of = repeated(pictures)
    put = oks.match_all(twice, found[answers], scores[answers], of, sigmas).precision()
    assert np.allclose(weighted, put, atol=1e-9)


def test_spreads_are_found_from_repeated_annotation() -> None:
    random = np.random.default_rng(0)
    sigmas, areas = np.array([0.02, 0.1]), random.uniform(1000, 4000, 4000)
    middle = random.uniform(0, 100, (4000, 2, 2))
    spread = (sigmas[None] * np.sqrt(areas)[:, None])[..., None] / np.sqrt(2)                  # of x and of y
    marks = middle + spread * random.normal(size=(3, 4000, 2, 2))
    marks[2, ::2] = np.nan                                                         # half of them twice only
    assert oks.spreads_of_repeats(marks, areas) == pytest.approx(sigmas, rel=0.03)
    assert np.isnan(oks.spreads_of_repeats(marks[:1], areas)).all()
