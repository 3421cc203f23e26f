"""Pictures unlike the training set are told with their number; those like it are not."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from benchmarks import unlike
from pellucid.errors import FileError
from pellucid.model.input.depth import Depth
from pellucid.model.input.typical import Typical, count_of, described, plainly
from pellucid.model.input.unlike import Watch, tail
from pellucid.models import load_model
from tests.cli.terminal import Terminal
from tests.docs.made import page_with
from tests.using.conftest import CLASSES, save, strokes

INVERTED = {"black on white": lambda x: 255 - x, "saved as 0 and 1": lambda x: (x > 100).astype(np.uint8),
            "blank": np.zeros_like, "noise": lambda x: np.random.default_rng(0).integers(0, 256, x.shape, np.uint8)}


@pytest.mark.parametrize("which", INVERTED)
@pytest.mark.parametrize("count", [1, 10])
def test_pictures_of_another_kind(terminal: Terminal, model: Path, which: str, count: int) -> None:
    for number, pixels in enumerate(strokes(count, seed=5)):
        save(f"new/{number}.png", INVERTED[which](pixels))
    typed = terminal.type("predict", "model.safetensors", "new", "--top", "1")
    who = "the picture is" if count == 1 else "10 of 10 pictures are"
    assert typed.code == 0 and typed.err.startswith(f"pellucid: warning: {who} unlike the 200 training pictures"), typed
    assert typed.err.count("\n") == 1 and "distance" in typed.err
    found = json.loads(terminal.type("predict", "model.safetensors", "new", "--json").out)
    assert len(found["warnings"]) == 1 and all(entry["unlike"] > 1 for entry in found["predictions"])


def test_pictures_like_the_training_set_are_no_matter(terminal: Terminal, model: Path) -> None:
    """Alone, in a group, and all of one class."""
    x = strokes(60, seed=7)
    for number, pixels in enumerate(x):
        save(f"new/{'left' if number % 2 == 0 else 'right'}/{number}.png", pixels)
    for words in (["new"], ["new/left"], ["new/left/0.png"], ["new/left/0.png"] * 12):
        typed = terminal.type("predict", "model.safetensors", *words, "--json")
        assert typed.err == "" and json.loads(typed.out)["warnings"] == [], (words, typed.err)


def test_evaluate_cases_and_features_tell_it_too(terminal: Terminal, model: Path) -> None:
    np.savez("inverted.npz", x_test=255 - strokes(20), y_test=np.arange(20) % 2, class_names=np.array(CLASSES))
    for number, pixels in enumerate(strokes(4)):
        save(f"new/{number}.png", 255 - pixels)
    Path("new/cases.csv").write_text("path,label\n" + "".join(f"{n}.png,{CLASSES[n % 2]}\n" for n in range(4)))
    for command, *words in (["evaluate", "inverted.npz"], ["evaluate", "--cases", "new/cases.csv"],
                            ["features", "inverted.npz", "--out", "f.h5", "--layer", "dense"]):  # fmt: skip
        typed = terminal.type(command, str(model), *words)
        assert "pellucid: warning: " in typed.err and "unlike the 200 training pictures" in typed.err, typed


def test_arrays_in_python(model: Path, caplog: pytest.LogCaptureFixture) -> None:
    net = load_model(model)
    with caplog.at_level(logging.WARNING, "pellucid"):
        net.predict(strokes(12, seed=9))
        assert caplog.text == ""
        net.predict(255 - strokes(12, seed=9))
    assert "predict: 12 of 12 pictures are unlike the 200 training pictures" in caplog.text


def test_statistics_survive_their_file_and_broken_ones_are_refused(model: Path) -> None:
    record = load_model(model).input_record
    assert record is not None and record["range"][0] == 0
    typical = Typical.from_record(record, "m")
    x = strokes(9)[..., np.newaxis] / np.float32(255)
    assert (typical.distances(x) < typical.far).all() and typical.some <= typical.far
    for change in ({"mean": [1.0]}, {"precision": "no"}, {"far": None}, {"n": 0}, {"far": float("nan")},
                   {"plain": [[0, 1]]}):  # fmt: skip
        with pytest.raises(FileError, match="damaged"):
            Typical.from_record({**record, "statistics": {**record["statistics"], **change}}, "m")


@pytest.mark.parametrize("shape", [(8, 8, 1), (4, 9, 3), (2, 30, 2), (17, 3, 16), (64, 64, 3)])
def test_as_many_numbers_as_the_size_has(shape: tuple[int, int, int]) -> None:
    x = np.random.default_rng(0).random((3, *shape), np.float32)
    assert described(x).shape == (3, count_of(shape)) and plainly(x).shape == (3, 5)


def test_the_page_holds_what_was_measured() -> None:
    result = json.loads(unlike.RESULT.read_text(encoding="utf-8"))
    text = unlike.PAGE.read_text(encoding="utf-8")
    assert page_with(unlike.PAGE, unlike.MAKER, unlike.table(result)) == text
    for name, one in result["sets"].items():
        assert max(one["false_alarms"].values()) <= 0.02, name
        for what in ("blank", "saved as 0 and 1"):
            assert one["found"][what]["alone"] == 1.0, name
    for name in ("digits", "mnist", "fashion-mnist"):
        assert result["sets"][name]["found"]["inverted"]["alone"] == 1.0


def test_the_chance_of_so_many() -> None:
    assert tail(2, 8, 0.25) == 1.0                                   # two of eight are as many as expected
    assert tail(8, 8, 0.25) == pytest.approx(0.25**8) and tail(1, 1, 0.25) == pytest.approx(0.25)
    assert tail(1, 10, 0.001) == pytest.approx(1 - 0.999**10)
    assert 1e-6 < tail(140, 400, 0.25) < 1e-5 and 1e-6 < tail(140, 401, 0.25) < 1e-5  # exact, and approximated


def test_one_in_a_thousand_is_no_alarm_but_one_that_is_blank_is(model: Path) -> None:
    record = load_model(model).input_record
    assert record is not None
    typical = Typical.from_record(record, "m")
    watch = Watch(typical, Depth("uint8"))
    watch.see(strokes(300, seed=4)[..., np.newaxis])
    assert watch.warning() == ""
    watch.distances[7], watch.plain[7] = 1.1 * typical.far, typical.plain.mean(axis=1)
    assert watch.warning() == ""
    watch.see(np.zeros((1, 8, 8, 1), np.uint8))
    assert watch.warning().startswith("2 of 301 pictures are unlike")
