"""pellucid diagnose on real runs: what it prints and writes, and what it says of runs that lack something."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.terminal import Terminal, pictures, write_npz
from tests.reports.page import Page

SMALL = {"model": "FC_8", "epochs": 6, "engine": "reference", "seed": 1}


def train(out: str, **settings: Any) -> str:
    """A small run, without the command line around it."""
    from pellucid.runs.config import RunConfig
    from pellucid.runs.experiment import start_run
    from pellucid.storage.run_folder import RunFolder

    folder = RunFolder.create(out)
    start_run(RunConfig(**(SMALL | {"no_checks": True} | settings)), folder, command="pellucid train", console=None)
    return out


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a run on digits that has all four parts, and runs on 24 images that lack some."""
    place = tmp_path_factory.mktemp("diagnose")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        train("digits", data="digits", model="FC_32", limit=400, train_dev_fraction=0.2, val_fraction=0.2, lr=0.01)
        write_npz(Path("data.npz"))
        train("no-dev", data="data.npz", val_fraction=0.0)
        x = pictures(3, 16)
        other = {"x_val": 255 - x, "y_val": np.arange(16) % 2}  # dark where they were bright
        write_npz(Path("other.npz"), x_train=pictures(0, 80), y_train=np.arange(80) % 2, **other)
        train("other", data="other.npz", train_dev_fraction=0.3, epochs=20)
        write_npz(Path("thin.npz"), x_val=x[::2], y_val=np.zeros(8, np.int64), x_test=x[:3], y_test=np.array([0, 1, 0]))
        train("thin", data="thin.npz")
        yield place


@pytest.fixture
def terminal(place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(place)
    return Terminal(capsys)


def diagnosed(terminal: Terminal, *words: str) -> dict[str, Any]:
    """The one JSON object that the command prints; the same as it wrote."""
    typed = terminal.type("diagnose", *words, "--json")
    assert typed.code == 0 and typed.out.count("\n") == 1, typed.err
    found = json.loads(typed.out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert json.loads((Path(words[0]) / "diagnosis.json").read_text()) == found
    assert isinstance(found, dict)
    return found


def test_all_four_parts_are_scored_as_evaluate_scores_them(terminal: Terminal) -> None:
    found = diagnosed(terminal, "digits", "--reference-error", "0.01")
    assert [part["part"] for part in found["parts"]] == ["train", "train-dev", "validation", "test"]
    for part in found["parts"]:
        scores = json.loads(terminal.type("evaluate", "digits", "--split", part["part"], "--json").out)
        assert part["error"] == pytest.approx(1 - scores["accuracy"]) and part["n"] == scores["n"]
    assert [gap["name"] for gap in found["gaps"]] == ["bias", "variance", "mismatch", "dev over-fitting"]
    assert sum(gap["value"] for gap in found["gaps"]) + 0.01 == pytest.approx(found["parts"][-1]["error"])
    assert len(found["next_steps"]) == 3 and found["readings"] and found["mistakes"]["n"] == found["parts"][2]["n"]
    assert found["mistakes"]["mistakes"] == found["parts"][2]["wrong"] > 0 and found["slices"]["tried"] >= 0
    assert 0 < found["calibration"]["ece"] < 1 and "temperature" not in found


def test_people_are_told_in_a_few_lines_and_the_command_of_a_step_is_one_that_can_be_typed(terminal: Terminal) -> None:
    typed = terminal.type("diagnose", "digits")
    assert typed.code == 0 and typed.err == ""
    lines = typed.out.splitlines()
    found = json.loads(Path("digits/diagnosis.json").read_text())
    assert lines[0].startswith(found["title"]) and lines[-1] == "page    digits/diagnosis.html"
    assert [line[:3] for line in lines if re.match(r"\d\. ", line)] == ["1. ", "2. ", "3. "]
    commands = [line.strip() for line in lines if line.startswith("   pellucid train ")]
    assert commands and all("--limit 400" in line and "--train-dev-fraction 0.2" in line for line in commands)
    assert commands[0] == ("pellucid train digits --model FC_32 --lr 0.01 --limit 400 --val-fraction 0.2 "
                           "--train-dev-fraction 0.2 --seed 1 --no-checks --epochs 25")  # fmt: skip
    words = shlex.split(commands[0])[1:]
    typed = terminal.type(*words, "--epochs", "1", "--limit", "40", "--val-fraction", "0.3", "--out", "followed")
    assert typed.code == 0, typed.err


@pytest.mark.drawn
def test_the_page_says_it_all_and_needs_nothing_else(terminal: Terminal) -> None:
    found = diagnosed(terminal, "digits")
    source = Path("digits/diagnosis.html").read_text(encoding="utf-8")
    page = Page(source)
    assert page.open == [] and not {"script", "link", "iframe"} & {tag for tag, _ in page.tags}
    assert not re.search(r"https?:|url\((?!#)|@import", source)
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(images) == min(24, found["mistakes"]["mistakes"])
    assert all(str(image["src"]).startswith("data:image/png") and image["alt"] for image in images)
    assert sum("aria-label" in attributes for tag, attributes in page.tags if tag == "svg") == 5  # three are curves
    for wanted in (found["title"], found["sentence"], *(step["action"] for step in found["next_steps"]),
                   *(step["because"] for step in found["next_steps"]), "train-dev", "dev over-fitting",
                   f"{found['mistakes']['mistakes']} of {found['mistakes']['n']} images are wrong"):  # fmt: skip
        assert wanted in page.text
    assert {path.name for path in Path("digits").glob("diagnosis*")} == {
        "diagnosis.json", "diagnosis.html", "diagnosis-split.png", "diagnosis-mistakes.png",
        "diagnosis-reliability.png", "diagnosis-to-tag.csv",
    }  # fmt: skip


def test_images_of_the_data_can_be_left_out(terminal: Terminal) -> None:
    assert terminal.type("diagnose", "other").code == 0
    assert Path("other/diagnosis-mistakes.png").exists()
    assert terminal.type("diagnose", "other", "--no-images").code == 0
    assert not list(Path("other").glob("diagnosis-mistakes.png"))
    page = Page(Path("other/diagnosis.html").read_text())
    assert sum(tag == "img" for tag, _ in page.tags) == 0


def test_dev_images_of_another_kind_are_a_mismatch(terminal: Terminal) -> None:
    found = diagnosed(terminal, "other", "--reference-error", "0")
    assert found["main_problem"] == "mismatch" and found["problems"] == ["mismatch"]
    assert found["title"] == "Mismatch" and "standard deviations apart" in found["next_steps"][0]["because"]
    assert {part["part"]: part["error"] for part in found["parts"]}["validation"] >= 0.5


def test_without_a_dev_part_the_rest_stands(terminal: Terminal) -> None:
    found = diagnosed(terminal, "no-dev")
    assert [part["part"] for part in found["parts"]] == ["train", "test"]
    assert "no dev part" in " ".join(found["notes"]) and "--val-fraction 0.1" in found["mistakes"]["absent"]
    assert found["gaps"][1]["undivided"]
    longer, check = (step["command"] for step in found["next_steps"])
    assert longer.endswith("--epochs 200") and check == "pellucid check data.npz --model FC_8 --val-fraction 0 --seed 1"
    assert terminal.type(*shlex.split(check)[1:]).code in (0, 1)  # it is one that can be typed
    for section in ("mistakes", "slices", "calibration"):
        assert "hold one out with --val-fraction" in found[section]["absent"]
    assert found["mistakes"]["absent"][1:] in Page(Path("no-dev/diagnosis.html").read_text()).text


def test_which_epoch_is_looked_at_and_that_training_was_stopped_is_said(terminal: Terminal) -> None:
    metrics = Path("digits/metrics.json")
    was = metrics.read_text()
    told = json.loads(was)
    assert f"the model is that of epoch {told['best_epoch']} of 6" in diagnosed(terminal, "digits")["notes"]
    metrics.write_text(json.dumps(told | {"best_epoch": 3, "epochs": 4, "state": "stopped by SIGTERM"}))
    found = diagnosed(terminal, "digits")
    assert found["epoch"] == 3 and "the model is that of epoch 3 of 4" in found["notes"]
    assert any("go on with: pellucid train --resume digits" in note for note in found["notes"])
    metrics.write_text(was)


def test_one_class_in_dev_and_too_few_of_a_class_are_said(terminal: Terminal) -> None:
    notes = diagnosed(terminal, "thin")["notes"]
    assert "all 8 validation images are of the class '0': the error there says nothing about the 1 other class" in notes
    assert any(note.startswith("1 of 2 classes have fewer than 2 test images ('1')") for note in notes)


def test_a_reference_above_the_training_error_is_said(terminal: Terminal) -> None:
    found = diagnosed(terminal, "other", "--reference-error", "0.5")
    assert any("is below the reference error (50.0 %)" in note for note in found["notes"])
    assert found["gaps"][0]["value"] < 0 and found["main_problem"] == "mismatch"


def test_a_part_of_a_large_training_part_is_scored_and_that_is_said(terminal: Terminal) -> None:
    found = diagnosed(terminal, "digits", "--train-sample", "50")
    assert found["parts"][0]["n"] == 50
    assert any(note.startswith("the training error is that of 50 of ") for note in found["notes"])


def test_tags_of_a_person_are_read_back(terminal: Terminal) -> None:
    diagnosed(terminal, "digits")
    lines = Path("digits/diagnosis-to-tag.csv").read_text().splitlines()
    assert lines[0].endswith(",tags") and len(lines) == 1 + min(
        100, json.loads(Path("digits/diagnosis.json").read_text())["mistakes"]["mistakes"]
    )
    Path("tagged.csv").write_text("\n".join([lines[0], *(f"{line}smudged" for line in lines[1:])]) + "\n")
    found = diagnosed(terminal, "digits", "--tags", "tagged.csv")
    smudged = next(tag for tag in found["mistakes"]["tags"] if tag["tag"] == "smudged")
    assert smudged["mistakes"] == smudged["n"] == len(lines) - 1 and smudged["kind"] == "given"
    assert "smudged" in Page(Path("digits/diagnosis.html").read_text()).text
    terminal.refused(1, ["nowhere.csv"], "diagnose", "digits", "--tags", "nowhere.csv")


def test_a_temperature_can_be_fitted_and_kept(terminal: Terminal) -> None:
    found = diagnosed(terminal, "digits", "--calibrate")
    fitted = found["temperature"]
    assert fitted["value"] > 0 and fitted["nll_after"] <= fitted["nll_before"] and fitted["n"] == 80
    before, after = (json.loads(terminal.type("evaluate", model, "digits", "--limit", "400", "--json").out)
                     for model in ("digits/model.safetensors", "digits/calibrated.safetensors"))  # fmt: skip
    assert before["accuracy"] == after["accuracy"] and before["loss"] != after["loss"]
    assert "changes no answer" in Page(Path("digits/diagnosis.html").read_text()).text
    thin = diagnosed(terminal, "thin", "--calibrate")
    assert "at least 50" in thin["temperature"]["absent"] and thin["readings"]


def test_outputs_that_are_no_probabilities_are_said_and_the_rest_stands(terminal: Terminal) -> None:
    from pellucid.layers import Dense, Flatten, Input
    from pellucid.models import Sequential

    shutil.copytree("digits", "linear")
    model = Sequential([Input((8, 8, 1)), Flatten(), Dense(10)])
    model.save("linear/model.safetensors")
    found = diagnosed(terminal, "linear")
    assert any("no probabilities" in note and "activation='softmax'" in note for note in found["notes"])
    assert "no probabilities" in found["calibration"]["absent"]
    assert len(found["parts"]) == 4 and found["next_steps"] and found["mistakes"]
    assert "no probabilities" in Page(Path("linear/diagnosis.html").read_text()).text


@pytest.mark.drawn
def test_labels_that_look_wrong_are_listed(terminal: Terminal) -> None:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    wrong = np.arange(0, 300, 15)  # 20 of 300
    given = y[:300].copy()
    given[wrong] = (given[wrong] + 3) % 10
    images = (x * 15).astype(np.uint8).reshape(-1, 8, 8)
    write_npz(Path("wrong.npz"), x_train=images[:300], y_train=given, x_test=images[300:400], y_test=y[300:400])
    train("wrong", data="wrong.npz", model="FC_32", lr=0.01)
    found = diagnosed(terminal, "wrong", "--label-errors", "--folds", "3")
    listed = Path("wrong/diagnosis-labels.csv").read_text().splitlines()
    assert found["labels"]["folds"] == 3 and len(listed) == 1 + found["labels"]["named"]
    planted = {int(line.split("#")[1].split(",")[0]) for line in listed[1:]} & set(wrong.tolist())
    assert len(planted) >= 12  # of about 18 that are not in the validation part
    assert "diagnosis-labels.csv" in found["next_steps"][0]["action"]
    page = Page(Path("wrong/diagnosis.html").read_text())
    assert "Training labels that look wrong" in page.text and Path("wrong/diagnosis-labels.png").exists()
    pictures = min(24, found["labels"]["named"]) + min(24, found["mistakes"]["mistakes"])
    assert sum(tag == "img" for tag, _ in page.tags) == pictures
    terminal.refused(2, ["--folds", "2 or more"], "diagnose", "wrong", "--label-errors", "--folds", "1")


def test_wrong_usage_is_one_sentence(terminal: Terminal) -> None:
    terminal.refused(2, ["--reference-error", "0.002 for 0.2 %", "5"], "diagnose", "digits", "--reference-error", "5")
    terminal.refused(2, ["--train-sample", "0 (all) or more"], "diagnose", "digits", "--train-sample", "-1")
    terminal.refused(1, ["is a file, not a run folder"], "diagnose", "digits/model.safetensors")
    terminal.refused(1, ["does not exist"], "diagnose", "nowhere")


def test_what_a_limit_or_a_flag_of_training_does_elsewhere_is_said(terminal: Terminal) -> None:
    terminal.refused(2, ["check: --epochs is about the training of a network", "Leave it out."], "check", "digits",
                     "--epochs", "3")  # fmt: skip
    terminal.refused(1, ["1 to learn from", "Pass a larger --limit"], "train", "data.npz", "--limit", "2")


def test_data_that_moved_or_changed(terminal: Terminal) -> None:
    write_npz(Path("moved.npz"))
    assert diagnosed(terminal, "no-dev", "--data", "moved.npz")["parts"][0]["n"] == 24
    write_npz(Path("changed.npz"), x_train=pictures(9))
    terminal.refused(1, ["fingerprint differs", "pellucid evaluate no-dev DATA"], "diagnose", "no-dev", "--data",
                     "changed.npz")  # fmt: skip
    Path("data.npz").rename("elsewhere.npz")
    terminal.refused(2, ["data.npz", "say where with --data"], "diagnose", "no-dev")
    Path("elsewhere.npz").rename("data.npz")


def test_another_engine_finds_the_same(terminal: Terminal) -> None:
    pytest.importorskip("torch")
    found = diagnosed(terminal, "digits", "--engine", "pytorch")
    again = diagnosed(terminal, "digits")
    assert found["parts"] == again["parts"] and found["main_problem"] == again["main_problem"]
    assert found["calibration"]["ece"] == pytest.approx(again["calibration"]["ece"], abs=1e-3)
    terminal.refused(2, ["--engine"], "diagnose", "digits", "--engine", "nonsense")
