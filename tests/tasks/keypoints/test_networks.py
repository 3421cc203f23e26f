"""The networks of the room: their sizes, their maps, the losses of a stack of hourglasses."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from pellucid import Model
from pellucid.architectures import Hourglass
from pellucid.data.points.usual import usual
from pellucid.optimizers import Adam
from pellucid.spec.losses import CategoricalCrossentropy
from pellucid.spec.schedules import CosineDecay
from pellucid.tasks.keypoints.codecs.heatmaps import HeatMaps
from pellucid.tasks.keypoints.evaluation import Yardsticks
from pellucid.tasks.keypoints.kinds import KINDS, codec_for, kind_of
from pellucid.tasks.keypoints.networks import by_point, maps_net, plain_net
from pellucid.tasks.keypoints.settings import Settings
from pellucid.tasks.keypoints.task import Keypoints
from pellucid.training.seed import set_random_seed
from tests.tasks.keypoints.conftest import kites

FACES = usual(tuple(str(number) for number in range(68)))


def test_the_default_is_a_small_network_with_maps_of_two_pixels_a_place() -> None:
    model = maps_net((96, 96, 1), 68, 24, 2)
    assert model.output_shape == (None, 68, 48 * 48) and model.count_params() == 161_504
    assert maps_net((96, 96, 3), 14, 32, 4).output_shape == (None, 14, 24 * 24)


@pytest.mark.parametrize("size, stride", [((44, 52), 4), ((18, 22), 2), ((8, 8), 4)])
def test_sides_that_are_halved_unevenly_come_back_to_their_size(size: tuple[int, int], stride: int) -> None:
    model = maps_net((*size, 1), 3, 16, stride)
    assert model.output_shape == (None, 3, (size[0] // stride) * (size[1] // stride))
    assert np.isfinite(model.predict(np.ones((1, *size, 1)), verbose=0)).all()


def test_the_plain_network_is_the_books_and_begins_at_the_middle() -> None:
    model = plain_net((40, 40, 3), 5)
    assert model.count_params() == 79_046 and plain_net((40, 40, 3), 68).count_params() == 91_772
    np.testing.assert_array_equal(model.predict(np.zeros((1, 40, 40, 3)), verbose=0), np.full((1, 5, 2), 0.5))


def problem(name: str, size: tuple[int, int]) -> tuple[Keypoints, Settings]:
    """The faces as a network learns them."""
    settings = Settings()
    codec = codec_for(name, kind_of(name)[1], size, len(FACES), settings)
    return Keypoints(FACES, codec, Yardsticks("box", 0.2, (0.05,) * len(FACES), False), form=name), settings


@pytest.mark.parametrize("name", KINDS)
def test_every_name_gives_what_its_codec_reads(name: str) -> None:
    task, settings = problem(name, (64, 128))
    model, told = task.network(name, settings, (64, 128, 1))
    assert told == name and model.output_shape == (None, 68, task.codec.numbers)


def test_every_module_of_a_stack_counts_alike_and_learns_from_the_same_maps() -> None:
    task, settings = problem("hourglass-2", (64, 64))
    model, _ = task.network(None, settings, (64, 64, 1))
    terms = task.objective(settings, model.graph).terms
    assert [(term.weight, term.target) for term in terms] == [(1.0, "output")] * 2
    assert [term.output for term in terms] == ["output", "stack1_maps_rows"]
    assert isinstance(task.codec, HeatMaps) and all(isinstance(term.loss, CategoricalCrossentropy) for term in terms)
    assert [term.output for term in task.scoring().terms] == ["output"]


def test_an_hourglass_learns_a_few_pictures_by_heart(tmp_path: Path) -> None:
    """A module of a sixteenth of the width: nine of ten points within a place of its maps, by the exported file too."""
    pytest.importorskip("torch")
    set_random_seed(0)
    pictures, xy = kites(8, 0)
    x, xy = np.pad(pictures / np.float32(255), ((0, 0), (12, 12), (8, 8), (0, 0))), xy + np.array((8, 12))
    codec = HeatMaps((64, 64), 4, (16, 16))
    body = Hourglass(width=16, stacks=1, input_shape=(64, 64, 3), classes=4)
    model = Model(body.input, by_point(body.output))
    quieter = CosineDecay(0.01, 80)  # at an even rate weights move to the end, and batch norm's moving means lag behind
    model.compile(Adam(quieter), CategoricalCrossentropy(from_logits=True), engine="pytorch")
    model.fit(x, codec.encode(xy, np.ones((8, 4), bool)).targets, batch_size=8, epochs=80, verbose=0)
    outputs = model.predict(x)
    away = np.linalg.norm(codec.decode(outputs)[0] - xy, axis=2)
    assert (away < 4).mean() > 0.9, away.round(1)
    if find_spec("onnxruntime") is not None:
        from onnxruntime import InferenceSession

        model.export(tmp_path / "hourglass.onnx")
        session = InferenceSession(tmp_path / "hourglass.onnx", providers=["CPUExecutionProvider"])
        assert np.allclose(session.run(None, {session.get_inputs()[0].name: x})[0], outputs, atol=1e-3)
