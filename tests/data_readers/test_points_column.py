"""Points as a column: they move with their pixels, and mirror pairs change names; skeletons that cannot be."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pellucid.data.points.column import Points, around, carried
from pellucid.data.points.skeleton import Skeleton, pairs_by_name
from pellucid.data.points.usual import COCO17, FACE5, FACE68, LSP14, MPII16, usual
from pellucid.errors import DataError

MIRROR = np.array([[-1.0, 0.0, 30.0], [0.0, 1.0, 0.0]])  # of a picture 30 wide
TURN = np.array([[0.0, -1.0, 20.0], [1.0, 0.0, 0.0]])


def column(*, skeleton: Skeleton | None = None, count: int = 3) -> Points:
    skeleton = skeleton or Skeleton(("left", "right", "nose"), pairs=((0, 1),))
    random = np.random.default_rng(7)
    xy = random.uniform(1, 19, (count, len(skeleton), 2))
    xy[1, 0] = np.nan
    visible = np.where(np.isnan(xy[..., 0]), 0, random.integers(1, 3, xy.shape[:2])).astype(np.int8)
    boxes = around(xy)
    identity = np.broadcast_to(np.array([[1.0, 0, 0], [0, 1.0, 0]]), (count, 2, 3)).copy()
    return Points(xy, visible, boxes, np.ones(count), np.broadcast_to([20, 30], (count, 2)).copy(), identity, skeleton)


def each(affine: np.ndarray, points: Points) -> np.ndarray:
    return np.broadcast_to(affine, (len(points), 2, 3))


def test_a_mirrored_picture_changes_the_names_of_pairs_and_mirrored_twice_all_is_as_it_was() -> None:
    points = column()
    mirrored = points.moved(each(MIRROR, points), (20, 30))
    placed = mirrored.placed()
    np.testing.assert_allclose(placed.xy[0, 0], [30 - points.xy[0, 1, 0], points.xy[0, 1, 1]])
    np.testing.assert_allclose(placed.xy[0, 2], [30 - points.xy[0, 2, 0], points.xy[0, 2, 1]])
    assert placed.visible[1].tolist() == [points.visible[1, 1], 0, points.visible[1, 2]]
    twice = mirrored.moved(each(MIRROR, points), (20, 30)).placed()
    np.testing.assert_allclose(twice.xy, points.xy)
    assert (twice.visible == points.visible).all()


def test_a_turn_and_a_mirror_are_one_affine_whatever_their_order() -> None:
    points = column()
    both = points.moved(each(TURN, points), (30, 20)).moved(each(MIRROR, points), (30, 30)).placed()
    by_hand = carried(carried(points.xy, each(TURN, points)), each(MIRROR, points))[:, [1, 0, 2]]
    np.testing.assert_allclose(both.xy, by_hand)


def test_points_beyond_the_frame_or_not_marked_are_not_inside() -> None:
    points = column()
    assert (points.placed().inside == (points.visible > 0)).all()
    right = np.array([[1.0, 0, 19.0], [0, 1.0, 0]])
    inside = points.moved(each(right, points), (20, 30)).placed().inside
    assert (inside == (points.visible > 0) & (points.xy[..., 0] + 19 < 30)).all()
    assert 0 < inside.sum() < (points.visible > 0).sum()


def test_rows_are_taken_and_parts_joined() -> None:
    points = column()
    back = points.take(np.array([2, 0]))
    np.testing.assert_array_equal(back.xy, points.xy[[2, 0]])
    assert len(back.joined(points)) == 5
    np.testing.assert_array_equal(back.joined(points).visible[2:], points.visible)


@pytest.mark.parametrize("skeleton", [FACE68, FACE5, LSP14, MPII16, COCO17], ids=["68", "5", "14", "16", "17"])
def test_usual_skeletons_are_their_own_mirror_image_twice_and_survive_json(skeleton: Skeleton) -> None:
    order = skeleton.mirrored()
    np.testing.assert_array_equal(order[order], np.arange(len(skeleton)))
    assert Skeleton.from_config(json.loads(json.dumps(skeleton.to_config()))) == skeleton
    edges = {frozenset(edge) for edge in skeleton.edges}
    assert {frozenset((int(order[a]), int(order[b]))) for a, b in skeleton.edges} == edges, "edges are not symmetric"


def test_the_68_points_of_a_drawn_face_lie_where_their_pairs_say() -> None:
    order = FACE68.mirrored()
    alone = [point for point in range(68) if order[point] == point]
    assert alone == [8, 27, 28, 29, 30, 33, 51, 57, 62, 66]
    assert (order[36], order[45], order[0], order[48]) == (45, 36, 16, 54)


def test_names_in_another_order_keep_their_edges_pairs_and_sigmas() -> None:
    names = tuple(reversed(COCO17.names))
    found = usual(names)
    assert found.sigmas is not None and COCO17.sigmas is not None
    assert dict(zip(names, found.sigmas, strict=True)) == dict(zip(COCO17.names, COCO17.sigmas, strict=True))
    named = {(names[a], names[b]) for a, b in found.edges}
    assert named == {(COCO17.names[a], COCO17.names[b]) for a, b in COCO17.edges}
    assert usual(tuple(map(str, range(68)))).pairs == FACE68.pairs


@pytest.mark.parametrize(("names", "pairs"), [
    (("nose", "left ear", "right ear"), {(1, 2)}), (("RightEye", "LeftEye"), {(1, 0)}),
    (("paw_L", "paw_R", "tail"), {(0, 1)}), (("L_1", "R_1", "L_2"), {(0, 1)}), (("a", "b"), set()),
    (("left", "centre"), set()),
])  # fmt: skip
def test_mirror_pairs_are_known_by_names(names: tuple[str, ...], pairs: set[tuple[int, int]]) -> None:
    assert set(pairs_by_name(names)) == pairs


@pytest.mark.parametrize(("kept", "said"), [
    ({"edges": ((0, 3),)}, "the edge .0, 3. names point 3, but the 3 points are numbered 0 to 2"),
    ({"edges": ((-1, 2),)}, "names point -1"),
    ({"pairs": ((1, 1),)}, "the mirror pair .1, 1. must join two points, but it is point 1 with itself"),
    ({"pairs": ((0, 1), (1, 2))}, "point 1 .b. is in two mirror pairs; keep one"),
    ({"sigmas": (0.1, 0.1)}, "sigmas must be 3 numbers above 0"),
    ({"sigmas": (0.1, 0.0, 0.1)}, "sigmas must be 3 numbers above 0"),
    ({"names": ("a", "b", "a")}, "the point 'a' is named twice"),
])  # fmt: skip
def test_a_skeleton_that_cannot_be_is_refused(kept: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        Skeleton(**{"names": ("a", "b", "c"), **kept})  # type: ignore[arg-type]
