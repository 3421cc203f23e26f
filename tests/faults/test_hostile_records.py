"""Records that were tampered with: a sample of every leaf spoiled in every way, and weights that are no weights.

The whole is benchmarks/hostile_records.py; here are the same attacks, drawn by seed, and those that have a name.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save_file

from benchmarks import hostile_records as hostile
from pellucid import load_model
from pellucid.errors import FileError
from pellucid.search.folder import SearchFolder
from pellucid.storage.reading import parse_json
from pellucid.storage.records.caches import surveyed
from tests.cli.terminal import Terminal

SAMPLE = 60
Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with data, a stopped run and a finished one; it is the current folder, and nothing is drawn."""
    place = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch, hostile.quickly():
        patch.chdir(place)
        hostile.make_runs(place)
        yield place


def test_a_sample_of_all_leaves_and_ways(runs: Path) -> None:
    wrong = [(name, outcome) for name, outcome in hostile.outcomes(SAMPLE, seed=22) if outcome.wrong]
    assert wrong == []


@pytest.mark.parametrize(("name", "command", "at", "change", "words"), [
    ("checkpoint", hostile.RESUME, ("position", "epoch"), "gigantic", "last.safetensors is damaged"),
    ("checkpoint", hostile.RESUME, ("position", "step"), "two", "does not fit the settings of its run"),
    ("checkpoint", hostile.RESUME, ("position", "sums", "loss:output"), "dropped", ""),
    ("checkpoint", hostile.RESUME, ("events", "best"), "dropped", "missing required field `best`"),
    ("checkpoint", hostile.RESUME, ("events", "plateau"), "dropped", "no memory of 'plateau'"),
    ("checkpoint", hostile.RESUME, ("events", "stop"), "word", "last.safetensors is damaged"),
    ("checkpoint", hostile.RESUME, ("history", 0, "epoch"), "two", "its history is not that of 1 epochs"),
    ("checkpoint", hostile.RESUME, ("history", 0, "val_accuracy"), "dropped", "no 'val_accuracy' of every epoch"),
    ("checkpoint", hostile.RESUME, ("history", 0, "val_accuracy"), "null", "no 'val_accuracy' of every epoch"),
    ("checkpoint", hostile.RESUME, ("events", "best", "best"), "two", "is in no row of its history"),
    ("checkpoint", hostile.RESUME, ("events", "plateau", "best"), "minus one", "is in no row of its history"),
    ("checkpoint", hostile.RESUME, ("sections", 2, 0), "word", "its sections and arrays differ"),
    ("model", hostile.EVALUATE, ("class_names", 0), "exchange", ""),
    ("model", hostile.EVALUATE, ("class_names", 1), "control", "model.safetensors: data: classes must be those of"),
    ("model", hostile.EVALUATE, ("input", "channel_names", 0), "exchange", "for the model of victim"),
    ("model", hostile.EVALUATE, ("class_names", 0), "double", "is named twice"),
    ("model", hostile.EVALUATE, ("graph", "outputs", 0, 0), "word", "no network that the command line can use"),
    ("model", hostile.EVALUATE, ("graph", "layers", 2, "spec", "units"), "gigantic", "model.safetensors"),
    ("model", hostile.PREDICT, ("input", "height"), "two", "model.safetensors is damaged"),
    ("model", hostile.PREDICT, ("preprocessing", "steps", 0, "name"), "long", "model.safetensors"),
    ("model", hostile.PREDICT, ("training", "metrics"), "list", ""),
    ("config", hostile.RESUME, ("settings", "optimizer"), "long", "config.json: --optimizer"),
    ("config", hostile.RESUME, ("settings", "batch_size"), "minus one", "config.json is damaged"),
    ("config", hostile.RESUME, ("environment", "threads"), "huge", "config.json is damaged"),
    ("config", hostile.RESUME, ("environment", "libraries"), "null", "config.json is damaged"),
    ("steps", hostile.RESUME, (1, 0), "word", "steps.csv, line 2: column 'step'"),
    ("steps", hostile.RESUME, (0, 5), "word", "steps.csv, line 6: column 'seconds'"),
])  # fmt: skip
def test_a_leaf_by_name(
    runs: Path, name: str, command: tuple[str, ...], at: tuple[Any, ...], change: str, words: str
) -> None:
    record = next(each for each in hostile.RECORDS if each.name == name)
    value = record.read(Path("stopped"))
    done = "/".join(map(str, at))
    new = next(new for told, new in hostile.spoilings(value) if told == f"{done}: {change}")
    outcome = hostile.attacked(record, command, new)
    assert outcome.wrong == "", outcome
    assert words in outcome.said
    assert outcome.code == (1 if words else outcome.code), outcome


@pytest.mark.parametrize(("setting", "value", "words"), [
    ("task", "../../x", "there is no task '../../x'"),
    ("schedule", "step:inf:0.5", "--schedule must be"),
    ("freeze", "9" * 5000, "names of layers"),
    ("preprocess", "scale,pca=" + "9" * 5000, "a number of components"),
    ("channels", "plum", "names of its channels"),
])  # fmt: skip
@pytest.mark.parametrize("command", [hostile.RESUME, hostile.EVALUATE, hostile.DIAGNOSE])
def test_a_setting_that_means_nothing(
    runs: Path, setting: str, value: str, words: str, command: tuple[str, ...]
) -> None:
    record = next(each for each in hostile.RECORDS if each.name == "config")
    new = record.read(Path("stopped"))
    new["settings"][setting] = value
    outcome = hostile.attacked(record, command, lambda: new)
    assert outcome.wrong == "", outcome
    assert command != hostile.RESUME or words in outcome.said, outcome


def test_a_cache_of_pictures_that_was_tampered_with_is_read_as_empty() -> None:
    good = {"a\udce9.png": [12, 5, "ab" * 32, [7, 6, "named", "uint8", False, False, False, "", ["er"]]]}
    assert surveyed(json.dumps(good).encode()) == good
    others = []
    for told, make in hostile.spoilings(good):
        kept = surveyed(json.dumps(make()).encode())
        others += [told] if kept and kept != good else []
    kinds = ("png: double", "/0: ", "/1: ", "3/0: ", "3/1: ", "3/2: ", "3/3: ", "3/4: ", "3/5: ", "3/6: ", "3/7: ",
             "3/8/0: ")
    assert [told for told in others if not any(kind in told for kind in kinds)] == []
    assert not any(word in told for told in others for word in ("null", "list", "object", "nan", "deep"))


def test_the_record_of_a_search_that_was_tampered_with(tmp_path: Path) -> None:
    """It is that search's, it is another's, or it is damaged; nothing else."""
    identity = {"data": "ab" * 32, "settings": {"model": "FC_4", "seed": 0}, "space": {"lr": "1e-5:0.1"}, "rounds": [1]}
    folder = SearchFolder(tmp_path / "search")
    folder.claim(identity)
    for told, make in hostile.spoilings(json.loads(folder.record.read_bytes())):
        folder.record.write_text(json.dumps(make()), encoding="utf-8")
        try:
            folder.refuse_another(identity)
        except FileError as fault:
            said = str(fault)
            assert said.startswith(str(tmp_path)) and len(said) < 700 and said.isprintable(), (told, said)


# --- weights ----------------------------------------------------------------------------------------------------------

def rewritten(source: Path, target: Path, change: Callable[[Arrays], object]) -> None:
    """A model or checkpoint with other arrays, its record and checksums made to fit."""
    arrays = load(source.read_bytes())
    from safetensors import safe_open

    with safe_open(source, framework="numpy") as file:
        record = json.loads(file.metadata()["pellucid"])
    change(arrays)
    save_file(arrays, target, metadata={"pellucid": json.dumps(hostile.sealed(record, arrays))})


def as_kind(kind: str) -> Callable[[Arrays], object]:
    return lambda arrays: arrays.update({"dense/kernel": arrays["dense/kernel"].astype(kind)})


def filled(value: float) -> Callable[[Arrays], object]:
    return lambda arrays: arrays["dense/kernel"].reshape(-1)[:1].fill(value)


SPOILT: dict[str, tuple[Callable[[Arrays], object], str]] = {
    "integers": (as_kind("int32"), "'dense/kernel' holds int32 numbers where floats are wanted"),
    "bools": (as_kind("bool"), "'dense/kernel' holds bool numbers where floats are wanted"),
    "nan": (filled(np.nan), "'dense/kernel' holds NaN or infinity"),
    "infinity": (filled(np.inf), "'dense/kernel' holds NaN or infinity"),
    "missing": (lambda arrays: arrays.pop("dense/bias"), "weight 'dense/bias' does not fit its graph"),
    "too many": (lambda arrays: arrays.update(extra=np.zeros(2, np.float32)), "weight 'extra' does not fit"),
    "another shape": (lambda arrays: arrays.update({"dense/bias": np.zeros(9, np.float32)}), "does not fit its graph"),
    "another layer's": (lambda arrays: arrays.update({"conv/kernel": arrays.pop("dense/kernel")}), "does not fit"),
    "preprocessing of NaN": (lambda arrays: arrays["preprocessing/1_standardize/mean"].fill(np.nan), "NaN or infinity"),
    "preprocessing of another shape": (
        lambda arrays: arrays.update({"preprocessing/1_standardize/mean": np.zeros(5, np.float32)}), "shape"),
    "no preprocessing": (lambda arrays: arrays.pop("preprocessing/1_standardize/mean"), "needs the array"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_weights_that_are_none(runs: Path, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change, words = SPOILT[kind]
    shutil.copytree("stopped", tmp_path / "run")
    rewritten(Path("stopped/model.safetensors"), tmp_path / "run/model.safetensors", change)
    with pytest.raises(FileError) as told:
        load_model(tmp_path / "run/model.safetensors")
    assert words in str(told.value) and str(told.value).startswith(str(tmp_path / "run/model.safetensors"))
    terminal = Terminal(capsys)
    terminal.refused(1, ["run/model.safetensors", words], "evaluate", tmp_path / "run")


@pytest.mark.parametrize("section", ["params", "slots"])
@pytest.mark.parametrize(("value", "words"), [(np.nan, "NaN or infinity"), (None, "int32 numbers where floats")])
def test_a_checkpoint_of_no_numbers(
    runs: Path, section: str, value: float | None, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree("stopped", tmp_path / "run")
    key = next(key for key in load(Path("stopped/last.safetensors").read_bytes()) if key.startswith(f"{section}/"))

    def change(arrays: Arrays) -> None:
        arrays[key] = np.zeros(arrays[key].shape, np.int32) if value is None else np.full_like(arrays[key], value)

    rewritten(Path("stopped/last.safetensors"), tmp_path / "run/last.safetensors", change)
    Terminal(capsys).refused(1, ["run/last.safetensors does not fit", words], "train", "--resume", tmp_path / "run")


# --- the text of a record ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "1e999", "9" * 60, '{"a": 1, "a": 2}', '"\\ud800"', "[" * 90])
def test_what_is_no_json_of_ours(text: str) -> None:
    with pytest.raises((ValueError, FileError)):
        parse_json(text, "record.json")


def test_letters_beyond_the_first_plane_and_large_numbers_are_json() -> None:
    assert parse_json('["\\ud83d\\udc1c", 340282366920938463463374607431768211455, 1e300]', "record.json") == [
        "🐜", 2**128 - 1, 1e300,
    ]  # fmt: skip


def test_msgspec_is_imported_where_a_file_is_read() -> None:
    """It costs 18 ms, which neither help nor building a model should wait for."""
    program = ("import sys, pellucid, pellucid.models, pellucid.cli.entry\n"
               "from pellucid.models import Sequential\n"
               "pellucid.cli.entry.run(['--help'])\n"
               "sys.exit('msgspec' in sys.modules)")  # fmt: skip
    assert subprocess.run([sys.executable, "-c", program], check=False, stdout=subprocess.DEVNULL).returncode == 0
