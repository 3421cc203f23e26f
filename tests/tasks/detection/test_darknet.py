"""A trained detector of darknet: its expected answers, its AP on pictures of COCO, files that are none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.single import read_image
from pellucid.errors import FileError
from pellucid.model import Model
from pellucid.models import load_model
from pellucid.tasks.detection.codecs.encoded import Codec
from pellucid.tasks.detection.darknet import load_darknet
from pellucid.tasks.detection.task import TASK
from tests.cli.terminal import Terminal

ALIASES = {"person": "person", "motorcycle": "motorbike", "airplane": "aeroplane", "couch": "sofa",
           "potted plant": "pottedplant", "dining table": "diningtable", "tv": "tvmonitor"}  # fmt: skip


@pytest.fixture(scope="module")
def files(shared_data: Path) -> Path:
    return shared_data / "weights" / "yolo-fastest-1.1"


@pytest.fixture(scope="module")
def model(files: Path) -> Model:
    return load_darknet(files / "yolo-fastest-1.1.cfg", files / "yolo-fastest-1.1.weights", files / "coco.names")


@pytest.fixture(scope="module")
def pictures(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import tarfile

    folder = tmp_path_factory.mktemp("coco")
    with tarfile.open(shared_data / "coco-mini" / "coco-mini.tar") as tar:
        tar.extractall(folder, filter="data")
    return folder / "coco-mini"


def test_the_expected_answers_come(model: Model, files: Path, pictures: Path) -> None:
    """The six highest raw scores of three pictures: class, score and box, to the three digits that are written."""
    codec: Codec = TASK.recalled(model, model.task["record"]).codec  # type: ignore[index]
    names = TASK.recalled(model, model.task["record"]).names  # type: ignore[index]
    for case in json.loads((files / "expected.json").read_text()):
        place = next(pictures.glob(f"*/{case['image']}"))
        x = read_image(place, resize=(320, 320), channels="rgb")
        told = codec.decode(model.predict(model.preprocessing.apply(x[None]))[0], 0.05)  # type: ignore[union-attr]
        for row, (name, score, box) in zip(np.argsort(-told.scores)[:6], case["raw"], strict=True):
            assert names[told.classes[row]] == name and abs(told.scores[row] - score) < 1.1e-3
            x1, y1, x2, y2 = told.boxes[row] / 320
            assert np.abs(np.array([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]) - box).max() < 2e-3


def test_its_ap_is_what_pycocotools_gives(model: Model, pictures: Path, tmp_path: Path, terminal: Terminal) -> None:
    """AP50 0.310 on the 80 validation pictures, by the command that a user types, classes named by a map."""
    model.save(tmp_path / "yolo.safetensors")
    assert load_model(tmp_path / "yolo.safetensors").count_params() == model.count_params()
    (tmp_path / "names.csv").write_text("".join(f"{name},{own}\n" for name, own in ALIASES.items()))
    typed = terminal.type("evaluate", tmp_path / "yolo.safetensors", pictures, "--split", "validation", "--json",
                          "--class-map", tmp_path / "names.csv")  # fmt: skip
    found = json.loads(typed.out)
    assert found["n"] == 80 and found["AP50"] == pytest.approx(0.310, abs=0.003)


@pytest.mark.parametrize(("spoil", "said"), [
    (lambda cfg: cfg.replace("filters=8", "filters=9", 1), "the network has .* weights, but the file holds"),
    (lambda cfg: cfg.replace("activation=leaky", "activation=mish", 1), "line 22: the activation 'mish' is not read"),
    (lambda cfg: cfg.replace("[maxpool]", "[crnn]", 1), r"layers of the kind \[crnn\] are not read"),
    (lambda cfg: cfg.replace("[maxpool]\nstride=1\nsize=3", "[reorg]\nstride=3", 1), "has no patches of 3 x 3"),
    (lambda cfg: cfg.replace("classes=80", "classes=20", 1), "it has 20 classes, but 80 names"),
    (lambda cfg: "hello\n" + cfg, "line 1: 'hello' is no section"),
])  # fmt: skip
def test_files_that_do_not_belong_together_are_refused(files: Path, tmp_path: Path, spoil: object, said: str) -> None:
    spoiled = tmp_path / "x.cfg"
    spoiled.write_text(spoil((files / "yolo-fastest-1.1.cfg").read_text()))  # type: ignore[operator]
    with pytest.raises(FileError, match=said):
        load_darknet(spoiled, files / "yolo-fastest-1.1.weights", files / "coco.names")
