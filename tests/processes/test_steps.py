"""Two and three processes that share every batch end with the weights of one: float64, limit 1e-9."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.processes.driver import Driver

LIMIT = 1e-9
Found = dict[str, np.ndarray]


def arrays(path: Path) -> Found:
    with np.load(path) as read:
        return {name.replace("|", "/"): read[name] for name in read.files}


def largest_difference(one: Found, other: Found) -> tuple[float, str]:
    """Relative to each array's largest value, and of which array."""
    assert one.keys() == other.keys()
    return max((float(np.abs(one[n] - other[n]).max() / max(np.abs(one[n]).max(), 1e-30)), n) for n in one)


def same_bytes(one: Found, other: Found) -> bool:
    return one.keys() == other.keys() and all(one[name].tobytes() == other[name].tobytes() for name in one)


@pytest.fixture(scope="module")
def found(driver: Driver) -> Callable[[str, int], Found]:
    """What `count` processes came to in a job, all of them to the same bits."""
    places = cache(driver.jobs)

    def of(job: str, count: int) -> Found:
        first, *others = [arrays(place / f"{job}-{count}.npz") for place in places(count)]
        assert all(same_bytes(first, other) for other in others)
        return first

    return of


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("job", ["sgd", "momentum", "adam", "sync", "sync-odd"])
def test_they_end_with_the_weights_of_one(found: Callable[[str, int], Found], job: str, count: int) -> None:
    difference, where = largest_difference(found(job, 1), found(job, count))
    assert difference < LIMIT, f"{where} is off by {difference:.2g}"


def test_batch_norm_apart_is_another_network_but_the_same_each_time(found: Callable[[str, int], Found]) -> None:
    assert largest_difference(found("apart", 1), found("apart", 2))[0] > 1e-3
    assert same_bytes(found("apart", 2), found("apart-again", 2))


def test_dropout_is_drawn_by_each_for_itself(found: Callable[[str, int], Found]) -> None:
    assert largest_difference(found("dropout", 1), found("dropout", 2))[0] > 1e-3
