"""Points from end to end: trained, scored, asked, drawn, gone on from; and what is refused."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data.opening import open_dataset
from pellucid.data.points.column import Points
from pellucid.data.points.usual import usual
from pellucid.models import load_model
from pellucid.runs.config import RunConfig
from pellucid.runs.preparation import prepare, understand
from pellucid.tasks.keypoints.task import TASK
from tests.cli.terminal import Terminal
from tests.tasks.keypoints.conftest import NAMES, SIZE, kites

pytest.importorskip("torch")
EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "points_onnx.py"
TRAIN = ["train", "kites", "--model", "heatmap-small", "--batch-size", "8", "--lr", "0.005", "--no-checks", "--augment",
         "flip,rotate=10"]  # fmt: skip


def record(path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found


def points_of(entry: dict[str, Any]) -> np.ndarray:
    return np.array([[point["x"], point["y"]] for point in entry["points"]])


@pytest.mark.drawn
def test_points_are_learnt_scored_asked_and_drawn(terminal: Terminal) -> None:
    typed = terminal.type(*TRAIN, "--epochs", "14", "--out", "run")
    assert typed.code == 0 and "4 points each" in typed.out, typed
    metrics = record("run/metrics.json")
    assert metrics["task"] == "keypoints" and metrics["headline"]["name"] == "nme" and metrics["normaliser"] == "box"
    assert metrics["headline"]["better"] == "less" and metrics["nme"] < 0.1 and metrics["pck"] > 0.9, metrics
    assert metrics["error_px_median"] < 1.5 and [one["name"] for one in metrics["points"]] == list(NAMES)
    assert metrics["oks"]["assumed"] and metrics["nme_interval"][0] < metrics["nme"] < metrics["nme_interval"][1]
    scored = json.loads(terminal.type("evaluate", "run", "--json").out)
    assert {name: scored[name] for name in ("nme", "pck", "n")} == {name: metrics[name] for name in ("nme", "pck", "n")}
    mirrored = json.loads(terminal.type("evaluate", "run", "--tta", "--json").out)
    assert mirrored["nme"] != scored["nme"] and mirrored["nme"] < 0.1  # left and right come back to their names
    assert "trust pck more" in terminal.type("evaluate", "run").out
    told = [json.loads(line) for line in Path("run/predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(told) == 24 and {"points", "true", "nme"} <= told[0].keys()
    page = Path("run/report.html").read_text(encoding="utf-8")
    assert "Error curve" in page and "The worst objects" in page and Path("run/mistakes.png").exists()


@pytest.fixture
def trained(terminal: Terminal) -> Terminal:
    """With a run of a few steps."""
    assert terminal.type(*TRAIN, "--epochs", "2", "--out", "run").code == 0
    return terminal


def test_answers_are_in_pixels_of_the_picture_as_given(trained: Terminal) -> None:
    """Larger, and turned by what EXIF says: the points turn along."""
    pixels, _ = kites(1, 9)
    image = Image.fromarray(pixels[0])
    image.save("plain.png")
    image.resize((3 * SIZE[1], 3 * SIZE[0]), Image.Resampling.NEAREST).save("large.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter to the right when it is shown
    image.transpose(Image.Transpose.ROTATE_90).save("turned.png", exif=exif)
    typed = trained.type("predict", "run", "plain.png", "large.png", "turned.png", "--out", "drawn", "--json")
    plain, large, turned = json.loads(typed.out)["predictions"]
    assert np.median(np.abs(points_of(large) - 3 * points_of(plain))) < 2
    assert np.allclose(points_of(turned), points_of(plain), atol=1e-3)
    drawn = np.asarray(Image.open("drawn/plain.png"))
    assert drawn.shape[1] >= 640 and drawn.shape[0] * SIZE[1] == drawn.shape[1] * SIZE[0]
    found = load_model("run").keypoints([pixels[0], "large.png"])
    assert found[0] == plain["points"] and [one["name"] for one in found[1]] == list(NAMES)
    assert np.allclose([[one["x"], one["y"]] for one in found[1]], points_of(large), atol=1e-3)


@pytest.mark.parametrize("words", [[], ["--model", "plain", "--fit", "letterbox", "--resize", "48x48"]])
def test_an_exported_file_is_read_by_onnxruntime_and_numpy_alone(terminal: Terminal, words: list[str]) -> None:
    pytest.importorskip("onnxruntime")
    assert terminal.type(*TRAIN, *words, "--epochs", "1", "--limit", "8", "--out", "run").code == 0
    assert terminal.type("export", "run", "--format", "onnx", "--out", "kites.onnx").code == 0
    Image.fromarray(kites(1, 9)[0][0]).resize((100, 60)).save("other.png")
    points = runpy.run_path(str(EXAMPLE))["points"]
    files = ["kites/test/0.png", "other.png"]
    told = json.loads(terminal.type("predict", "run", *files, "--json").out)["predictions"]
    for file, entry in zip(files, told, strict=True):
        found = points("kites.onnx", file)
        assert [one["name"] for one in found] == list(NAMES)
        assert np.allclose([[one["x"], one["y"]] for one in found], points_of(entry), atol=0.01)


@pytest.mark.parametrize("model", ["heatmap-small", "plain", "simcc"])
def test_what_is_known_by_heart_is_told_from_what_is_not(terminal: Terminal, model: str) -> None:
    config = RunConfig(data="kites", model=model, engine="reference")
    prepared = prepare(config, understand(config))
    part, problem = prepared.dataset.part("train").subset(np.arange(4)), prepared.problem
    judge = problem.by_heart(part)
    assert judge is not None and judge.best == 1 and judge.name == "PCK@0.1 of the box"
    targets = problem.encode(part.annotations).targets  # type: ignore[union-attr]
    assert judge.score(problem.codec.sure(targets)) == 1  # type: ignore[attr-defined]
    assert judge.score(problem.codec.sure(targets[:, ::-1])) < 0.5  # type: ignore[attr-defined]


def test_a_model_goes_on_with_the_same_points(trained: Terminal) -> None:
    more = ["train", "kites", "--model", "run/model.safetensors", "--epochs", "1", "--limit", "8", "--no-checks"]
    assert trained.type(*more, "--out", "more").code == 0
    assert record("more/config.json")["settings"]["task"] == "keypoints"
    table = Path("kites/points.csv")
    table.write_text(table.read_text(encoding="utf-8").replace("tail_", "fin_"), encoding="utf-8")
    trained.refused(2, ["other points", "tail"], *more, "--out", "other")
    trained.refused(1, ["points must be those of the model", "fin"], "evaluate", "run", "kites")


def test_columns_in_another_order_come_to_that_of_the_model(terminal: Terminal) -> None:
    dataset = open_dataset("kites")
    part, order = dataset.part("test"), np.array([2, 0, 3, 1])
    points = part.annotated(Points)
    other = replace(points, xy=points.xy[:, order], visible=points.visible[:, order],
                    skeleton=usual([NAMES[k] for k in order]))  # fmt: skip
    fitted = TASK.problem(dataset).fitted(dataset, replace(part, annotations=other)).annotated(Points)
    np.testing.assert_array_equal(fitted.xy, points.xy)
    assert fitted.skeleton == points.skeleton != other.skeleton


@pytest.mark.parametrize("engine", ["pytorch", "reference"])
def test_a_resume_comes_to_the_same_bytes(terminal: Terminal, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid.runs.recording import Checkpoints

    words = [*TRAIN, "--limit", "8", "--epochs", "2", "--engine", engine, "--model", "plain"]
    assert terminal.type(*words, "--out", "whole").code == 0

    class Stopped(Exception):
        """As a kill: nothing is written any more."""

    write = Checkpoints.write

    def stop(self: Checkpoints, progress: Any) -> None:
        write(self, progress)
        if progress.position.epoch == 1:
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "write", stop)
        terminal.type(*words, "--out", "cut")
    assert not Path("cut/metrics.json").exists()
    assert terminal.type("train", "--resume", "cut").code == 0
    for name in ("model.safetensors", "history.csv"):
        assert Path("cut", name).read_bytes() == Path("whole", name).read_bytes(), name


@pytest.mark.parametrize(("words", "parts"), [
    (["--normaliser", "corners"], ["--normaliser", "box", "'corners'"]),
    (["--normaliser", "nose:fin"], ["nose:fin"]),
    (["--spreads", "0.1,0.2"], ["--spreads", "4 numbers"]),
    (["--points-codec", "coordinates"], ["--points-codec coordinates", "heatmap-small", "heatmaps"]),
    (["--points-loss", "mae"], ["--points-loss", "mse or crossentropy"]),
    (["--model", "plain", "--points-read", "peak"], ["--points-read", "coordinates"]),
    (["--resize", "42x48"], ["--resize", "multiple of 4", "44x48"]),
    (["--model", "nonsense"], ["--model", "heatmap", "nonsense"]),
    (["--pck", "0"], ["--pck", "above 0"]),
    (["--nms", "0.3"], ["--nms", "detection", "keypoints"]),
])  # fmt: skip
def test_what_means_nothing_is_refused(terminal: Terminal, words: list[str], parts: list[str]) -> None:
    terminal.refused(2, parts, *TRAIN, *words)


@pytest.mark.parametrize("words", [["--model", "plain"], ["--model", "simcc"], ["--model", "conv_4,pool,FC_8"],
                                   ["--points-loss", "mse"], ["--points-codec", "simcc", "--weigh", "normaliser"]])
def test_every_form_takes_a_step(terminal: Terminal, words: list[str]) -> None:
    typed = terminal.type(*TRAIN, *words, "--epochs", "1", "--limit", "8", "--out", "run")
    assert typed.code == 0, typed
    assert np.isfinite(record("run/metrics.json")["nme"])
