"""Checks of boxes before training: faults planted in a codec are caught, sound ones are not called wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pellucid.checks import tiny_subset
from pellucid.checks.subject import ByHeart, Subject
from pellucid.checks.tiny_subset import check_tiny_subset
from pellucid.data.boxes.column import Boxes
from pellucid.data.dataset import Dataset
from pellucid.data.opening import open_dataset
from pellucid.runs.checking import subject_of
from pellucid.runs.config import RunConfig
from pellucid.runs.preparation import prepare, understand
from pellucid.spec.optimizers import Adam
from pellucid.tasks.detection.checks import check_round_trip
from pellucid.tasks.detection.codecs.anchors import AnchorCodec
from pellucid.tasks.detection.codecs.center import CenterCodec
from pellucid.tasks.detection.codecs.encoded import Candidates, Codec
from pellucid.tasks.detection.kinds import KINDS
from pellucid.tasks.detection.settings import Settings
from tests.tasks.detection.conftest import SIZE, write_shapes


@pytest.fixture
def shapes(tmp_path: Path) -> Dataset:
    write_shapes(tmp_path, {"train": 24})
    return open_dataset(str(tmp_path))


def found(shapes: Dataset, codec: Codec) -> Any:
    return check_round_trip(SimpleNamespace(dataset=shapes), codec)  # type: ignore[arg-type]


def codec_of(shapes: Dataset, name: str) -> Codec:
    boxes = shapes.part("train").annotated(Boxes)
    return KINDS[name].codec(SIZE, 2, boxes.placed(), Settings())


@dataclass(frozen=True)
class Swapped(CenterCodec):
    """Across for down."""

    def decode(self, outputs: np.ndarray, least: float) -> Candidates:
        told = super().decode(outputs, least)
        return replace(told, boxes=told.boxes[:, [1, 0, 3, 2]])


@dataclass(frozen=True)
class Turned(CenterCodec):
    """The edges left, right, up, down in place of left, up, right, down."""

    def decode(self, outputs: np.ndarray, least: float) -> Candidates:
        order = [*range(self.classes), *(self.classes + np.array([0, 2, 1, 3]))]
        return super().decode(outputs[:, order], least)


@dataclass(frozen=True)
class Units(AnchorCodec):
    """Anchors in cells where pixels are meant."""

    def decode(self, outputs: np.ndarray, least: float) -> Candidates:
        own = tuple(tuple((w / stride, h / stride) for w, h in each)
                    for each, stride in zip(self.anchors, self.strides, strict=True))  # fmt: skip
        return AnchorCodec(self.size, self.classes, self.strides, own).decode(outputs, least)


@pytest.mark.parametrize("name", ["center", "anchors", "grid"])
def test_a_codec_that_reads_what_it_wrote_passes(shapes: Dataset, name: str) -> None:
    told = found(shapes, codec_of(shapes, name))
    assert told.status == "pass" and told.value < 0.05 and "20 pictures" in told.meaning


def test_planted_faults_of_codecs_are_caught(shapes: Dataset) -> None:
    anchors = codec_of(shapes, "anchors")
    assert isinstance(anchors, AnchorCodec)
    faulty = (Swapped(SIZE, 2), Turned(SIZE, 2), Units(anchors.size, 2, anchors.strides, anchors.anchors))
    for codec in faulty:
        told = found(shapes, codec)
        assert told.status == "failure" and told.value > 0.9 and "codec" in told.remedy, type(codec).__name__


def subject_at(folder: Path, model: str) -> Subject:
    """What the checks of a run on these pictures look at."""
    config = RunConfig(data=str(folder), engine="reference", model=model)
    return subject_of(prepare(config, understand(config)))


def test_a_few_pictures_are_learnt_until_every_box_is_found(
    tmp_path: Path, shapes: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Passed at AP50 1, not at a loss; a network that never finds a box fails, one that another rate teaches warns."""
    subject = subject_at(tmp_path, "center-small")
    told = check_tiny_subset(subject)
    assert (told.status, told.value) == ("pass", 1.0) and "4 images were learnt to AP50 1, in" in told.meaning
    monkeypatch.setattr(tiny_subset, "LOOKS", 8)
    slow = check_tiny_subset(replace(subject, rule=Adam(1e-9)))
    assert slow.status == "warning" and "adam at 0.01 learns them" in slow.meaning, slow
    monkeypatch.setattr(tiny_subset, "LOOKS", 1)
    blind = check_tiny_subset(replace(subject, by_heart=lambda part: ByHeart("AP50", 1.0, lambda outputs: 0.1)))
    assert blind.status == "failure" and "AP50 was 0.100 of 1" in blind.meaning


def test_gradients_are_checked_on_smaller_pictures_of_the_same_objects(tmp_path: Path, shapes: Dataset) -> None:
    subject = subject_at(tmp_path, "center-small")
    small = subject.shrunk(64)
    assert small.graph.input_shapes == {"input": (48, 64, 3)} and subject.shrunk(80) is subject
    whole, batch = subject.sample("test", 3), small.sample("test", 3)
    assert batch.inputs["input"].shape == (3, 48, 64, 3) and batch.targets["output"].shape[1] == 6 * 8
    hills = [(one.targets["output"][..., :2] == 1).sum() for one in (whole, batch)]
    assert hills[0] == hills[1] > 0
    one_size = subject_at(tmp_path, "localiser")
    assert one_size.shrunk(48) is one_size
