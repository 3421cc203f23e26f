"""Poses of many people from end to end: read, written as maps and back, trained, scored, asked, exported."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from docs.examples import poses_onnx
from pellucid.data.batches import Batch
from pellucid.data.opening import open_dataset
from pellucid.data.people.column import People
from pellucid.data.scenes.figures import EDGES, NAMES
from pellucid.data.scenes.folder import write_scenes
from pellucid.engines.protocol import Objective
from pellucid.keys import Key
from pellucid.layers import Conv2D, Input
from pellucid.models import Model, load_model
from pellucid.runs.checking import subject_of
from pellucid.runs.config import RunConfig
from pellucid.runs.preparation import prepare, understand
from pellucid.tasks.pose.answering import as_json, located
from pellucid.tasks.pose.codec import FieldsCodec
from pellucid.tasks.pose.evaluation import Evaluation
from pellucid.tasks.pose.grouping import Rules
from pellucid.training.session import engine_named
from tests.cli.terminal import Terminal

SIZE = (96, 112)
CODEC = FieldsCodec(SIZE, 14, EDGES, 4, 1.5, 1.0, 0.1, Rules("hungarian", 3))
TRAIN = ["train", "scenes", "--task", "pose", "--model", "poses-small", "--batch-size", "4", "--no-checks", "--augment",
         "flip"]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 scenes to learn from, 4 for validation, 6 for the test."""
    return write_scenes(str(tmp_path_factory.mktemp("drawn") / "scenes"), {"train": 12, "val": 4, "test": 6}, seed=5,
                        people=(1, 3), size=SIZE)  # fmt: skip


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path,
             ) -> Terminal:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("scenes").symlink_to(folder)
    return Terminal(capsys)


def people_of(folder: Path, part: str = "test") -> People:
    found = open_dataset(str(folder), annotations="people").part(part).annotations
    assert isinstance(found, People)
    return found


def evaluated(people: People, outputs: np.ndarray) -> dict[str, Any]:
    found = located(CODEC, outputs, people.affines)
    sigmas = people.skeleton.sigmas
    assert sigmas is not None
    return Evaluation("test", people, found, sigmas, True, 0.0, [""] * len(people)).to_metrics()


def test_people_come_back_from_their_own_maps_and_fields(folder: Path) -> None:
    people = people_of(folder)
    made = CODEC.encode(people)
    assert made.targets.shape == (6, 24, 28, 44) and made.masks["output"].all()
    told = evaluated(people, made.targets)
    assert told["found"] == told["people"] == told["told"] and told["oks_ap50"] == 1 and told["oks_ap"] > 0.85
    nothing = evaluated(people, 0 * made.targets)
    assert nothing["oks_ap"] == nothing["pck"] == nothing["found"] == nothing["told"] == 0
    swapped = evaluated(people, CODEC.mirrored(made.targets, people.skeleton.mirrored())[:, :, ::-1])
    assert swapped["pck"] < 0.7                                     # left joints under the names of right ones


def test_what_is_written_of_a_mirror_image_is_the_mirror_image_of_what_is_written(folder: Path) -> None:
    people, order = people_of(folder), people_of(folder).skeleton.mirrored()
    assert CODEC.mirrors(order) and not CODEC.mirrors(np.arange(14))
    way = np.broadcast_to([[-1.0, 0, SIZE[1]], [0, 1, 0]], (len(people), 2, 3))
    mirrored = CODEC.encode(people.moved(way, SIZE)).targets
    assert mirrored == pytest.approx(CODEC.mirrored(CODEC.encode(people).targets, order), abs=1e-5)


def crowded(folder: Path, tmp_path: Path) -> Path:
    """The scenes with a crowd, somebody without a mark, and a picture with nobody."""
    target = tmp_path / "crowded"
    (target / "annotations").mkdir(parents=True)
    (target / "images").symlink_to(folder / "images")
    for part in ("train", "val", "test"):
        told = json.loads((folder / "annotations" / f"person_keypoints_{part}.json").read_text())
        first = told["images"][0]["id"]
        own = [one for one in told["annotations"] if one["image_id"] == first]
        told["annotations"] = [one for one in told["annotations"] if one["image_id"] != told["images"][1]["id"]]
        told["annotations"] += [
            {"id": 900, "image_id": first, "category_id": 1, "iscrowd": 1, "bbox": [40, 20, 32, 40], "area": 900,
             "keypoints": [0] * 42},
            {**own[0], "id": 901, "keypoints": [0] * 42, "num_keypoints": 0, "bbox": [0, 0, 8, 12]}]  # fmt: skip
        (target / "annotations" / f"person_keypoints_{part}.json").write_text(json.dumps(told))
    return target


def test_crowds_and_people_without_a_mark_are_masked_and_count_nothing(folder: Path, tmp_path: Path) -> None:
    people = people_of(crowded(folder, tmp_path))
    assert (~people.counted).sum() == 2 and people.crowd.sum() == 1
    assert np.diff(people.offsets)[1] == 0 and people.strata[1] == 0           # a picture with nobody is kept
    mask = CODEC.encode(people).masks["output"]
    assert not mask[0, 5:15, 10:18].any() and not mask[0, :3, :2].any() and mask[1:].all()
    assert (~mask[0]).sum() == 10 * 8 + 3 * 2
    told = evaluated(people, CODEC.encode(people).targets)
    assert told["people"] == people.counted.sum() and told["oks_ap50"] == 1


@pytest.mark.parametrize("engine_name", ["reference", "pytorch"])
def test_masked_places_have_a_gradient_of_exactly_zero(folder: Path, tmp_path: Path, engine_name: str) -> None:
    people = people_of(crowded(folder, tmp_path))
    made = CODEC.encode(people.take(np.arange(2)))
    x = Input((24, 28, 3))
    model = Model(x, Conv2D(44, 1)(x))                  # a place's loss depends on its own inputs alone
    engine = engine_named(engine_name, "float64", None)
    params, state = engine.init(model.graph, Key.of(0))
    pixels = np.random.default_rng(0).normal(size=(2, 24, 28, 3))
    batch = Batch({"input": pixels}, {"output": made.targets.astype(np.float64)}, {}, dict(made.masks), np.arange(2))
    run = engine.forward(model.graph, params, state, engine.put(batch.inputs), training=True, key=Key.of(1))
    _, found = engine.grad(Objective(CODEC.terms()), run, batch, wrt=("inputs",))
    there = np.abs(engine.get(found.inputs)["input"]).sum(axis=3) > 0
    assert np.array_equal(there, made.masks["output"])


@pytest.mark.drawn
def test_a_run_learns_is_scored_asked_drawn_gone_on_from_and_exported(terminal: Terminal) -> None:
    pytest.importorskip("onnxruntime")
    typed = terminal.type(*TRAIN, "--epochs", "2", "--out", "run")
    assert typed.code == 0 and "people with 14 points" in typed.out and "oks_ap" in typed.out, typed
    metrics = json.loads(Path("run/metrics.json").read_text())
    headline = metrics["headline"]
    assert metrics["task"] == "pose" and (headline["name"], headline["better"]) == ("oks_ap", "more")
    scored = json.loads(terminal.type("evaluate", "run", "--json").out)
    assert scored["oks_ap"] == metrics["oks_ap"] and scored["n"] == 6
    assert "people found" in terminal.type("evaluate", "run", "--tta").out
    said = terminal.type("diagnose", "run", "--reference-oks-ap", "0.9").out
    assert "Next to nothing was learnt" in said and "pellucid check scenes --model" in said
    assert all("--task pose" in line for line in said.splitlines() if line.strip().startswith("pellucid "))
    assert json.loads(Path("run/diagnosis.json").read_text())["reference"] == {"oks_ap": 0.9, "given": True}
    picture = "scenes/images/test/000016.png"
    Image.open(picture).resize((224, 192)).save("large.png")
    asked = terminal.type("predict", "run", picture, "large.png", "--json", "--out", "drawn")
    entries = json.loads(asked.out)["predictions"]
    assert all(isinstance(entry["people"], list) for entry in entries) and Path("drawn/large.png").exists()
    assert load_model("run").keypoints([picture])[0] == entries[0]["people"]
    assert terminal.type("train", "scenes", "--task", "pose", "--model", "run/model.safetensors", "--epochs", "1",
                         "--no-checks", "--augment", "none", "--out", "more").code == 0  # fmt: skip
    assert terminal.type("export", "run", "--format", "onnx", "--out", "poses.onnx").code == 0
    told = [json.loads(line) for line in Path("run/predictions.jsonl").read_text().splitlines()]
    assert len(told) == 6 and {"people", "true"} <= told[0].keys()


def test_the_example_reads_the_same_people_with_numpy_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, random = CODEC.encode(people_of(folder)).targets, np.random.default_rng(0)
    codec = replace(CODEC, rules=Rules("greedy", 3))
    for outputs in made * random.uniform(0.7, 1, made.shape).astype(np.float32):    # peaks are not where they were
        found = codec.decode(outputs)
        told = poses_onnx.read(outputs, codec.record())
        assert len(told) == len(found) > 0
        for (score, points), own, xy in zip(told, found.scores, found.xy, strict=True):
            assert score == pytest.approx(own, abs=1e-5)
            assert points.keys() == set(np.flatnonzero(np.isfinite(xy[:, 0])))
            assert np.array([points[k] for k in sorted(points)]) == pytest.approx(xy[sorted(points)], abs=1e-4)
        asked = outputs, {"codec": codec.record(), "skeleton": {"names": NAMES}}, (np.array([0.5, 1.0]), np.zeros(2))
        monkeypatch.setattr(poses_onnx, "asked", lambda *given, asked=asked: asked)
        entries = as_json(replace(found, xy=found.xy * [2, 1]), NAMES)
        for person, entry in zip(poses_onnx.people("poses.onnx", "picture.png"), entries, strict=True):
            assert [point["name"] for point in person["points"]] == [point["name"] for point in entry["points"]]
            assert person["points"][0]["x"] == pytest.approx(entry["points"][0]["x"], abs=2e-3)


def test_the_checks_see_people_and_pass_them(folder: Path) -> None:
    config = RunConfig(data=str(folder), task="pose", model="poses-small")
    subject = subject_of(prepare(config, understand(config)))
    found = {name: check(subject).status for name, check in subject.own.items()}
    assert found["people"] == "pass" and found["people-back"] in ("pass", "warning"), found


@pytest.mark.parametrize(("task", "model"), [("pose", "poses-small"), ("keypoints", "heatmap-small")])
def test_flips_of_figures_with_dark_right_limbs_are_warned_of(tmp_path: Path, task: str, model: str) -> None:
    drawn = write_scenes(str(tmp_path / "drawn"), {"train": 80, "val": 2, "test": 2}, seed=0, people=(1, 1),
                         size=(64, 64))  # fmt: skip

    def told(augment: str) -> str:
        config = RunConfig(data=str(drawn), task=task, model=model, augment=augment)
        subject = subject_of(prepare(config, understand(config)))
        return subject.own["marked-sides"](subject).status

    assert (told("flip"), told("shift=2")) == ("warning", "pass")


@pytest.mark.parametrize(("words", "parts"), [
    (["--model", "lenet5"], ["--model", "poses", "openpose"]),
    (["--resize", "90x112"], ["height", "multiple of 16", "96x112"]),
    (["--least-peak", "1"], ["--least-peak"]),
], ids=str)  # fmt: skip
def test_words_that_mean_nothing_are_refused(terminal: Terminal, words: list[str], parts: list[str]) -> None:
    terminal.refused(2, parts, *TRAIN[:4], *words, "--no-checks", "--epochs", "1", "--out", "run")


def test_data_without_people_are_refused(terminal: Terminal) -> None:
    Path("plain").mkdir()
    Image.new("RGB", (32, 32)).save("plain/a.png")
    terminal.refused(1, ["people are wanted", "COCO keypoints"], "train", "plain", "--task", "pose", "--out", "run")
