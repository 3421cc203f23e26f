"""Multi-scale training: sizes drawn by seed and step, objects that stay where their pixels are, one set of weights."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pellucid.data.batches import Batch, Batches
from pellucid.data.opening import open_dataset
from pellucid.data.scales import Scales, sizes_around
from pellucid.graph.graph import Graph
from pellucid.graph.resizing import resized, same_weights
from pellucid.keys import Key
from pellucid.runs import room
from pellucid.runs.config import RunConfig
from pellucid.tasks.detection.codecs.center import CenterCodec
from pellucid.tasks.detection.networks import center_net
from pellucid.tasks.detection.settings import Settings
from pellucid.tasks.detection.task import TASK
from tests.tasks.detection.conftest import write_shapes


def test_sizes_are_multiples_around_the_networks_own() -> None:
    assert sizes_around((240, 320), 0.1, 16) == [(224, 288), (224, 304), (240, 320), (256, 336), (256, 352)]
    assert sizes_around((64, 80), 0.5, 16) == [(32, 48), (48, 64), (64, 80), (80, 96), (96, 112)]
    assert sizes_around((64, 80), 0.15, 16) == [(64, 80)]


@pytest.fixture
def batches(tmp_path: Path) -> Batches:
    """Of ten pictures, two a step, without changes."""
    write_shapes(tmp_path / "shapes", {"train": 10, "test": 2})
    dataset = open_dataset(str(tmp_path / "shapes"))
    problem = TASK.settled(TASK.problem(dataset), Settings(multi_scale=0.5), "center-small", dataset)
    made = problem.network("center-small", Settings(), dataset.image_shape)
    assert made is not None
    encodes = problem.encodes(Settings(multi_scale=0.5), made[0].graph)
    assert len(encodes) == 5
    return Batches(dataset.part("train"), batch_size=2, key=Key.of(1), encode=problem.encode,
                   scales=Scales(encodes, Key.of(2)))  # fmt: skip


def sizes_of(batches: list[Batch]) -> list[tuple[int, ...]]:
    return [batch.inputs["input"].shape[1:3] for batch in batches]


def test_a_step_has_the_size_that_its_key_draws_wherever_an_epoch_is_taken_up(batches: Batches) -> None:
    epochs = [list(batches.epoch(number)) for number in range(4)]
    assert len({size for epoch in epochs for size in sizes_of(epoch)}) == 5
    assert len({tuple(sizes_of(epoch)) for epoch in epochs}) > 1
    for whole, rest in zip(epochs[2][3:], batches.epoch(2, start=3), strict=True):
        assert np.array_equal(whole.inputs["input"], rest.inputs["input"])
        assert np.array_equal(whole.targets["output"], rest.targets["output"])


def test_objects_stay_where_their_pixels_are(batches: Batches) -> None:
    """At the centre of each object the picture has its colour, and its edges lie where the colour ends."""
    met = 0
    for batch in batches.epoch(0):
        pixels, (height, width) = batch.inputs["input"], batch.inputs["input"].shape[1:3]
        codec = CenterCodec((height, width), 2)
        for picture, targets in zip(pixels, batch.targets["output"], strict=True):
            found = codec.decode(codec.sure(targets), 0.5)
            for (x1, y1, x2, y2), kind in zip(found.boxes, found.classes, strict=True):
                middle = picture[int((y1 + y2) / 2), int((x1 + x2) / 2)]
                wanted = ((20, 40, 90), (230, 200, 60))[kind]
                assert np.abs(middle - wanted).max() < 40, (middle, wanted)
                sides = (x1 - 2 * width / 80, x2 + 2 * width / 80)
                row, outside = int((y1 + y2) / 2), [int(x) for x in sides if 0 <= x < width]
                assert all(np.abs(picture[row, x] - wanted).max() > 40 for x in outside)
                met += 1
    assert met > 8


def test_a_network_at_another_size_has_the_same_weights() -> None:
    codec = CenterCodec((64, 80), 2)
    from pellucid.tasks.detection.networks import center_net

    graph = center_net((64, 80, 3), 2, 4).graph
    other = resized(graph, (96, 112, 3))
    assert other is resized(graph, (96, 112, 3)) and resized(graph, (64, 80, 3)) is graph
    assert same_weights(graph, other) and other.output_shapes["output"] == (codec.at((96, 112)).places, codec.numbers)
    model = center_net((64, 80, 3), 2, 4)
    model.get_layer("stem1").trainable = False
    assert not resized(model.graph, (96, 112, 3)).weights["stem1/kernel"].trainable


def test_the_largest_size_of_a_step_counts_where_memory_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def step_bytes(graph: Graph, batch: int, copies: int) -> int:
        asked.extend(graph.input_shapes.values())
        return 0

    monkeypatch.setattr(room, "step_bytes", step_bytes)
    graph = center_net((64, 96, 3), 2, 4).graph
    dataset = SimpleNamespace(parts={"train": range(4)})
    room.refuse_too_large_at([(48, 64), (96, 128), (64, 96)], RunConfig(data="x"), dataset, graph)  # type: ignore[arg-type]
    assert asked == [(96, 128, 3)]


@pytest.mark.parametrize("name", ["yolov2", "yolov3", "fpn", "retinanet", "detnet", "tridentnet"])
def test_a_detector_of_a_paper_gives_as_many_vectors_at_each_size_as_its_codec_reads(name: str, tmp_path: Path) -> None:
    write_shapes(tmp_path / "shapes", {"train": 6, "test": 2})
    dataset = open_dataset(str(tmp_path / "shapes"), resize=(96, 128))
    settings = Settings(multi_scale=0.5)
    problem = TASK.settled(TASK.problem(dataset), settings, name, dataset)
    made = problem.network(name, settings, dataset.image_shape)
    assert made is not None
    graph = made[0].graph
    encodes = problem.encodes(settings, graph)
    sizes = list(encodes)
    assert len(sizes) >= 4 and (96, 128) in sizes and max(sizes) > (96, 128) > min(sizes)
    for size in sizes:
        codec, shapes = problem.codec.at(size), resized(graph, (*size, 3)).output_shapes
        assert set(shapes.values()) == {(codec.places, codec.numbers)}
    boxes = dataset.part("train").annotations
    assert encodes[sizes[0]](boxes.moved(np.tile(np.eye(2, 3), (6, 1, 1)), sizes[0])).targets.shape[0] == 6
    smaller = problem.smaller(graph, 64)
    assert smaller is not None and max(smaller.size) <= 64 and same_weights(graph, resized(graph, (*smaller.size, 3)))
