"""Every command on small data: exit code 0, one JSON object and nothing else with --json, tables a person can read."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.terminal import Terminal, write_folder, write_npz

KEYS = {"accuracy", "loss", "n", "split", "engine", "parameters", "seconds", "images_per_second", "run"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with data sets and two runs."""
    place = tmp_path_factory.mktemp("commands")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        write_npz(Path("data.npz"))
        write_folder(Path("photos"))
        from pellucid.runs.config import RunConfig
        from pellucid.runs.experiment import start_run
        from pellucid.storage.run_folder import RunFolder

        for data in ("data.npz", "photos"):
            folder = RunFolder.create(f"runs/{data.partition('.')[0]}")
            start_run(RunConfig(data=data, epochs=6), folder, command=f"pellucid train {data}", console=None)
        yield place


@pytest.fixture(autouse=True)
def there(place: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


def object_of(terminal: Terminal, *words: str) -> dict[str, Any]:
    """The one JSON object that a command prints on standard output."""
    typed = terminal.type(*words, "--json")
    assert typed.code == 0, typed.err
    assert typed.out.count("\n") == 1, typed.out
    found = json.loads(typed.out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert isinstance(found, dict)
    return found


def test_the_command_line_is_called_from_a_program_again_and_again(capsys: pytest.CaptureFixture[str]) -> None:
    import pellucid.cli

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    for code, words in ((0, ["runs", "runs"]), (2, ["runs", "--nothing"]), (0, ["--version"])):
        with pytest.raises(SystemExit) as end:
            pellucid.cli.main(words)
        assert end.value.code == code
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_train_json(terminal: Terminal, tmp_path: Path) -> None:
    found = object_of(terminal, "train", "data.npz", "--model", "FC_4", "--epochs", "2", "--out", str(tmp_path / "run"),
                      "--engine", "reference")
    assert found.keys() >= KEYS
    assert (found["split"], found["n"], found["engine"], found["parameters"]) == ("test", 12, "reference", 126 * 4 + 14)
    assert found["run"] == (tmp_path / "run").as_posix() and found["seconds"] > 0 and found["images_per_second"] > 0
    again = object_of(terminal, "train", "--resume", str(tmp_path / "run"))
    assert {name: again[name] for name in ("accuracy", "loss")} == {name: found[name] for name in ("accuracy", "loss")}


def test_evaluate_repeats_what_training_found(terminal: Terminal) -> None:
    trained = json.loads(Path("runs/photos/metrics.json").read_text(encoding="utf-8"))
    found = object_of(terminal, "evaluate", "runs/photos")
    assert found.keys() >= KEYS and found["seconds"] > 0 and found["images_per_second"] > 0
    assert [found[name] for name in ("accuracy", "loss", "n", "split")] == [
        trained[name] for name in ("accuracy", "loss", "n", "split")
    ]
    assert found["engine"] == trained["engine"]
    by_hand = object_of(terminal, "evaluate", "runs/photos", "--engine", "reference")
    assert by_hand["engine"] == "reference" and by_hand["loss"] == pytest.approx(found["loss"], rel=1e-4)
    assert object_of(terminal, "evaluate", "runs/photos", "--split", "train")["split"] == "train"
    other = object_of(terminal, "evaluate", "runs/data/model.safetensors", "data.npz")
    assert other["run"] == "runs/data/model.safetensors" and other["data"] == "data"


def test_evaluate_table(terminal: Terminal) -> None:
    headline, scores, classes = terminal.type("evaluate", "runs/photos").out.strip().split("\n\n")
    assert headline.startswith("test accuracy ") and "macro F1" in headline
    lines = scores.splitlines()
    assert lines[0].split() == ["score", "value", "from", "to", "n"]
    assert [line.split()[0] for line in lines[2:]] == ["accuracy", "balanced_accuracy", "macro_f1", "top5", "ece"]
    lines = classes.splitlines()
    assert lines[0].split() == ["class", "n", "precision", "recall", "F1"]
    assert [line.split()[0] for line in lines[2:]] == ["cat", "dog"]


def test_predict(terminal: Terminal) -> None:
    found = object_of(terminal, "predict", "runs/photos", "photos/cat/0.png", "photos/dog/1.png", "--top", "1")
    assert [entry["image"] for entry in found["predictions"]] == ["photos/cat/0.png", "photos/dog/1.png"]
    for entry in found["predictions"]:
        assert len(entry["classes"]) == 1 and 0.5 <= entry["classes"][0]["probability"] <= 1
    lines = terminal.type("predict", "runs/photos", "photos/cat/0.png", "photos/cat/10.png").out.splitlines()
    assert [line.split()[0] for line in lines] == ["photos/cat/0.png", "photos/cat/10.png"]
    assert len({len(line) for line in lines}) == 1  # columns stand under one another


def test_summary(terminal: Terminal) -> None:
    found = object_of(terminal, "summary", "conv_8,pool,FC_32")
    assert found["total"] == 8 * 9 + 8 + 14 * 14 * 8 * 32 + 32 + 330
    kinds = [row["kind"] for row in found["rows"]]
    assert kinds == ["InputLayer", "Conv2D", "MaxPooling2D", "Flatten", "Dense", "Dense"]
    assert object_of(terminal, "summary", "runs/photos")["total"] == json.loads(
        Path("runs/photos/metrics.json").read_text(encoding="utf-8")
    )["parameters"]
    text = terminal.type("summary", "lenet5", "--input", "28x28").out
    # 5*5*1*20 + 20 = 520; 5*5*20*50 + 50 = 25,050; 6*6*50*500 + 500 = 900,500; 500*10 + 10 = 5,010
    assert "Total parameters: 931,080" in text and "FLOPs" in text


def test_runs(terminal: Terminal) -> None:
    found = object_of(terminal, "runs")["runs"]
    assert [row["name"] for row in found] == ["data", "photos"]
    assert {row["state"] for row in found} == {"finished"}
    lines = terminal.type("runs").out.splitlines()
    assert lines[0].split()[:3] == ["name", "began", "model"]
    assert [line.split()[0] for line in lines[2:] if line] == ["data", "data", "data", "photos"]  # a set, then its runs


def test_runs_of_folders_without_any(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "Train one with: pellucid train digits --out runs/first" in terminal.type("runs").out  # no such folder yet
    assert object_of(terminal, "runs") == {"runs": []}
    (tmp_path / "empty").mkdir()
    assert "empty holds no runs yet" in terminal.type("runs", "empty").out
    terminal.refused(1, ["nowhere does not exist"], "runs", "nowhere")


def test_data_info(terminal: Terminal) -> None:
    found = object_of(terminal, "data", "info", "photos")
    assert found["classes"] == ["cat", "dog"] and found["image"]["height"] == 7
    assert len(found["fingerprint"]) == 64 and found["parts"]["train"]["n"] == 24
    text = terminal.type("data", "info", "photos").out
    assert "7x6x3 uint8" in text and "fingerprint" in text and "cat" in text


def test_data_info_of_numbers(terminal: Terminal) -> None:
    x = np.random.default_rng(0).integers(0, 256, (6, 5, 4), np.uint8)
    np.savez("ages.npz", x_train=x, y_train=np.arange(12).reshape(6, 2) / 4, x_test=x[:2], y_test=np.eye(2) * 1.5)
    assert object_of(terminal, "data", "info", "ages.npz")["parts"]["test"]["numbers"][1]["max"] == 1.5
    lines = terminal.type("data", "info", "ages.npz").out.splitlines()
    assert [line.split("  ")[0].strip() for line in lines[1:]][:1] == ["smallest, mean, largest"]
    assert any(line.split() == ["y_1", "0,", "1.25,", "2.5", "0,", "0.75,", "1.5"] for line in lines), lines
    assert any(line.split() == ["all", "6", "2"] for line in lines)


def test_version_and_help(terminal: Terminal) -> None:
    from importlib.metadata import version

    assert terminal.type("--version").out == f"pellucid {version('pellucid')}\n"
    page = terminal.type("train", "--help").out
    for group in ("Network:", "Learning:", "Data:", "Machine and chance:", "The run folder:", "Options:"):
        assert f"\n{group}\n" in page
    short = terminal.type("--help").out
    assert "..." not in short.partition("Commands:")[2]  # every command's first sentence fits its line


def test_a_command_that_is_not_finished_by_its_reader(place: Path) -> None:
    """`pellucid ... | head` ends without a word about a broken pipe."""
    line = f"{sys.executable} -c 'from pellucid.cli import main; main()' runs --json | head -c 5"
    ended = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, cwd=place)
    assert ended.stderr == "" and ended.stdout == '{"run'


def test_the_command_line_starts_without_numpy() -> None:
    """So that `pellucid --help` is there in less than 0.3 s."""
    heavy = {"numpy", "rich", "matplotlib", "sklearn", "PIL", "jinja2", "safetensors", "torch"}
    code = f"import sys, pellucid.cli.entry; print(sorted(name for name in {heavy!r} if name in sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"
