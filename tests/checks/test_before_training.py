"""The quick checks at the start of `pellucid train`: said, kept, shown, and without effect on a bit of the run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pellucid.checks.finding import Finding
from pellucid.checks.series import SLOW, check_quick
from pellucid.checks.subject import FEWEST
from pellucid.data.likeness import find_alike, shared_out
from pellucid.runs.checking import stops
from pellucid.runs.config import RunConfig
from tests.checks.subjects import CLEAN, NAMES, clean, dataset
from tests.cli.terminal import Terminal, pictures, write_npz

QUICK = [name for name in NAMES if name not in SLOW]
TRAIN = ("data.npz", "--model", "conv_4,pool,FC_8", "--epochs", "2", "--batch-size", "8", "--dropout", "0.3")


def said(out: str) -> list[list[str]]:
    """Status and name of each check: what passed stands in one line, what did not in a line of its own."""
    found = []
    for line in (line.removeprefix("check  ") for line in out.splitlines() if line.startswith("check  ")):
        count, passed, names = line.partition(" passed: ")
        if passed:
            assert len(names.split(", ")) == int(count)
            found += [["pass", name] for name in names.split(", ")]
        elif line[0] != " ":
            found.append(line.split()[:2])
    return found


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_a_run_has_the_same_bytes_with_and_without_checks(terminal: Terminal, engine: str) -> None:
    if engine == "pytorch":
        pytest.importorskip("torch")
    write_npz(Path("data.npz"))
    words = (*TRAIN, "--augment", "shift=1", "--engine", engine)
    checked = terminal.type("train", *words, "--out", "checked")
    unchecked = terminal.type("train", *words, "--out", "unchecked", "--no-checks")
    assert (checked.code, unchecked.code) == (0, 0)
    assert said(checked.out) == [["pass", name] for name in QUICK] and said(unchecked.out) == []
    for name in ("model.safetensors", "last.safetensors", "history.csv"):
        assert (Path("checked") / name).read_bytes() == (Path("unchecked") / name).read_bytes(), name
    kept = json.loads(Path("checked/checks.json").read_text(encoding="utf-8"))
    assert kept["verdict"] == "pass" and [one["name"] for one in kept["checks"]] == QUICK
    assert all(one.keys() == {"name", "status", "value", "meaning", "remedy"} for one in kept["checks"])
    assert not Path("unchecked/checks.json").exists()
    shown = {name: Path(name, "report.html").read_text(encoding="utf-8") for name in ("checked", "unchecked")}
    assert "Checks before training" in shown["checked"] and kept["checks"][0]["meaning"] in shown["checked"]
    assert "Checks before training" not in shown["unchecked"]


def test_a_failure_stops_before_an_epoch_and_leaves_nothing(terminal: Terminal) -> None:
    x = pictures(0, 40)
    write_npz(Path("data.npz"), x_train=x, y_train=np.arange(40) % 2, x_test=x[:10], y_test=np.arange(10) % 2)
    typed = terminal.type("train", *TRAIN, "--out", "run")
    assert typed.code == 1 and "epoch" not in typed.out and len(said(typed.out)) == len(QUICK)
    for words in ("training was not begun", "the check leakage failed", "100.00% of the test part",
                  "Remove them from one part", "all the same with --allow-leak."):  # fmt: skip
        assert words in typed.err
    assert typed.err.count("\n") == 1 and not Path("run").exists()
    assert terminal.type("train", *TRAIN, "--out", "run", "--allow-leak").code == 0
    kept = json.loads(Path("run/checks.json").read_text(encoding="utf-8"))
    assert kept["verdict"] == "failure"
    assert terminal.type("train", *TRAIN, "--out", "other", "--no-checks").code == 0


def test_black_images_stop_it_and_a_warning_does_not(terminal: Terminal) -> None:
    x = pictures().astype(np.float32)
    write_npz(Path("data.npz"), x_train=x, x_test=pictures(1, 12).astype(np.float32))
    typed = terminal.type("train", *TRAIN, "--out", "large")
    assert typed.code == 0 and ["warning", "scale"] in said(typed.out)
    black = {"x_train": np.zeros_like(x), "x_test": np.ones_like(x[:12])}
    write_npz(Path("data.npz"), **black)
    terminal.refused(1, ["failed (and 2 more)", "--no-checks"], "train", *TRAIN, "--out", "run")


def test_a_resume_neither_repeats_them_nor_loses_them(terminal: Terminal) -> None:
    write_npz(Path("data.npz"))
    assert terminal.type("train", *TRAIN, "--out", "run").code == 0
    Path("run/report.html").unlink()
    typed = terminal.type("train", "--resume", "run")
    assert typed.code == 0 and said(typed.out) == []
    assert "Checks before training" in Path("run/report.html").read_text(encoding="utf-8")
    terminal.refused(2, ["--no-checks cannot be given with --resume"], "train", "--resume", "run", "--no-checks")
    Path("run/checks.json").write_text("[]")
    terminal.refused(1, ["run/checks.json is damaged"], "train", "--resume", "run")


def test_which_failures_stop_a_run() -> None:
    config = RunConfig(task="classification")
    stopping = [name for name in NAMES if stops(Finding(name, "failure", 0, ""), config)]
    assert stopping == [name for name in NAMES if name not in ("empty-class", "initial-loss")]
    leaking = [name for name in NAMES if not stops(Finding(name, "failure", 0, ""), replace(config, allow_leak=True))]
    assert leaking == ["leakage", "group-leakage", "empty-class", "initial-loss"]
    assert not stops(Finding("shapes", "warning", 0, ""), config)


def test_the_quick_checks_say_the_same_as_the_full_ones_on_a_small_set() -> None:
    assert [one.status for one in check_quick(clean(next(iter(CLEAN)), 0))] == ["pass"] * len(QUICK)


def test_a_sample_of_copies_is_drawn_and_told() -> None:
    random = np.random.default_rng(0)
    images = {"train": random.integers(0, 256, (900, 8, 8, 1), dtype=np.uint8)}
    images["test"] = images["train"][:100].copy()
    labels = {name: np.arange(len(x)) % 10 for name, x in images.items()}
    whole = replace(clean(next(iter(CLEAN)), 0), dataset=dataset(images, labels))
    alike = find_alike(whole.dataset, 300)
    assert len(alike.part) == len(alike.names) == len(alike.label) == 300 and alike.of == 1000
    assert np.bincount(alike.part).tolist() == [200, 100]
    assert 5 <= len(alike.same) <= 50  # 100 copies, of which 200 of 900 originals were looked at
    for left, right in alike.same:
        assert (alike.part[left], alike.part[right]) == (0, 1) and alike.label[left] == alike.label[right]
        assert alike.names[left].partition("#")[2] == alike.names[right].partition("#")[2]


def test_a_sample_is_shared_out_over_the_parts() -> None:
    assert shared_out([50, 5, 20], None) == shared_out([50, 5, 20], 75) == [50, 5, 20]
    assert shared_out([50, 5, 20], 35) == [15, 5, 15]
    assert shared_out([50, 50, 50], 100) == [33, 33, 34]


def test_samples_shrink_with_the_work_an_image_is() -> None:
    whole = clean(next(iter(CLEAN)), 0)
    assert len(whole.sample("dead-units", 128).ids) == 128
    assert len(whole.within(1.0).sample("dead-units", 128).ids) == FEWEST
