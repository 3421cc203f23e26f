"""POST /predict answers as `pellucid predict --json` does, whatever was asked at the same time."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.cli.entry import main
from pellucid.tasks.detection.darknet import load_darknet
from tests.serving.asking import Served, served
from tests.tasks.conftest import tilted


def told(capsys: pytest.CaptureFixture[str], run: Path, pictures: list[Path]) -> dict[str, Any]:
    """What the command says."""
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["predict", str(run), *map(str, pictures), "--json"])
    return dict(json.loads(capsys.readouterr().out))


def assert_same(found: Any, wanted: Any) -> None:
    """Equal in everything, numbers to 1e-5."""
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys()
        for key, value in wanted.items():
            assert_same(found[key], value)
    elif isinstance(wanted, list):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert_same(one, other)
    elif isinstance(wanted, float):
        assert abs(found - wanted) <= 1e-5
    else:
        assert found == wanted


def form(paths: list[Path]) -> list[tuple[str, tuple[str, bytes, str]]]:
    """Files as a form has them."""
    return [("image", (path.name, path.read_bytes(), "image/png")) for path in paths]


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_a_form_of_pictures_is_answered_as_the_command_does(
    run: Path, pictures: list[Path], capsys: pytest.CaptureFixture[str], engine: str
) -> None:
    wanted = told(capsys, run, pictures)
    for entry, path in zip(wanted["predictions"], pictures, strict=True):
        entry["image"] = path.name
    found = served([str(run)], engine).ask("POST", "/predict", files=form(pictures))
    assert found.status_code == 200
    assert_same(found.json(), wanted)


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_the_bits_of_an_answer_are_the_same_alone_and_among_others(
    run: Path, pictures: list[Path], engine: str
) -> None:
    server = served([str(run)], engine)
    alone = [server.ask("POST", "/predict", content=path.read_bytes()).json() for path in pictures]
    at_once = server.ask_all([("POST", "/predict", {"content": path.read_bytes()}) for path in pictures[::-1]])
    assert [response.json() for response in at_once[::-1]] == alone
    assert len({json.dumps(answer) for answer in alone}) == len(pictures)  # the pictures can be told apart


def test_numbers_are_answered_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x, y = tilted(60, 0)
    np.savez(tmp_path / "tilted.npz", x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:])
    with pytest.raises(SystemExit):
        main(["train", str(tmp_path / "tilted.npz"), "--model", "conv_4,pool,FC_8", "--epochs", "1", "--no-checks",
              "--out", str(tmp_path / "run")])  # fmt: skip
    Image.fromarray(x[50, ..., 0]).save(tmp_path / "bar.png")
    same_over_http(tmp_path / "run", [tmp_path / "bar.png"], capsys, "numbers")


def test_boxes_are_answered_in_pixels_of_the_picture_as_given(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A trained detector of darknet on pictures of COCO, of several sizes."""
    files = shared_data / "weights" / "yolo-fastest-1.1"
    name = files / "yolo-fastest-1.1"
    load_darknet(f"{name}.cfg", f"{name}.weights", files / "coco.names").save(tmp_path / "yolo.safetensors")
    with tarfile.open(shared_data / "coco-mini" / "coco-mini.tar") as tar:
        members = [each for each in tar if each.name.endswith(".jpg")][:4]
        tar.extractall(tmp_path, members, filter="data")
    found = same_over_http(tmp_path / "yolo.safetensors", [tmp_path / each.name for each in members], capsys, "boxes")
    assert sum(len(entry["boxes"]) for entry in found["predictions"]) >= 4


def same_over_http(run: Path, pictures: list[Path], capsys: pytest.CaptureFixture[str], answer: str) -> dict[str, Any]:
    """Hold the server's answers to those of the command, and return them."""
    wanted = told(capsys, run, pictures)
    for entry, path in zip(wanted["predictions"], pictures, strict=True):
        entry["image"] = path.name
    found = served([str(run)]).ask("POST", "/predict", files=form(pictures)).json()
    assert_same(found, wanted)
    assert all(entry[answer] is not None for entry in found["predictions"])
    return dict(found)


def test_a_broken_picture_has_its_error_beside_the_answers_of_the_others(
    server: Served, pictures: list[Path]
) -> None:
    files = [*form(pictures[:1]), ("image", ("torn.png", pictures[1].read_bytes()[:-30], "image/png"))]
    found = server.ask("POST", "/predict", files=files)
    first, second = found.json()["predictions"]
    assert found.status_code == 200 and len(first["classes"]) == 5
    assert second["image"] == "torn.png" and "truncated or corrupt" in second["error"]
    alone = server.ask("POST", "/predict", files=files[1:])
    assert alone.status_code == 422 and alone.json()["predictions"][0]["error"] == second["error"]


def test_top_says_how_many_classes(server: Served, pictures: list[Path]) -> None:
    found = server.ask("POST", "/predict?top=10", content=pictures[0].read_bytes()).json()
    probabilities = [each["probability"] for each in found["predictions"][0]["classes"]]
    assert len(probabilities) == 10 and np.isclose(sum(probabilities), 1)
