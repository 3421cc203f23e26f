"""Grouping on exact maps and fields: the people that are there and no others (H34)."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.scenes.figures import EDGES
from pellucid.tasks.pose.affinity import affinity_fields
from pellucid.tasks.pose.grouping import GREEDY, HUNGARIAN, Pairs, Rules, admitted, by_sum, greedily, group, redundant
from pellucid.tasks.pose.joining import join
from pellucid.tasks.pose.peaks import Candidates, peaks
from tests.tasks.pose.figures import SIGMA, STRIDE, WIDTH, Figures, expected, figures, told

LEAST, PART = 0.3, 3


def grouped(made: Figures, how: str = GREEDY):
    found = peaks(made.maps, stride=STRIDE, least=LEAST, sigma=SIGMA / STRIDE)
    return group(found, made.fields, EDGES, joints=14, stride=STRIDE, rules=Rules(how, joints=PART))


@pytest.mark.parametrize("count", range(1, 21))
def test_grouping_returns_exactly_the_figures_greedily_and_by_sum(count):
    made = figures(np.random.default_rng(count), count, hidden=(0.0, 0.1, 0.2)[count % 3])
    people = expected(made.xy, PART)
    assert told(grouped(made), made.xy) == people
    assert told(grouped(made, HUNGARIAN), made.xy) == people


def pairs_of(rows: list[tuple[int, int, int, float]]) -> Pairs:
    rows = sorted(rows, key=lambda row: (row[0], -row[3]))
    limb, start, end, scores = map(np.array, zip(*rows, strict=True))
    return Pairs(limb, start, end, scores, len(rows))


def test_of_one_limb_no_candidate_is_in_two_pairs_and_the_two_ways_differ_as_they_should():
    # greedily 0.9 + 0.1 = 1.0; by sum 0.8 + 0.7 = 1.5
    pairs = pairs_of([(0, 0, 10, 0.9), (0, 0, 11, 0.8), (0, 1, 10, 0.7), (0, 1, 11, 0.1)])
    assert pairs.scores[greedily(pairs)].tolist() == [0.9, 0.1]
    assert sorted(pairs.scores[by_sum(pairs)].tolist()) == [0.7, 0.8]


def test_the_two_ways_agree_where_scores_are_apart():
    random = np.random.default_rng(1)
    for _ in range(50):
        count = int(random.integers(1, 9))
        true = random.permutation(count)
        rows = [(0, a, 100 + b, 0.9 + 0.05 * random.random() if true[a] == b else 0.4 * random.random())
                for a in range(count) for b in range(count) if true[a] == b or random.random() < 0.6]  # fmt: skip
        pairs = pairs_of(rows)
        assert set(greedily(pairs).tolist()) == set(by_sum(pairs).tolist())


def test_a_pair_without_a_field_between_its_ends_is_refused():
    """Of two people one has only an elbow, the other only a wrist: nobody has a forearm, and no stranger's is made."""
    found = Candidates(np.array([[60.0, 20.0], [20.0, 20.0]]), np.ones(2), np.array([6, 7]))     # wrist, elbow
    fields = np.zeros((30, 30, 2 * len(EDGES)), np.float32)
    assert len(admitted(found, fields, EDGES, stride=STRIDE)) == 0
    fields[..., 2 * EDGES.index((7, 6))] = 1                                                     # elbow to wrist: +x
    assert admitted(found, fields, EDGES, stride=STRIDE).scores == pytest.approx([1])
    fields[4:6, 7:13] = 0                                        # a gap of six of the twenty pixels, 3 of 10 steps
    assert len(admitted(found, fields, EDGES, stride=STRIDE)) == 0


def test_a_reversed_field_joins_nobody():
    ends = np.array([[[20.0, 60.0]], [[100.0, 60.0]]])
    field = affinity_fields(ends[1][np.newaxis], ends[0][np.newaxis], np.zeros(1, int), count=1, shape=(30, 30),
                            stride=STRIDE, width=WIDTH)[0]
    found = Candidates(np.array([[20.0, 60.0], [100.0, 60.0]]), np.ones(2), np.array([0, 1]))
    assert len(admitted(found, field, [(0, 1)], stride=STRIDE)) == 0
    assert len(admitted(found, -field, [(0, 1)], stride=STRIDE)) == 1


def test_pairs_asked_grow_with_candidates_and_not_with_the_picture():
    for count in (1, 5, 20):
        made = figures(np.random.default_rng(count), count, hidden=0)
        for maps, fields in ((made.maps, made.fields), (np.pad(made.maps, ((0, 90), (0, 90), (0, 0))),
                                                        np.pad(made.fields, ((0, 90), (0, 90), (0, 0))))):
            found = peaks(maps, stride=STRIDE, least=LEAST, sigma=SIGMA / STRIDE)
            assert admitted(found, fields, EDGES, stride=STRIDE).asked == len(EDGES) * count * count


def test_the_limbs_that_close_a_circle_are_redundant():
    assert redundant(EDGES).tolist() == [False] * 13 + [True] * 2
    circles = [(0, 1), (1, 2), (2, 0), (3, 4), (4, 0), (3, 1)]
    assert np.flatnonzero(redundant(circles)).tolist() == [2, 5]


def joined(limbs: list[tuple[int, int, int]], late: list[bool]) -> list[list[int]]:
    """Members of the people that limbs (kind, start, end) make of six candidates of kinds 0 0 1 1 2 2."""
    limb, start, end = (np.array(column, np.int64) for column in zip(*limbs, strict=True))
    kinds = np.array([0, 0, 1, 1, 2, 2])
    return join(kinds, limb, start, end, np.ones(len(limb)), np.array(late), 3)[0].tolist()


def test_a_redundant_limb_starts_no_person_but_completes_and_merges():
    assert joined([(0, 0, 2)], [True]) == []
    assert joined([(0, 0, 4), (1, 0, 2)], [True, False]) == [[0, 2, 4]]              # asked last, whatever its number


def test_parts_that_share_a_kind_of_joint_stay_two_people():
    # 0-2 and 1-3 are two people; a limb that would join 2 with 1's part is left out
    assert joined([(0, 0, 2), (0, 1, 3), (1, 2, 4), (2, 4, 1)], [False, False, False, True]) == [[0, 2, 4], [1, 3, -1]]


def test_weak_people_are_left_out_and_nothing_gives_nobody():
    made = figures(np.random.default_rng(3), 2, hidden=0)
    found = peaks(made.maps, stride=STRIDE, least=LEAST, sigma=SIGMA / STRIDE)
    faint = Candidates(found.xy, 0.2 * found.scores, found.kinds)
    assert len(group(found, made.fields, EDGES, joints=14, stride=STRIDE)) == 2
    assert len(group(faint, 0.3 * made.fields, EDGES, joints=14, stride=STRIDE)) == 0
    assert len(group(found, made.fields, EDGES, joints=14, stride=STRIDE, rules=Rules(joints=15))) == 0
    empty = peaks(0 * made.maps, stride=STRIDE, least=LEAST, sigma=SIGMA / STRIDE)
    assert len(group(empty, made.fields, EDGES, joints=14, stride=STRIDE)) == 0
