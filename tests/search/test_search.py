"""A search in one process: what it writes and says, that it repeats, and that it goes on where it was stopped."""

from __future__ import annotations

import io
import json
import signal
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from optuna.study import get_all_study_summaries

from pellucid.cli.entry import main
from pellucid.runs import finishing
from pellucid.search import trial as searching_trial
from pellucid.search.folder import SearchFolder
from pellucid.search.storage import opened
from pellucid.storage.tables import read_csv
from pellucid.tasks.classification.task import ClassificationTask
from pellucid.training.events import Progress
from pellucid.training.program import Supervised
from tests.cli.terminal import Terminal
from tests.search.conftest import SEARCH, begin

SMALL = [*SEARCH, "--rounds", "1,2", "--trials", "6", "--range", "lr=1e-4:1:log", "--range", "dropout=0:0.5"]


def table(path: str, *left_out: str) -> list[dict[str, str]]:
    """The rows of trials.csv without their times."""
    rows = read_csv(Path(path) / "trials.csv")
    return [{name: cell for name, cell in row.items() if name not in ("seconds", *left_out)} for row in rows]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """The rows of a search that nothing disturbs."""
    with pytest.MonkeyPatch.context() as patch:
        begin(tmp_path_factory.mktemp("whole"), patch)
        with redirect_stdout(io.StringIO()), pytest.raises(SystemExit, match="0"):
            main([*SMALL, "--out", "whole"])
        return table("whole")


def stop_in_step(monkeypatch: pytest.MonkeyPatch, number: int, times: int = 1) -> list[int]:
    """Ctrl-C in the middle of the step of that number, counted over all trials; the steps that went to their end."""
    step, done, ended = Supervised.step, [0], list[int]()

    def stopping(self: Supervised, *given: Any) -> Any:
        done[0] += 1
        if done[0] == number:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        found = step(self, *given)
        ended.append(done[0])
        return found

    monkeypatch.setattr(Supervised, "step", stopping)
    return ended


def test_a_whole_search(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    scored: list[str] = []
    score = finishing.score

    def counted(*given: Any, split: str, **named: Any) -> Any:
        scored.append(split)
        return score(*given, split=split, **named)

    monkeypatch.setattr(finishing, "score", counted)
    typed = terminal.type(*SMALL, "--out", "found", "--json")
    assert typed.code == 0, typed.err
    found = json.loads(typed.out)
    assert scored == ["test"]  # once, for the best
    assert found.keys() >= {"accuracy", "loss", "n", "split", "engine", "run", "best", "trials", "warnings"}
    assert (found["split"], found["n"], found["run"], found["state"]) == ("test", 12, "found/best", "finished")
    trials = found["trials"]
    assert [(trial["trial"], trial["round"], trial["epochs"]) for trial in trials] == [
        (0, 1, 1), (1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 2, 2), (5, 2, 2)]  # fmt: skip
    assert all(trial["values"].keys() == {"lr", "dropout"} and trial["state"] == "complete" for trial in trials)
    assert found["best"]["accuracy"] == max(trial["accuracy"] for trial in trials)
    assert found["best"] == trials[found["best"]["trial"]]
    lines = typed.err.splitlines()
    assert sum(line.startswith("trial ") for line in lines) == 6
    assert any(line.startswith("round 2 of 2: 2 trials of 2 epochs, lr ") for line in lines)
    assert [row["trial"] for row in read_csv("found/trials.csv")] == list("012345")


def test_the_best_is_an_ordinary_run(terminal: Terminal) -> None:
    found = json.loads(terminal.type(*SMALL, "--out", "found", "--json").out)
    again = json.loads(terminal.type("evaluate", "found/best", "--json").out)
    assert (again["accuracy"], again["split"]) == (found["accuracy"], "test")
    validation = json.loads(terminal.type("evaluate", "found/best", "--split", "validation", "--json").out)
    assert validation["accuracy"] == found["best"]["accuracy"]
    rows = {row["name"]: row for row in json.loads(terminal.type("runs", "found", "--json").out)["runs"]}
    assert rows["best"]["state"] == "finished" and rows["best"]["accuracy"] == found["accuracy"]
    config = json.loads(Path("found/best/config.json").read_text(encoding="utf-8"))
    values = found["best"]["values"]
    assert config["settings"]["lr"] == values["lr"] and config["settings"]["dropout"] == values["dropout"]
    assert terminal.type(*config["command"].split()[1:], "--out", "again").code == 0
    assert Path("again/model.safetensors").read_bytes() == Path("found/best/model.safetensors").read_bytes()
    page = Path("found/search.html").read_text(encoding="utf-8")
    assert "of 12 test images" in page and "http" not in page


def test_where_less_is_better_the_lowest_is_found(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("watched", "loss"), ("better", "less"), ("unit", "")):
        monkeypatch.setattr(ClassificationTask, name, value)
    typed = terminal.type(*SMALL, "--out", "found", "--json", "--method", "tpe")
    found = json.loads(typed.out)
    losses = [trial["loss"] for trial in found["trials"]]
    assert found["best"]["loss"] == min(losses) < max(losses) and "accuracy" not in found["best"]
    database = f"sqlite:///{Path('found/study.sqlite3').resolve().as_posix()}"
    with opened(database) as storage:
        assert {study.direction.name for study in get_all_study_summaries(storage)} == {"MINIMIZE"}
    assert f"validation loss {min(losses):#.5g} after" in typed.err
    assert "loss of the validation part" in Path("found/search.html").read_text(encoding="utf-8")
    assert " loss " in terminal.type("runs", "found/trials").out.splitlines()[0]


def test_what_a_search_is_has_not_changed_since_before_there_were_tasks(terminal: Terminal) -> None:
    assert terminal.type(*SMALL, "--out", "found").code == 0
    settings = json.loads(Path("found/search.json").read_text(encoding="utf-8"))["identity"]["settings"]
    assert "task" not in settings
    assert {name: settings[name] for name in ("loss", "class_weight", "sampler", "mine_rounds")} == {
        "loss": "crossentropy", "class_weight": "none", "sampler": "none", "mine_rounds": 0}  # fmt: skip


def test_a_best_run_of_before_there_were_headlines(terminal: Terminal) -> None:
    first = json.loads(terminal.type(*SMALL, "--out", "found", "--json").out)
    path = Path("found/best/metrics.json")
    metrics = json.loads(path.read_text(encoding="utf-8"))

    def without(*left_out: str) -> None:
        path.write_text(json.dumps({name: metrics[name] for name in metrics if name not in left_out}), "utf-8")

    without("headline", "task")
    typed = terminal.type(*SMALL, "--out", "found")
    assert typed.code == 0 and f"test accuracy {first['accuracy']:.4f} (" in typed.out
    assert "headline" not in path.read_text("utf-8")  # it was left as it is
    without("headline", "accuracy")
    terminal.refused(1, ["found/best/metrics.json is damaged: it has no score"], *SMALL, "--out", "found")


def test_trials_are_small_run_folders(terminal: Terminal) -> None:
    best = json.loads(terminal.type(*SMALL, "--out", "found", "--json").out)["best"]["trial"]
    rows = json.loads(terminal.type("runs", "found/trials", "--json").out)["runs"]
    assert [row["name"] for row in rows] == [f"{number:04d}" for number in range(6)]
    assert [row["accuracy"] for row in rows] == [float(row["accuracy"]) for row in read_csv("found/trials.csv")]
    kept = {path.parent.name for path in Path("found/trials").glob("*/*.safetensors")}
    assert kept == {f"{best:04d}"}
    terminal.type(*SMALL, "--out", "all", "--keep", "all")
    assert len(list(Path("all/trials").glob("*/model.safetensors"))) == 6
    assert json.loads(terminal.type("evaluate", "all/trials/0000", "--json").out)["split"] == "test"
    assert table("all") == table("found")


@pytest.mark.parametrize("method", [*(pytest.param(name, marks=pytest.mark.soak) for name in ("random", "qmc")), "tpe"])
def test_the_same_seed_gives_the_same_trials(terminal: Terminal, method: str) -> None:
    words = [*SEARCH, "--rounds", "1", "--trials", "5", "--choice", "optimizer=adam,rmsprop",
             "--range", "lr=1e-3:1:log", "--method", method]  # fmt: skip
    for out in ("one", "two", *(["other"] if method == "random" else [])):
        assert terminal.type(*words, "--out", out, "--seed", "1" if out == "other" else "0").code == 0
    assert table("one") == table("two")
    rates = {row["lr"] for out in ("one", "other") if Path(out).exists() for row in table(out)}
    assert len(rates) == (10 if method == "random" else 5)


@pytest.mark.parametrize(("step", "method"), [
    (2, "tpe"), (8, "random"), pytest.param(16, "random", marks=pytest.mark.soak),
])  # fmt: skip
def test_a_stopped_search_goes_on_to_the_same_trials(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, step: int, method: str
) -> None:
    words = [*SMALL, "--pruner", "none", "--method", method]
    terminal.type(*words, "--out", "whole")
    with monkeypatch.context() as patch:
        stop_in_step(patch, step)
        typed = terminal.type(*words, "--out", "parts", "--keep", "all")
    assert typed.code == 1, typed
    assert "the same command with --out parts continues" in typed.out
    assert not Path("parts/best").exists()
    assert len(table("parts")) < 6
    typed = terminal.type(*words, "--out", "parts")
    assert typed.code == 0, typed.err
    assert "going on with" in typed.out
    if method == "random":
        assert table("parts") == table("whole")
    assert [row["trial"] for row in table("parts")] == list("012345")
    assert (method == "tpe") or Path("parts/best/model.safetensors").read_bytes() == Path(
        "whole/best/model.safetensors").read_bytes()  # fmt: skip


def test_a_second_signal_ends_a_search_in_the_middle_of_a_step(
    terminal: Terminal, whole: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        ended = stop_in_step(patch, 8, times=2)
        typed = terminal.type(*SMALL, "--out", "parts")
    assert (typed.code, typed.err, ended) == (1, "pellucid: stopped.\n", [1, 2, 3, 4, 5, 6, 7])
    assert not Path("parts/search.html").exists()
    assert terminal.type(*SMALL, "--out", "parts").code == 0
    assert table("parts") == whole


TALKS = [("set_trial_user_attr", 2), ("set_trial_user_attr", 8), ("set_trial_intermediate_value", 2),
         ("set_trial_state_values", 3), ("set_trial_state_values", 4)]  # fmt: skip


@pytest.mark.parametrize(
    ("talk", "number", "times"),
    [pytest.param(*talk, times, marks=[pytest.mark.soak] if (place + times) % 2 else []) for times in (1, 2)
     for place, talk in enumerate(TALKS, 1)],
)  # fmt: skip
def test_a_signal_in_the_middle_of_a_talk_with_the_database(
    terminal: Terminal, whole: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch, talk: str, number: int, times: int
) -> None:
    from optuna.storages import RDBStorage

    method, done, ended = getattr(RDBStorage, talk), [0], list[int]()

    def disturbed(*given: Any, **named: Any) -> Any:
        done[0] += 1
        if done[0] == number:
            for _ in range(times):
                signal.raise_signal(signal.SIGTERM)
        found = method(*given, **named)
        ended.append(done[0])
        return found

    with monkeypatch.context() as patch:
        patch.setattr(RDBStorage, talk, disturbed)
        typed = terminal.type(*SMALL, "--out", "parts")
    assert (typed.code, typed.err) == (1, "" if times == 1 else "pellucid: stopped.\n")
    assert ("the same command with --out parts continues" in typed.out) == (times == 1)
    assert number in ended  # what is said to the database is said to its end
    typed = terminal.type(*SMALL, "--out", "parts")
    assert (typed.code, typed.err) == (0, "")
    assert table("parts") == whole


def test_a_finished_search_is_not_begun_again_and_one_round_may_be_made_longer(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [*SEARCH, "--rounds", "1", "--out", "found", "--trials"]
    terminal.type(*words, "3")
    before, best = table("found"), Path("found/best/metrics.json").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(searching_trial, "learn", lambda *given, **named: pytest.fail("nothing is left to train"))
        assert terminal.type(*words, "3").code == 0
    assert table("found") == before and Path("found/best/metrics.json").read_bytes() == best
    assert terminal.type(*words, "5").code == 0
    assert table("found")[:3] == before and len(table("found")) == 5


@pytest.mark.parametrize("pruner", ["median", pytest.param("halving", marks=pytest.mark.soak), "none"])
def test_hopeless_trials_are_pruned(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, pruner: str) -> None:
    """What is said of each epoch follows from the rate alone: 0.9, or 0.1 for one that is far too low."""
    epoch = searching_trial.Watched.epoch

    def told(self: searching_trial.Watched, progress: Progress, row: dict[str, Any]) -> None:
        epoch(self, progress, row | {"val_accuracy": 0.9 if self.trial.params["lr"] > 1e-6 else 0.1})

    monkeypatch.setattr(searching_trial.Watched, "epoch", told)
    words = [*SEARCH, "--rounds", "4", "--trials", "12", "--choice", "lr=0.02,0.03,0.04,1e-7", "--pruner", pruner]
    typed = terminal.type(*words, "--out", "found")
    assert typed.code == 0, typed.err
    pruned = [row for row in table("found") if row["state"] == "pruned"]
    assert {row["lr"] for row in pruned} == (set() if pruner == "none" else {"1e-07"}), table("found")
    for row in pruned:
        history = read_csv(SearchFolder(Path("found")).trial(int(row["trial"])).history)
        assert len(history) == 2 and row["reason"] == "pruned after epoch 2"
        assert f"pruned after epoch 2 at {float(row['accuracy']):.4f}  lr 1e-07" in typed.out


def test_a_part_of_the_network_may_vary(terminal: Terminal) -> None:
    words = ["search", "data.npz", "--model", "FC_{width}", "--range", "width=2:9", "--choice", "batch_size=4,8",
             "--rounds", "1", "--trials", "4", "--out", "found"]  # fmt: skip
    typed = terminal.type(*words)
    assert typed.code == 0, typed.err
    for row in table("found"):
        width = int(row["width"])
        assert 2 <= width <= 9 and int(row["parameters"]) == 126 * width + width + 2 * width + 2
        config = SearchFolder(Path("found")).trial(int(row["trial"])).config
        settings = json.loads(config.read_text(encoding="utf-8"))["settings"]
        assert settings["model"] == f"FC_{width}" and str(settings["batch_size"]) == row["batch_size"]


def test_the_border_of_a_range_is_told(terminal: Terminal) -> None:
    typed = terminal.type(*SEARCH, "--rounds", "2", "--trials", "4", "--range", "lr=1e-9:2e-9:log", "--out", "found",
                          "--json")  # fmt: skip
    found = json.loads(typed.out)
    place = (found["best"]["values"]["lr"] - 1e-9) / 1e-9
    assert (len(found["warnings"]) == 1) == (place < 0.035 or place > 0.93), found
    near = terminal.type("search", "data.npz", "--model", "FC_4", "--rounds", "1", "--trials", "2", "--range",
                         "batch_size=4:5", "--out", "near").out  # fmt: skip
    assert "border batch_size" in near and "--range batch_size=" in near
