"""The annotators' spread of a skeleton of one's own, from a second table of marks of the same pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.opening import open_dataset
from pellucid.data.points.skeleton import Skeleton
from pellucid.errors import UsageError
from pellucid.tasks.keypoints.evaluation import Yardsticks
from pellucid.tasks.keypoints.settings import Settings
from pellucid.tasks.keypoints.spreads import nearest
from pellucid.tasks.keypoints.task import TASK, yardsticks

NAMES = ("tip", "left", "right")


@pytest.fixture
def tables(tmp_path: Path) -> Callable[[np.ndarray, np.ndarray], Yardsticks]:
    """The yardsticks of data/first.csv with --spreads data/second.csv, which marks the columns in another order."""
    (tmp_path / "data").mkdir()

    def write(name: str, marks: np.ndarray, order: tuple[int, ...]) -> str:
        lines = ["image," + ",".join(f"{NAMES[k]}_{axis}" for k in order for axis in "xy")]
        for number, own in enumerate(marks):
            cells = ["" if np.isnan(value) else f"{value:.6f}" for value in own[list(order)].ravel()]
            lines.append(",".join([f"{number}.png", *cells]))
        path = tmp_path / "data" / name
        path.write_text("\n".join(lines) + "\n")
        return str(path)

    def told(first: np.ndarray, second: np.ndarray) -> Yardsticks:
        for number in range(len(first)):
            Image.new("RGB", (100, 80)).save(tmp_path / "data" / f"{number}.png")
        dataset = open_dataset(write("first.csv", first, (0, 1, 2)))
        settings = Settings(spreads=write("second.csv", second, (2, 0, 1)))
        return TASK.settled(TASK.problem(dataset), settings, "heatmap-small", dataset).by

    return told


def marks() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points (8,3,2) in boxes of 40x20, the same marked by somebody else, and by how much these are off."""
    random = np.random.default_rng(0)
    first = np.array([(0.0, 0), (40, 20), (20, 10)]) + random.uniform(20, 40, (8, 1, 2))
    off = random.normal(size=(8, 3, 2)) * np.array([0.5, 1.0, 3.0])[:, np.newaxis]
    return first, first + off, off


def test_spreads_are_those_of_two_annotators(tables: Callable[[np.ndarray, np.ndarray], Yardsticks]) -> None:
    """By hand: each is off from the mean of both by half the difference d, so s^2 = mean of (d^2 / 2) / area."""
    first, second, off = marks()
    second[3, 2] = np.nan
    square = (off**2).sum(axis=2) / 2 / (40 * 20)
    square[3, 2] = np.nan
    by = tables(first, second)
    assert by.known and by.spreads == pytest.approx(np.sqrt(np.nanmean(square, axis=0)).tolist(), rel=1e-4)


def test_a_copy_or_points_that_nobody_marked_twice_are_refused(
    tables: Callable[[np.ndarray, np.ndarray], Yardsticks]
) -> None:
    first, second, _ = marks()
    second[:, 1] = first[:, 1]
    with pytest.raises(UsageError, match=r"--spreads .*second\.csv: left lies at the same places in both"):
        tables(first, second)
    second[:, 1] = np.nan
    with pytest.raises(UsageError, match="left is marked in no object of both"):
        tables(first, second)


def test_of_several_objects_of_a_picture_the_nearest_is_the_same_one() -> None:
    first = np.array([(0.0, 0), (40, 20), (20, 10)])
    half = np.where([[True], [False], [True]], first + 3, np.nan)
    others = [first + np.array((90, 0)), half, first - np.array((0, 60))]
    found = nearest(first, others)
    assert found is not None and np.array_equal(found, half, equal_nan=True)
    assert nearest(first, []) is None and nearest(first, [np.full((3, 2), np.nan)]) is None


@pytest.mark.parametrize("words", ["0.1,0.2,0", "0.1,0.2,-0.3", "0.1,0.2", "nowhere.csv"])
def test_spreads_that_are_no_numbers_above_0_are_refused(words: str) -> None:
    with pytest.raises(UsageError, match="--spreads must be 3 numbers above 0 with commas"):
        yardsticks(Skeleton(NAMES), Settings(spreads=words))
