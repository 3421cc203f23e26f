"""People as a column: rows of pictures, moved with their pixels, mirrored under other names."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.people.column import People
from pellucid.data.points.column import Points
from pellucid.data.points.skeleton import Skeleton

SKELETON = Skeleton(("head", "left", "right"), ((0, 1), (0, 2)), ((1, 2),))


def people(counts=(2, 0, 3), size=(40, 60)) -> People:
    random = np.random.default_rng(0)
    total = sum(counts)
    xy = random.uniform(0, size[0], (total, 3, 2))
    visible = random.integers(1, 3, (total, 3)).astype(np.int8)
    visible[0, 1], xy[0, 1] = 0, np.nan
    sizes = np.tile(size, (len(counts), 1))
    affines = np.tile(np.eye(2, 3), (len(counts), 1, 1))
    picture = np.repeat(np.arange(len(counts)), counts)
    boxes = np.tile([0.0, 0, 30, 30], (total, 1))
    objects = Points(xy, visible, boxes, np.full(total, 900.0), sizes[picture], affines[picture], SKELETON)
    return People(objects, np.zeros(total, bool), np.concatenate([[0], np.cumsum(counts)]), sizes, affines)


def test_pictures_are_taken_and_joined_with_all_of_their_people():
    found = people()
    taken = found.take(np.array([2, 1, 2, 0]))
    assert np.diff(taken.offsets).tolist() == [3, 0, 3, 2] and taken.picture.tolist() == [0, 0, 0, 2, 2, 2, 3, 3]
    assert np.array_equal(taken.objects.xy[:3], found.objects.xy[2:])
    both = found.joined(taken)
    assert len(both) == 7 and np.array_equal(both.take(np.arange(3, 7)).objects.xy, taken.objects.xy, equal_nan=True)


def test_objects_move_with_their_own_picture_and_are_mirrored_under_other_names():
    found = people()
    shift, mirror = np.array([[1.0, 0, 5], [0, 1, -3]]), np.array([[-1.0, 0, 60], [0, 1, 0]])
    moved = found.moved(np.stack([shift, shift, mirror]), (40, 60))
    xy, before = moved.placed().xy, found.objects.xy
    assert xy[:2] == pytest.approx(before[:2] + np.array([5, -3]), nan_ok=True)
    # the left one is where the right was
    assert xy[2:, 1] == pytest.approx(before[2:, 2] * (-1, 1) + np.array([60, 0]))
    again = moved.moved(np.stack([np.eye(2, 3), np.eye(2, 3), mirror]), (40, 60)).placed().xy
    assert again[2:] == pytest.approx(before[2:])


def test_crowds_and_objects_without_a_mark_do_not_count():
    found = people()
    assert found.strata.tolist() == [2, 0, 3] and found.words == "5 people with 3 points"
    found.crowd[3] = True
    found.objects.visible[0] = 0
    assert found.counted.tolist() == [False, True, True, False, True] and found.strata.tolist() == [1, 0, 2]
