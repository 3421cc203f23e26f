"""Targets of maps and fields by their definitions (H35), and peaks read back from maps."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.tasks.pose.affinity import affinity_fields, along
from pellucid.tasks.pose.heatmaps import joint_maps
from pellucid.tasks.pose.peaks import CROWD, peaks
from pellucid.tasks.pose.places import span_around

STRIDE, WIDTH, SHAPE = 2, 6.0, (40, 50)
ONE = np.zeros(1, np.int64)
MIDDLES = (np.arange(10) + 0.5) / 10


def field(*limbs, shape=SHAPE, stride=STRIDE):
    """Of people with one limb each, ((x1, y1), (x2, y2)) all in one picture."""
    ends = np.array(limbs, float)
    return affinity_fields(ends[:, :1], ends[:, 1:], np.zeros(len(limbs), int), count=1, shape=shape, stride=stride,
                           width=WIDTH)[0]  # fmt: skip


def by_definition(limbs, x, y):
    """The field at one place, written as eq. 8 to 9 of the paper."""
    found = []
    for start, end in np.array(limbs, float):
        v = (end - start) / np.hypot(*(end - start))
        away = np.array([x, y]) - start
        if 0 <= v @ away <= np.hypot(*(end - start)) and abs(np.array([-v[1], v[0]]) @ away) <= WIDTH:
            found.append(v)
    return np.mean(found, axis=0) if found else np.zeros(2)


def test_the_field_is_the_definition_at_every_place():
    limbs = [((11, 13), (71, 52)), ((70, 14), (20, 61)), ((-10, 30), (40, 35)), ((95, 5), (120, 90))]
    made = field(*limbs)
    for row in range(SHAPE[0]):
        for column in range(SHAPE[1]):
            wanted = by_definition(limbs, (column + 0.5) * STRIDE, (row + 0.5) * STRIDE)
            assert made[row, column] == pytest.approx(wanted, abs=1e-6)


def test_it_is_one_inside_nothing_outside_and_the_mean_where_two_meet():
    made = field(((10, 40), (90, 40)), ((50, 4), (50, 76)))
    size = np.hypot(*np.moveaxis(made, -1, 0))
    assert size[20, 8] == pytest.approx(1) and size[4, 25] == pytest.approx(1) and size[4, 4] == 0
    assert made[20, 25] == pytest.approx([0.5, 0.5])
    assert (size[:, 10] > 0).sum() == 2 * WIDTH / STRIDE                       # as wide as it is said to be, in pixels


def test_a_limb_without_length_or_without_an_end_has_no_field():
    made = field(((30, 30), (30, 30)), ((10, 10), (np.nan, np.nan)))
    assert not made.any() and np.isfinite(made).all()


def test_the_integral_along_a_limb_is_1_across_0_and_reversed_minus_1():
    start, end = np.array([[15.0, 20.0]]), np.array([[85.0, 62.0]])
    made = field((start[0], end[0]))
    across = (end - start)[:, ::-1] * (-1, 1) / 40
    middle = (start + end) / 2
    for a, b, wanted in ((start, end, 1), (end, start, -1), (middle - across, middle + across, 0)):
        assert along(made, ONE, a, b, MIDDLES, stride=STRIDE).mean() == pytest.approx(wanted, abs=1e-3)
    off = np.array([[0.0, 60.0]]), np.array([[40.0, 79.0]])
    assert along(made, ONE, *off, MIDDLES, stride=STRIDE).mean() == 0


def test_a_segment_that_leaves_the_map_is_read_at_its_border():
    made = field(((10, 40), (300, 40)))
    assert along(made, ONE, np.array([[20.0, 40]]), np.array([[300.0, 40]]), MIDDLES, stride=STRIDE) == pytest.approx(1)


def test_maps_have_the_nearest_hill_and_not_the_sum():
    xy = np.array([[[31.0, 41.0]], [[43.0, 41.0]], [[np.nan, np.nan]]])
    made = joint_maps(xy, np.zeros(3, int), count=1, shape=SHAPE, stride=STRIDE, sigma=6.0)[0, ..., 0]
    for row, column in ((20, 15), (20, 18), (22, 17), (5, 5)):
        at = np.array([(column + 0.5) * STRIDE, (row + 0.5) * STRIDE])
        wanted = max(np.exp(-((at - one) ** 2).sum() / 36) for one in xy[:2, 0])
        assert made[row, column] == pytest.approx(wanted if wanted >= 1e-3 else 0, abs=1e-6)
    assert made.max() == 1 and made[20, 18] < 0.5                              # two peaks with a valley between


@pytest.mark.parametrize("spot", [(30.3, 41.7), (5.2, 3.9), (51.0, 40.0)])
def test_a_peak_is_read_back_where_it_was_drawn(spot):
    made = joint_maps(np.array([[spot]]), ONE, count=1, shape=SHAPE, stride=STRIDE, sigma=5.0)[0]
    found = peaks(made, stride=STRIDE, least=0.1, sigma=5.0 / STRIDE)
    assert len(found) == 1 and found.xy[0] == pytest.approx(spot, abs=1e-3)


def test_of_equal_neighbours_one_is_the_peak_and_low_ones_are_none():
    made = np.zeros((6, 7, 2), np.float32)
    made[2, 2:4, 0] = 0.8
    made[5, 6, 1] = 0.05
    found = peaks(made, stride=1, least=0.1, sigma=1.0)
    assert found.kinds.tolist() == [0] and found.xy[0] == pytest.approx([3, 2.5])


def test_a_hill_that_lies_in_another_is_found_as_well():
    """Two wrists three places apart, as a network blurs them: the lower one is a shoulder, and no local maximum."""
    x, y = np.meshgrid(np.arange(16.0), np.arange(12.0))
    hills = [height * np.exp(-((x - at) ** 2 + (y - 5) ** 2) / 1.5**2) for at, height in ((5, 1.0), (8, 0.55))]
    blurred = np.maximum(*hills) + 0.35 * np.exp(-((x - 6.3) ** 2 + (y - 5) ** 2) / 1.2**2)
    made = blurred[..., np.newaxis].astype(np.float32)
    assert sum(made[5, x, 0] > max(made[5, x - 1, 0], made[5, x + 1, 0]) for x in range(1, 15)) == 1
    found = peaks(made, stride=STRIDE, least=0.1, sigma=1.5)
    assert len(found) == 2 and found.xy[:, 1] == pytest.approx(5.5 * STRIDE, abs=0.2)
    assert found.xy[:, 0] == pytest.approx([5.5 * STRIDE, 8.5 * STRIDE], abs=STRIDE)
    assert found.scores[1] == made[5, round(found.xy[1, 0] / STRIDE - 0.5), 0] < found.scores[0]


def test_a_hill_below_the_least_height_is_nowhere_found_and_noise_is_not_looked_at_twice():
    spot = np.array([[[21.0, 21.0]]])
    low = 0.4 * joint_maps(spot, ONE, count=1, shape=SHAPE, stride=STRIDE, sigma=4.0)[0].astype(np.float32)
    assert [len(peaks(low, stride=STRIDE, least=least, sigma=2.0)) for least in (0.39, 0.41, 0.9)] == [1, 0, 0]
    noise = np.zeros((62, 62, 1), np.float32)
    noise[1:-1, 1:-1] = np.random.default_rng(0).random((60, 60, 1)) + 0.1
    steps = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
    maxima = np.all([noise > np.roll(noise, step, (0, 1)) for step in steps], axis=0).sum()
    assert len(peaks(noise, stride=STRIDE, least=0.1, sigma=1.5)) == maxima > 2 * CROWD
    assert len(peaks(low, stride=STRIDE, least=0.1, sigma=1e-3)) >= 1                  # an overflow is an error here


def test_pictures_of_a_batch_are_kept_apart():
    xy = np.array([[[20.0, 20.0]], [[60.0, 50.0]]])
    made = joint_maps(xy, np.array([0, 2]), count=3, shape=SHAPE, stride=STRIDE, sigma=4.0)
    assert [len(peaks(one, stride=STRIDE, least=0.1, sigma=2.0)) for one in made] == [1, 0, 1]


def test_a_box_that_nobody_knows_covers_no_place() -> None:
    """NaN is the box of whoever has no marked point; half a place is none, a whole picture is all."""
    nowhere = span_around(np.array([np.nan, np.nan]), np.array([np.nan, np.nan]), (4, 5), 2.0)
    assert (nowhere.rows, nowhere.columns) == (slice(0, 0), slice(0, 0)) and not len(nowhere.x) and not len(nowhere.y)
    between = span_around(np.array([1.1, 1.1]), np.array([2.9, 2.9]), (4, 5), 2.0)
    assert not len(between.x) and not len(between.y)
    whole = span_around(np.array([-9.0, -9.0]), np.array([99.0, 99.0]), (4, 5), 2.0)
    assert (whole.rows, whole.columns) == (slice(0, 4), slice(0, 5))
