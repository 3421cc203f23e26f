"""Weights known by name give their expected answers; they are found, checked and placed, or a sentence says how."""

from __future__ import annotations

import gzip
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.architectures import VGG16, CifarResNet, SqueezeNet
from pellucid.architectures.pretrained import KNOWN, find
from pellucid.cli import main
from pellucid.data.preprocessing import Pipeline
from pellucid.data.steps import Caffe, ImageNet, Tf
from pellucid.errors import ArgumentError, FileError, UsageError
from pellucid.runs.config import RunConfig
from pellucid.runs.pretrained import with_rate_of_head
from pellucid.tasks.classification.settings import SMOOTHING_OF_HEAD, Settings

SHARED = Path(os.environ.get("PELLUCID_SHARED") or Path(__file__).resolve().parents[3] / "shared" / "data")
needs_shared = pytest.mark.skipif(not (SHARED / "weights").is_dir(), reason="the shared weights are not here")


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PELLUCID_DATA", str(SHARED))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@needs_shared
def test_squeezenet_gives_its_expected_answers() -> None:
    model = SqueezeNet(weights="imagenet", classifier_activation=None)
    expected = json.loads((SHARED / "weights/squeezenet/expected.json").read_text(encoding="utf-8"))
    seen = 0
    for entry in expected:
        folder, _, inside = entry["image"].partition("/")
        with tarfile.open(SHARED / folder / f"{folder}.tar") as tar:
            member = next((m for m in tar.getmembers() if m.name.endswith(inside)), None)
            assert member is not None, entry["image"]
            picture = Image.open(tar.extractfile(member)).convert("RGB").resize((227, 227), Image.Resampling.BILINEAR)
        pixels = np.asarray(picture)[None]
        given = Caffe(255.0, (104, 117, 123)).apply(pixels)
        scores = model.predict(given, verbose=0)[0]
        order = np.argsort(-scores)[:5]
        assert [int(k) for k in order] == [number for _, number, _ in entry["top5"]]
        np.testing.assert_allclose(scores[order], [value for *_, value in entry["top5"]], atol=2e-3)
        seen += 1
    assert seen == 3


@needs_shared
def test_the_resnet_of_cifar_reaches_its_share_of_the_shared_pictures() -> None:
    """81.03 % of all 10,000 are told; of every fiftieth of the file, 200, from 75 to 90 % (three standard errors)."""
    model = CifarResNet(weights="cifar10")
    classes = (SHARED / "cifar10/classes.txt").read_text(encoding="utf-8").split()
    pixels, labels = [], []
    with tarfile.open(SHARED / "cifar10/test.tar.gz") as tar:
        files = (member for member in tar if member.name.endswith(".jpg"))
        for number, member in enumerate(files):
            if number % 50 == 0:
                pixels.append(np.asarray(Image.open(tar.extractfile(member)).convert("RGB")))
                labels.append(classes.index(Path(member.name).parent.name))
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    right = model.predict(ImageNet(255.0).apply(np.stack(pixels)), verbose=0).argmax(1) == np.array(labels)
    assert len(labels) == 200 and 0.72 <= right.mean() <= 0.90


@needs_shared
def test_weights_of_another_network_are_told_as_such() -> None:
    with pytest.raises(ArgumentError, match=r"; 0 match\): .* The file is another network's: build that one"):
        SqueezeNet(weights=str(SHARED / KNOWN["cifarresnet20"].where))


def test_families_are_kerass_own() -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    from keras.applications import imagenet_utils

    pixels = np.random.default_rng(0).integers(0, 256, (3, 6, 5, 3), dtype=np.uint8)
    for step, mode in ((Caffe(255.0), "caffe"), (ImageNet(255.0), "torch"), (Tf(255.0), "tf")):
        theirs = imagenet_utils.preprocess_input(pixels.astype(np.float32), mode=mode)
        np.testing.assert_allclose(step.apply(pixels), theirs, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(type(step)(1.0).apply(pixels / 255.0), theirs, rtol=1e-4, atol=1e-4)
    fitted = Pipeline.parse("caffe=104:117:123").to_config()["steps"][0]
    assert fitted["mean"] == (104.0, 117.0, 123.0)
    with pytest.raises(ArgumentError, match="caffe must be BLUE:GREEN:RED, as in caffe=104:117:123"):
        Pipeline.parse("caffe=1:a:3")


def test_what_is_not_there_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PELLUCID_DATA", str(tmp_path))
    with pytest.raises(UsageError, match=r"'squeezenet' were not found; looked for .* 5.0 MB and comes from .* ty"):
        find(KNOWN["squeezenet"])
    with pytest.raises(ArgumentError, match=r"^vgg16: no weights called 'imagenet' are known for it; they are for sq"):
        VGG16(weights="imagenet")
    place = tmp_path / KNOWN["squeezenet"].where
    place.parent.mkdir(parents=True)
    place.write_bytes(b"other")
    with pytest.raises(FileError, match=r"is not the file of 'squeezenet': its sha256 is d9298a10d1b07358"):
        find(KNOWN["squeezenet"])
    place.unlink()
    place.with_name(place.name + ".gz").write_bytes(gzip.compress(bytes(10_000_000)))
    with pytest.raises(FileError, match="is not the file of 'squeezenet'"):
        find(KNOWN["squeezenet"])


@needs_shared
def test_a_file_is_placed_listed_and_verified(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PELLUCID_DATA")

    def typed(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main([*words])
        captured = capsys.readouterr()
        assert ended.value.code == 0, captured.err
        return captured.out

    assert [row["here"] for row in json.loads(typed("weights", "--json"))["weights"]] == ["no", "no"]
    packed = SHARED / "weights/squeezenet/squeezenet-v1.0-caffe.safetensors.gz"
    assert "placed squeezenet: " in typed("weights", "--place", str(packed))
    row = json.loads(typed("weights", "--verify", "--json"))["weights"][0]
    assert row["here"].startswith(f"verified: {tmp_path}") and row["licence"] == "BSD 2-clause"
    assert "SqueezeNet-Deep-Compression" in typed("weights")


@needs_shared
def test_a_new_head_takes_its_own_rate_and_sees_mirror_images(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(1)
    for place in range(16):
        picture = Path("photos", "ab"[place % 2], f"{place}.png")
        picture.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(picture)
    with pytest.raises(SystemExit) as ended:
        main(["train", "photos", "--pretrained", "squeezenet", "--resize", "48x48", "--epochs", "2", "--engine",
              "reference", "--data-dir", str(SHARED), "--out", "run"])  # fmt: skip
    said = capsys.readouterr()
    assert ended.value.code == 0, said.err
    assert "augment flip, chosen alone" in said.out and "up to features are made once" in said.out, said.out
    assert "scale  " not in said.out, "what the weights were learnt from is no fault"
    assert "does not depend on the image" not in said.out, "the new head begins at zero"
    settings = json.loads(Path("run/config.json").read_text(encoding="utf-8"))["settings"]
    assert (settings["lr"], settings["epochs"], settings["augment"]) == (KNOWN["squeezenet"].rate, 2, "flip")
    assert (settings["model"], settings["label_smoothing"]) == ("squeezenet-features", SMOOTHING_OF_HEAD)


@pytest.mark.parametrize(("pictures", "epochs"), [(45, 150), (151, 60), (1_296, 30)])
def test_a_new_head_of_few_pictures_takes_more_epochs(pictures: int, epochs: int) -> None:
    config = RunConfig(data="photos", pretrained="squeezenet", freeze="all-but-head", task="classification")
    assert with_rate_of_head(config, pictures).epochs == epochs
    assert with_rate_of_head(config.changed(epochs=7), pictures).epochs == 7
    assert with_rate_of_head(config.changed(lr=0.1), pictures).epochs is None


def test_a_new_head_reads_features_unless_a_rate_or_a_network_is_said() -> None:
    config = RunConfig(data="photos", pretrained="squeezenet", model="squeezenet", freeze="all-but-head",
                       task="classification", own=Settings())  # fmt: skip
    headed = with_rate_of_head(config, 45)
    assert (headed.model, headed.new_head) == ("squeezenet-features", True)
    for said in ({"lr": 0.1}, {"freeze": ""}, {"model": "squeezenet-1.1"}):
        assert not with_rate_of_head(config.changed(**said), 45).new_head


@pytest.mark.parametrize(("typed", "smoothing"), [
    ({}, SMOOTHING_OF_HEAD), ({"label_smoothing": 0.0}, 0.0), ({"label_smoothing": 0.05}, 0.05),
    ({"loss": "focal"}, None),
])  # fmt: skip
def test_a_new_head_learns_smoothed_labels_unless_they_are_said(typed: dict[str, Any], smoothing: float | None) -> None:
    config = RunConfig(data="photos", pretrained="squeezenet", model="squeezenet", freeze="all-but-head",
                       task="classification", own=Settings(**typed))  # fmt: skip
    assert with_rate_of_head(config, 45).own.label_smoothing == smoothing
    assert with_rate_of_head(config.changed(pretrained=None), 45).own == Settings(**typed)
