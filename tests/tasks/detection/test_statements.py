"""What published formulas come to: overlaps in bounded memory, anchors that fit, focal and smooth losses by hand."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.augmentation import Augmentation
from pellucid.data.boxes.column import Boxes
from pellucid.data.changing import changed
from pellucid.data.fitting import affine_of
from pellucid.data.opening import open_dataset
from pellucid.keys import Key
from pellucid.losses import BinaryCrossentropy, BinaryFocalCrossentropy, Huber
from pellucid.tasks.detection.blind import blind_answers
from pellucid.tasks.detection.codecs.anchors import AnchorCodec
from pellucid.tasks.detection.judging import judge
from pellucid.tasks.detection.overlap import iou

SIZE = (60, 90)
ACUTE = {"rotate=25": 1.5, "shear=15": 1.5}  # pixels: the corner of a turned box is a tip that few pixels fill


def test_overlaps_take_little_more_than_their_result() -> None:
    low = np.random.default_rng(0).uniform(0, 100, (1500, 2)).astype(np.float32)
    boxes = np.concatenate([low, low + 10], axis=1)
    tracemalloc.start()
    found = iou(boxes, boxes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.nbytes == 9e6 and peak < found.nbytes + 8e6  # 10,000 x 10,000: 400 MB and those few


def test_objects_of_blood_cells_that_three_anchors_lose(shared_data: Path) -> None:
    """By the book's rule on 13x13 cells, with left edges at xmin 65 have no anchor above 0.5 and 23 find theirs taken.

    As boxes are read here, from xmin - 1 on, they are 58 and 26; with the nearest anchor for each nobody is without.
    """
    dataset = open_dataset(str(shared_data / "bccd"), resize=(416, 416))
    anchors = (((26.0, 34.0), (68.0, 87.0), (138.0, 165.0)),)
    lost = {}
    for first in (0, 1):
        for rule in ("book", "best"):
            counts = np.zeros(2, int)
            for part in dataset.parts.values():
                boxes = part.annotated(Boxes)
                placed = replace(boxes, corners=boxes.corners + np.array([first, first, 0, 0])).placed()
                counts += [int(found.sum()) for found in AnchorCodec((416, 416), 3, (32,), anchors, rule).lost(placed)]
            lost[first, rule] = tuple(counts.tolist())
    assert lost[1, "book"] == (65, 23) and lost[0, "book"] == (58, 26)
    assert lost[0, "best"] == (0, 26)


def test_focal_loss_by_hand() -> None:
    """The factor is (1 - p)^2: 0.16 at p = 0.6, 0.64 at 0.2; without it and with 0.5 for both it is half of BCE."""
    yes = np.array([[1.0]], np.float32)
    for p, factor in ((0.6, 0.16), (0.2, 0.64)):
        given = np.array([[p]], np.float32)
        plain = BinaryCrossentropy()(yes, given)
        assert BinaryFocalCrossentropy(gamma=2.0)(yes, given) == pytest.approx(factor * plain, rel=1e-5)
        half = BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.5, gamma=0.0)
        assert half(yes, given) == pytest.approx(0.5 * plain, rel=1e-5)
        assert half(1 - yes, given) == pytest.approx(0.5 * BinaryCrossentropy()(1 - yes, given), rel=1e-5)
    far = BinaryFocalCrossentropy(from_logits=True)
    assert far(yes, np.array([[100.0]], np.float32)) == 0
    assert far(yes, np.array([[-100.0]], np.float32)) == pytest.approx(100)


def test_smooth_l1_by_hand() -> None:
    """0.5 x^2 inside, |x| - 0.5 beyond; at 1 both are 0.5 with a slope of 1."""
    zero, loss = np.zeros((1, 1), np.float64), Huber(1.0)
    at = {x: float(loss(zero, np.array([[x]]))) for x in (0.5, 0.99, 1.0, 1.01, 3.0)}
    assert at[0.5] == pytest.approx(0.125) and at[1.0] == pytest.approx(0.5) and at[3.0] == pytest.approx(2.5)
    assert (at[1.0] - at[0.99]) / 0.01 == pytest.approx(1, abs=0.01)
    assert (at[1.01] - at[1.0]) / 0.01 == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("words", ["flip,flip_vertical", "shift=9", "zoom=0.3", "crop=0.3", "rotate=25", "shear=15"])
def test_changed_rectangles_are_where_their_boxes_say(words: str) -> None:
    """A test card: the box of what is drawn, to a pixel; of a turned one the box around its turned corners."""
    count, corner = 16, np.array([20.0, 16, 48, 34])
    card = np.zeros((count, *SIZE, 1), np.float32)
    card[:, 16:34, 20:48] = 1
    none = np.zeros(count, bool)
    boxes = Boxes(np.tile(corner, (count, 1)), np.zeros(count, np.int64), none, none, np.ones(count),
                  np.arange(count + 1), np.tile(SIZE, (count, 1)),
                  np.tile(affine_of(SIZE, SIZE, "stretch"), (count, 1, 1)), ("a",))  # fmt: skip
    x, moved, _ = changed(Augmentation.parse(words), card, boxes, key=Key.of(3), epoch=1, ids=np.arange(count))
    assert isinstance(moved, Boxes)
    placed = moved.placed(0.01)
    assert len(placed.corners) == count and np.abs(placed.corners - corner).max() > 2
    for picture, box in zip(x[..., 0], placed.corners, strict=True):
        rows, columns = np.nonzero(picture > 0.5)
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert np.abs(box - seen).max() <= ACUTE.get(words, 1.0), (box, seen)


def test_an_answer_that_does_not_look_is_each_classs_middle_box() -> None:
    """Three pictures of other sizes with one class always in the middle and another anywhere: AP50 1 and 0."""
    sizes = np.array([[40, 80], [20, 40], [80, 80]])
    middle = [[0.25, 0.25, 0.75, 0.75]] * 3
    places = [[0.0, 0.45, 0.1, 0.55], [0.45, 0.9, 0.55, 1], [0.9, 0, 1, 0.1]]  # of which the middle is in the middle
    shares = np.array([box for pair in zip(middle, places, strict=True) for box in pair])
    corners = shares * np.tile(np.repeat(sizes, 2, axis=0)[:, ::-1], 2)
    none = np.zeros(6, bool)
    boxes = Boxes(corners, np.tile([1, 0], 3), none, none, np.ones(6), np.arange(0, 7, 2), sizes,
                  np.tile(np.eye(2, 3), (3, 1, 1)), ("anywhere", "middle"))  # fmt: skip
    judged = judge(boxes, blind_answers(boxes, boxes))
    assert [judged.average_precision(number) for number in (1, 0)] == [1, 0]
    assert judged.mean_average_precision() == 0.5
