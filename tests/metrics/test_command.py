"""pellucid evaluate --metrics, --costs and --max-latency."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.images import ArrayImages
from pellucid.using.latency import measure_latency
from tests.cli.terminal import Terminal, write_npz


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on two classes."""
    from pellucid.runs.config import RunConfig
    from pellucid.runs.experiment import start_run
    from pellucid.storage.run_folder import RunFolder

    place = tmp_path_factory.mktemp("evaluate")
    data = write_npz(place / "data.npz")
    config = RunConfig(data=str(data), model="FC_4", epochs=2)
    start_run(config, RunFolder.create(place / "run"), command="pellucid train", console=None)
    return place


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], place: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(place)
    return Terminal(capsys)


def test_the_scores_of_a_run_stand_in_metrics_json(place: Path) -> None:
    metrics = json.loads((place / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in metrics["scores"]] == ["accuracy", "balanced_accuracy", "macro_f1", "top5", "ece"]
    assert metrics["ece"] == metrics["scores"][4]["value"] and "top5" not in metrics
    assert metrics["scores"][3]["note"] == "with 5 classes or fewer, every answer is among the 5 most probable"


def test_the_scores_asked_for(terminal: Terminal) -> None:
    found = json.loads(terminal.type("evaluate", "run", "--metrics", "auroc, f2:1,recall:0", "--json").out)
    assert [(row["name"], row["n"], row["method"]) for row in found["scores"]] == [
        ("auroc", 12, "bootstrap"), ("f2:1", 12, "bootstrap"), ("recall:0", 6, "wilson")
    ]  # fmt: skip
    confusion = np.array(found["confusion"])
    assert confusion.sum() == 12 and np.trace(confusion) == round(12 * found["accuracy"])
    assert found["auroc"] == found["scores"][0]["value"] and "macro_f1" in found and "f2:1" not in found
    again = json.loads(terminal.type("evaluate", "run", "--metrics", "auroc", "--json").out)
    assert again["scores"][0]["interval"] == found["scores"][0]["interval"]


def test_costs(terminal: Terminal, place: Path) -> None:
    (place / "costs.csv").write_text("class,cost\n0,1\n1,5\n", encoding="utf-8")
    found = json.loads(terminal.type("evaluate", "run", "--costs", "costs.csv", "--json").out)
    assert found["scores"][-1]["name"] == "weighted_error" and 0 <= found["weighted_error"] <= 1
    (place / "pairs.csv").write_text("true,predicted,cost\n0,1,2\n1,0,2\n", encoding="utf-8")
    found = json.loads(terminal.type("evaluate", "run", "--costs", "pairs.csv", "--json").out)
    assert found["weighted_error"] == pytest.approx(2 * (1 - found["accuracy"]))


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("class,cost\n0,1\n", "there is no cost of the class '1'"),
        ("class,cost\n0,1\n0,2\n1,1\n", "line 3: the class '0' is listed twice"),
        ("class,cost\n0,1\n2,1\n", "line 3: class must be one of 0, 1, but it is '2'"),
        ("class,cost\n0,much\n1,1\n", "line 2: cost must be a number from 0 on, but it is 'much'"),
        ("true,predicted,cost\n0,1,2\n0,1,3\n", "line 3: this pair of classes is listed twice"),
        ("true,predicted,cost\n0,0,2\n", "the cost of a right answer must be 0, but it is 2"),
        ("a,b\n0,0\n", "its columns must be class,cost or true,predicted,cost, but it is a,b"),
        ("", "its columns must be class,cost or true,predicted,cost, but it is missing"),
    ],
)
def test_a_table_of_costs_that_is_wrong(terminal: Terminal, place: Path, table: str, told: str) -> None:
    (place / "wrong.csv").write_text(table, encoding="utf-8")
    terminal.refused(1, ["wrong.csv", told] if told[0] != "t" or told.startswith("there") else [told],
                     "evaluate", "run", "--costs", "wrong.csv")  # fmt: skip


def test_words_that_mean_nothing(terminal: Terminal) -> None:
    terminal.refused(2, ["there is no score 'acc'", "macro_f1"], "evaluate", "run", "--metrics", "acc")
    terminal.refused(2, ["there is no score to compute"], "evaluate", "run", "--metrics", ",")
    terminal.refused(2, ["one of 0, 1", "'7'"], "evaluate", "run", "--metrics", "f1:7")
    terminal.refused(2, ["--costs FILE"], "evaluate", "run", "--metrics", "weighted_error")
    terminal.refused(2, ["--max-latency must be above 0 milliseconds"], "evaluate", "run", "--max-latency", "0")


def test_a_limit_that_is_kept_and_one_that_is_not(terminal: Terminal) -> None:
    kept = terminal.type("evaluate", "run", "--max-latency", "60000")
    assert kept.code == 0 and "limit of 60000 ms an image satisfied: 95 of 100 take at most" in kept.out
    lost = terminal.type("evaluate", "run", "--max-latency", "0.000001", "--json")
    latency = json.loads(lost.out)["latency"]
    assert lost.code == 1 and latency["satisfied"] is False and latency["batch"] == 1
    assert 0 < latency["median_ms"] <= latency["p95_ms"] and latency["n"] == 300
    assert "1e-06 ms an image not satisfied" in terminal.type("evaluate", "run", "--max-latency", "0.000001").out


def test_latency_is_that_of_single_images(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(np.cumsum([0.0] + [0.0, 0.010] * 5 + ([0.0, 0.001] * 9 + [0.0, 0.003]) * 30))  # after five unmeasured
    monkeypatch.setattr("pellucid.using.latency.time.perf_counter", lambda: next(clock))
    seen: list[np.ndarray] = []
    images = ArrayImages(np.arange(7, dtype=np.uint8)[:, None, None, None])
    found = measure_latency(seen.append, images, 2.0)
    assert {x.shape for x in seen} == {(1, 1, 1, 1)} and {int(x.item()) for x in seen} == set(range(7))
    assert (found.median_ms, found.p95_ms, found.n) == pytest.approx((1.0, 3.0, 300)) and found.satisfied is False
