"""Two ways to the people of drawn scenes: maps and fields of all at once, and a box first, then the points in it.

Run with   python -m benchmarks.top_down SCENES DETECTOR POINTS POSES        (a folder of scenes and three runs on it)
runs       pellucid train SCENES --task detection ..., --task keypoints --crop 0.25 ..., --task pose ...
ways       bottom-up; top-down from the true boxes; top-down from the detector's boxes, of any score
numbers    OKS-AP, AP50 and AP75 of the test part, PCK at a tenth of the figure's size, people found, CPU milliseconds a
           picture by the number of people in it
Writes benchmarks/results/top-down.json.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.published import ROOT, commit
from pellucid.data.opening import open_dataset
from pellucid.data.people.column import People
from pellucid.data.points.cropping import windows_of
from pellucid.model import Model
from pellucid.models import load_model
from pellucid.runs.environment import environment_of
from pellucid.tasks.pose.evaluation import Evaluation
from pellucid.tasks.pose.grouping import Grouped
from pellucid.training.session import engine_named

RESULT = ROOT / "benchmarks" / "results" / "top-down.json"
MARGIN, LEAST = 0.25, 0.05      # of a box's longer side around it; score of a box that is looked at
TOLD = ("oks_ap", "oks_ap_interval", "oks_ap50", "oks_ap75", "pck", "people", "found", "told")
Way = Callable[[np.ndarray], Grouped]


def of_json(entries: list[dict[str, Any]], names: tuple[str, ...], scores: list[float]) -> Grouped:
    """People as evaluation reads them, of lists of points."""
    xy, heights = np.full((len(entries), len(names), 2), np.nan), np.zeros((len(entries), len(names)))
    for row, entry in enumerate(entries):
        for point in entry["points"]:
            at = names.index(point["name"])
            xy[row, at], heights[row, at] = (point["x"], point["y"]), point["score"]
    return Grouped(xy, heights, np.array(scores))


def bottom_up(model: Model, names: tuple[str, ...]) -> Way:
    """All at once."""
    def way(picture: np.ndarray) -> Grouped:
        (people,) = model.keypoints([picture])
        return of_json(people, names, [one["score"] for one in people])

    return way


def top_down(points: Model, names: tuple[str, ...], boxes_of: Callable[[np.ndarray], list[dict[str, Any]]]) -> Way:
    """The points in each box, cut out with a margin; a person is as sure as its box times the mean of its points."""
    def way(picture: np.ndarray) -> Grouped:
        boxes = boxes_of(picture)
        if not boxes:
            return of_json([], names, [])
        corners = np.array([one["box"] for one in boxes], np.float64)
        size = np.tile(picture.shape[:2], (len(boxes), 1))
        people, scores = [], []
        for box, (x1, y1, x2, y2) in zip(boxes, windows_of(corners, size, MARGIN, None), strict=True):
            cut = padded(picture, x1, y1, x2, y2)
            (found,) = points.keypoints([cut])
            people.append({"points": [{**one, "x": one["x"] + x1, "y": one["y"] + y1} for one in found]})
            scores.append(box["score"] * float(np.mean([one["score"] for one in found])))
        return of_json(people, names, scores)

    return way


def padded(picture: np.ndarray, x1: int, y1: int, x2: int, y2: int) -> np.ndarray:
    """A window of a picture, grey where it reaches beyond."""
    cut = np.full((y2 - y1, x2 - x1, picture.shape[2]), 128, picture.dtype)
    height, width = picture.shape[:2]
    low, high = (max(x1, 0), max(y1, 0)), (min(x2, width), min(y2, height))
    cut[low[1] - y1 : high[1] - y1, low[0] - x1 : high[0] - x1] = picture[low[1] : high[1], low[0] : high[0]]
    return cut


def judged(way: Way, pictures: np.ndarray, people: People, origins: tuple[str, ...]) -> dict[str, Any]:
    """The scores of one way, and its time by the number of people."""
    found, times = [], []
    for picture in pictures:
        began = time.process_time()
        found.append(way(picture))
        times.append(1000 * (time.process_time() - began))
    counts = np.bincount(people.picture[people.counted], minlength=len(people))
    sigmas = people.skeleton.sigmas
    assert sigmas is not None, "drawn scenes have them"
    metrics = Evaluation("test", people, found, sigmas, True, 0.0, origins).to_metrics()
    by = {int(count): round(float(np.median(np.array(times)[counts == count])), 1) for count in np.unique(counts)}
    return {name: metrics[name] for name in TOLD} | {"milliseconds": by}


def main() -> None:
    """Read, judge, write, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("scenes", "detector", "points", "poses"):
        parser.add_argument(name)
    asked = parser.parse_args()
    part = open_dataset(asked.scenes, annotations="people").part("test")
    people, pictures = part.annotated(People), part.images.take(np.arange(len(part)))
    detector, points, poses = (load_model(run) for run in (asked.detector, asked.points, asked.poses))
    names, true = people.skeleton.names, iter(np.split(people.objects.boxes, people.offsets[1:-1]))
    ways = {
        "bottom-up": bottom_up(poses, names),
        "top-down, true boxes": top_down(points, names, lambda picture: [
            {"box": box, "score": 1.0} for box in next(true)]),
        "top-down, detector": top_down(points, names, lambda picture: detector.detect([picture], score=LEAST)[0]),
    }  # fmt: skip
    table = {name: judged(way, pictures, people, part.names) for name, way in ways.items()}
    told = {"command": "python -m benchmarks.top_down SCENES DETECTOR POINTS POSES", "commit": commit(),
            "date": time.strftime("%Y-%m-%d"), "table": table,
            "environment": environment_of(engine_named("auto", "float32", None))}  # fmt: skip
    RESULT.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
