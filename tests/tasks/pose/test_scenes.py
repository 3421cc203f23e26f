"""Drawn scenes: the same for a seed and a number, marked as drawn, written so that COCO's own tools read them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from pellucid.data.scenes.figures import ARM, EDGES, LEG, NAMES
from pellucid.data.scenes.folder import write_scenes
from pellucid.data.scenes.scene import scene
from tests.cli.terminal import Terminal


def test_a_scene_is_named_by_its_seed_and_number():
    one, again, other, elsewhere = scene(3, 5), scene(3, 5), scene(3, 6), scene(4, 5)
    assert np.array_equal(one.pixels, again.pixels) and np.array_equal(one.xy, again.xy, equal_nan=True)
    assert not np.array_equal(one.pixels, other.pixels) and not np.array_equal(one.pixels, elsewhere.pixels)


def test_as_many_people_as_asked_in_a_picture_of_the_size():
    counts = {len(scene(0, number, people=(2, 4)).xy) for number in range(12)}
    assert counts == {2, 3, 4}
    assert scene(0, 0, size=(96, 72)).pixels.shape == (96, 72, 3)


def test_joints_are_seen_hidden_or_outside_as_the_flags_say():
    scenes = [scene(1, number, people=(5, 6)) for number in range(8)]
    flags = np.concatenate([one.visible.ravel() for one in scenes])
    assert set(flags) == {0, 1, 2} and 0.02 < (flags == 1).mean() < 0.3
    for one in scenes:
        there = np.isfinite(one.xy).all(axis=2)
        assert np.array_equal(there, one.visible > 0)
        assert (one.xy[there] >= 0).all() and (one.xy[there] <= one.pixels.shape[1::-1]).all()
        low, high = one.boxes[:, np.newaxis, :2], one.boxes[:, np.newaxis, 2:]
        assert ((one.xy >= low) & (one.xy <= high) | ~there[..., np.newaxis]).all()


def test_left_limbs_are_light_and_right_ones_dark():
    """At the middle of a shin or forearm of one figure alone; sides change places where it is seen from behind."""
    darker, sides = [], []
    for number in range(40):
        one = scene(2, number, people=(1, 1))
        for limb in (LEG, ARM):
            (_, *right), (_, *left) = limb["right"], limb["left"]
            if (one.visible[0, right + left] == 2).all():
                middles = [one.xy[0, side].mean(axis=0).astype(int) for side in (right, left)]
                dark, light = (one.pixels[y, x].mean() for x, y in middles)
                darker.append(dark < light)
        sides.append(one.xy[0, 8, 0] < one.xy[0, 9, 0])
    assert np.mean(darker) > 0.9                        # one may lie over the other
    assert 0.4 < np.nanmean(sides) < 0.9                # so place alone does not tell


def test_a_folder_is_coco_that_pycocotools_reads(tmp_path):
    from pycocotools.coco import COCO

    folder = write_scenes(str(tmp_path / "scenes"), {"train": 3, "val": 2}, seed=0, people=(1, 6), size=(96, 120))
    told = json.loads((folder / "annotations" / "person_keypoints_train.json").read_text())
    assert "drawn" in told["info"]["description"]
    coco = COCO(str(folder / "annotations" / "person_keypoints_train.json"))
    assert coco.cats[1]["keypoints"] == list(NAMES) and len(coco.cats[1]["skeleton"]) == len(EDGES)
    for number in coco.getImgIds():
        one = scene(0, number - 1, size=(96, 120))
        drawn = np.asarray(Image.open(folder / "images" / "train" / coco.imgs[number]["file_name"]))
        assert np.array_equal(drawn, one.pixels)
        for found, xy, visible in zip(coco.imgToAnns[number], one.xy, one.visible, strict=True):
            points = np.array(found["keypoints"]).reshape(14, 3)
            assert points[:, 2].tolist() == visible.tolist()
            assert points[:, :2] == pytest.approx(np.nan_to_num(xy - 0.5))
    assert len(list((folder / "images" / "val").glob("*.png"))) == 2


def test_the_command_draws_what_is_asked_and_refuses_what_cannot_be(terminal: Terminal):
    typed = terminal.type("data", "draw", "scenes", "--train", "2", "--val", "0", "--test", "1", "--people", "2",
                       "--size", "64x80", "--seed", "7")  # fmt: skip
    assert typed.code == 0 and "3 drawn pictures" in typed.out
    assert np.array_equal(np.asarray(Image.open("scenes/images/test/000002.png")),
                          scene(7, 2, people=(2, 2), size=(64, 80)).pixels)  # fmt: skip
    terminal.refused(2, ["--people", "1 to 6"], "data", "draw", "more", "--people", "4-2")
    terminal.refused(2, ["--size", "HxW"], "data", "draw", "more", "--size", "12")
    terminal.refused(2, ["--size", "64 to 1024"], "data", "draw", "more", "--size", "12x900")
