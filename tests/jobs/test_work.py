"""What comes into a spool is answered as the commands would answer it, once, and nothing outside is read."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from pellucid.jobs.spool import FolderQueue, Spool, Waiting
from pellucid.jobs.worker import Worker
from tests.cli.terminal import Terminal, write_npz
from tests.jobs.conftest import leave, leave_predictions, results

EMPTY = "--until-empty"


def test_predictions_and_evaluations_are_those_of_the_commands(terminal: Terminal, spool: Path, asked: Path) -> None:
    leave(spool, "p", {"kind": "predict", "images": ["0.png", "1.png"], "top": 3, "tta": True})
    leave(spool, "e", {"kind": "evaluate", "split": "validation", "metrics": ["macro_f1"], "id": "e"})
    typed = terminal.type("work", "spool", "--model", asked, EMPTY)
    assert (typed.code, typed.err) == (0, "") and "2 done, 0 failed" in typed.out
    found = results(spool)
    assert os.listdir("spool/incoming") == os.listdir("spool/claims") == []
    said = json.loads(terminal.type("predict", asked, "spool/files/0.png", "spool/files/1.png", "--top", "3", "--tta",
                                    "--json").out)  # fmt: skip
    expected = [{**entry, "image": Path(entry["image"]).name} for entry in said["predictions"]]
    assert found["p"]["predictions"] == expected and found["p"]["warnings"] == said["warnings"]
    assert (found["p"]["id"], found["p"]["kind"], found["p"]["state"]) == ("p", "predict", "done")
    words = ["--split", "validation", "--metrics", "macro_f1", "--json"]
    scored = json.loads(terminal.type("evaluate", asked, *words).out)
    times = ("seconds", "images_per_second")
    assert {name: value for name, value in found["e"]["metrics"].items() if name not in times} == {
        name: value for name, value in scored.items() if name not in times}  # fmt: skip


def test_an_id_is_answered_once(terminal: Terminal, spool: Path, asked: Path) -> None:
    leave(spool, "p", {"kind": "predict", "images": ["0.png"]})
    terminal.type("work", "spool", "--model", asked, EMPTY)
    before = Path("spool/results/p.json").read_bytes()
    leave(spool, "p", {"kind": "predict", "images": ["1.png"]})
    typed = terminal.type("work", "spool", "--model", asked, EMPTY, "--json")
    assert json.loads(typed.out) == {"done": 0, "failed": 0}
    assert Path("spool/results/p.json").read_bytes() == before and os.listdir("spool/incoming") == []
    place = Spool.open("spool")
    place.keep_result("p", {"another": "worker"})  # that was slower
    assert Path("spool/results/p.json").read_bytes() == before


def test_a_job_in_hand_is_left_to_whoever_has_it(terminal: Terminal, spool: Path) -> None:
    leave(spool, "p", {"kind": "evaluate"})
    place = Spool.open("spool")
    queue = FolderQueue(place)
    worker = Worker(place, queue, None, lambda: False, None)  # type: ignore[arg-type]  # which would do no job
    with place.held("p"):
        worker.take(next(queue.waiting()))
    assert results(spool) == {} and not queue.is_empty()
    worker.take(next(queue.waiting()))
    assert "fault of Pellucid itself: AttributeError" in results(spool)["p"]["error"] and queue.is_empty()
    worker.take(Waiting("gone", "gone.json"))  # done by another one between two looks
    assert list(results(spool)) == ["p"]


BAD: list[tuple[dict[str, Any] | str, list[str]]] = [
    ("", ["not valid JSON"]),
    ('{"kind": "predict"', ["not valid JSON"]),
    ('{"kind": "evaluate", "kind": "train"}', ["a key comes twice"]),
    ('{"kind": "predict", "images": ["0.png"], "top": NaN}', ["NaN is no JSON"]),
    ("[" * 100_000, ["JSON"]),
    ("[]", ["must be a JSON object, but it is list"]),
    ({}, ["kind must be predict, evaluate or train, but it is None"]),
    ({"kind": "dance"}, ["kind must be", "'dance'"]),
    ({"kind": ["predict"]}, ["kind must be"]),
    ({"kind": "predict"}, ["a predict", "missing required field `images`"]),
    ({"kind": "predict", "images": []}, ["length >= 1", "images"]),
    ({"kind": "predict", "images": "0.png"}, ["`array`", "images"]),
    ({"kind": "predict", "images": ["0.png"] * 1001}, ["length <= 1000"]),
    ({"kind": "predict", "images": ["0.png"], "top": 0}, [">= 1", "top"]),
    ({"kind": "predict", "images": ["0.png"], "model": "/else"}, ["unknown field `model`", "images, top, tta"]),
    ({"kind": "predict", "images": ["0.png"], "id": "../p"}, ["id must be the name of its file, bad", "'../p'"]),
    ({"kind": "predict", "images": ["0.png"], "id": "a\0b"}, ["id must be the name", "x00"]),
    ({"kind": "predict", "images": ["absent.png"]}, ["absent.png does not exist in files/"]),
    ({"kind": "predict", "images": ["."]}, [". cannot be read"]),
    ({"kind": "predict", "images": ["../../run/curves.png"]}, ["outside the folders", "--allow"]),
    ({"kind": "predict", "images": ["a/../0.png"]}, ["outside the folders"]),
    ({"kind": "predict", "images": ["/etc/hostname"]}, ["/etc/hostname is outside"]),
    ({"kind": "predict", "images": ["0.png\0.txt"]}, ["NUL"]),
    ({"kind": "predict", "images": ["x" * 1024]}, ["does not exist"]),
    ({"kind": "predict", "images": ["led.png"]}, ["reached through a link"]),
    ({"kind": "predict", "images": ["out/secret.png"]}, ["reached through a link"]),
    ({"kind": "predict", "images": ["text.png"]}, ["text.png"]),
    ({"kind": "evaluate", "data": "../data.npz"}, ["outside"]),
    ({"kind": "evaluate", "data": "set"}, ["holds the link"]),
    ({"kind": "evaluate", "data": "digits", "split": "none"}, ["none"]),
    ({"kind": "evaluate", "data": "absent"}, ["does not exist"]),
    ({"kind": "train"}, ["missing required field `data`"]),
    ({"kind": "train", "data": "digits", "settings": {"epoch": 2}}, ["'epoch'", "Did you mean 'epochs'"]),
    ({"kind": "train", "data": "digits", "settings": {"epochs": "2"}}, ["epochs must be int | None", "'2'"]),
    ({"kind": "train", "data": "digits", "settings": {"epochs": 0}}, ["epochs must be at least 1"]),
    ({"kind": "train", "data": "digits", "settings": {"data_dir": "/"}}, ["'data_dir'", "--help lists them"]),
    ({"kind": "train", "data": "digits", "settings": {"weights": "/etc/hostname"}}, ["outside"]),
    ({"kind": "train", "data": "digits", "settings": {"model": "../x.safetensors"}}, ["outside"]),
    ({"kind": "train", "data": "digits", "settings": {"model": "conv_0"}}, ["conv_0"]),
]  # fmt: skip


def test_bad_jobs_are_answered_in_one_sentence(terminal: Terminal, spool: Path, asked: Path) -> None:
    Path("outside").mkdir()
    shutil.copy("spool/files/0.png", "outside/secret.png")
    os.symlink("0.png", "spool/files/led.png")
    os.symlink(Path("outside").resolve(), "spool/files/out")
    Path("spool/files/set/cat").mkdir(parents=True)
    os.symlink("../../0.png", "spool/files/set/cat/0.png")
    Path("spool/files/text.png").write_text("no picture")
    for number, (job, _) in enumerate(BAD):
        leave(spool, f"bad{number}" if not isinstance(job, dict) or "id" not in job else f"bad-id-{number}", job)
    for name in ("b c", "...x", "é", "n" * 120):
        leave(spool, name, {"kind": "predict", "images": ["0.png"]})
    os.mkfifo("spool/incoming/pipe.json")
    Path("spool/incoming/folder.json").mkdir()
    os.symlink("../files/0.png", "spool/incoming/link.json")
    Path("spool/incoming/long.json").write_bytes(b" " * (1 << 21))
    leave(spool, "good", {"kind": "predict", "images": ["4.png"]})
    typed = terminal.type("work", "spool", "--model", asked, EMPTY)
    found = results(spool)
    assert "Traceback" not in typed.out + typed.err and "Traceback" not in json.dumps(found)
    assert [name for name, each in found.items() if "fault of Pellucid" in each.get("error", "")] == []
    for number, (job, parts) in enumerate(BAD):
        told = found.get(f"bad{number}", found.get(f"bad-id-{number}"))
        assert told is not None and told["state"] == "failed", job
        assert [part for part in parts if part not in told["error"]] == [], (job, told["error"])
        assert "\n" not in told["error"]
    assert found["good"]["state"] == "done"
    refused = [each["error"] for name, each in found.items() if name.startswith("refused-")]
    assert len(refused) == 3 and all("must be called ID.json" in each for each in refused)  # ...x is hidden
    assert [found[name]["error"].split(",")[0] for name in ("pipe", "link")] == [
        "spool/incoming/pipe.json is a pipe", "incoming/link.json is a link"]  # fmt: skip
    assert "2,097,152 bytes" in found["long"]["error"]
    assert sorted(os.listdir("spool/incoming")) == ["...x.json", "folder.json"]
    assert os.listdir("spool/runs") == []  # nothing was begun


def test_folders_may_be_allowed(terminal: Terminal, spool: Path, asked: Path) -> None:
    shutil.copytree("spool/files", "elsewhere")
    place = Path("elsewhere").resolve()
    images = [f"{place}/0.png", f"{place}x/0.png", f"{place}/../spool/files/0.png"]
    leave(spool, "p", {"kind": "predict", "images": images})
    terminal.type("work", "spool", "--model", asked, EMPTY, "--allow", "elsewhere")
    entries = results(spool)["p"]["predictions"]
    assert entries[0]["classes"] and ["outside" in each.get("error", "") for each in entries] == [False, True, True]
    terminal.refused(2, ["--allow", "absent"], "work", "spool", "--allow", "absent")


def test_the_model_is_read_again_when_it_changed(terminal: Terminal, spool: Path, asked: Path) -> None:
    from pellucid.jobs.asking import Oracle
    from pellucid.jobs.job import Predict
    from pellucid.jobs.places import Places

    shutil.copytree(asked, "run")
    oracle = Oracle("run", Places(Path("spool/files")))
    first = oracle.predict(Predict(["0.png"]))
    assert oracle.predict(Predict(["0.png"])) == first
    shutil.copy("run/last.safetensors", "kept")
    terminal.type("train", "digits", "--model", "conv_4,pool,FC_16", "--limit", "200", "--epochs", "2", "--no-checks",
                  "--engine", "reference", "--out", "other")  # fmt: skip
    os.replace("other/model.safetensors", "run/model.safetensors")
    second = oracle.predict(Predict(["0.png"]))
    assert second["model"]["sha256"] != first["model"]["sha256"] and second["predictions"] != first["predictions"]


@pytest.mark.parametrize(("words", "parts"), [
    (["--model", "absent"], ["absent does not exist"]),
    (["--model", "spool/files/0.png"], ["spool/files/0.png"]),
    (["--redis", "http://127.0.0.1"], ["--redis must be redis://"]),
    (["--max-pixels", "0"], ["--max-pixels"]),
])  # fmt: skip
def test_a_worker_that_cannot_work_says_why(
    words: list[str], parts: list[str], terminal: Terminal, spool: Path
) -> None:
    typed = terminal.type("work", "spool", *words, EMPTY)
    assert typed.code in (1, 2) and typed.err.count("\n") == 1 and "Traceback" not in typed.err
    assert [part for part in parts if part not in typed.err] == [], typed.err


def test_without_a_model_only_trainings_are_done(terminal: Terminal, spool: Path, asked: Path) -> None:
    write_npz(Path("spool/files/data.npz"))
    settings = {"model": "FC_4", "epochs": 2, "batch_size": 8, "no_checks": True, "engine": "reference"}
    leave(spool, "t", {"kind": "train", "data": "data.npz", "settings": settings})
    leave(spool, "p", {"kind": "predict", "images": ["0.png"]})
    typed = terminal.type("work", "spool", EMPTY)
    assert typed.code == 0, typed.err
    found = results(spool)
    assert "started without a model" in found["p"]["error"]
    assert found["t"]["run"] == "runs/t" and found["t"]["metrics"]["task"] == "classification"
    terminal.type("train", "spool/files/data.npz", "--model", "FC_4", "--epochs", "2", "--batch-size", "8",
                  "--no-checks", "--engine", "reference", "--out", "typed")  # fmt: skip
    for name in ("model.safetensors", "history.csv"):
        assert Path("typed", name).read_bytes() == Path("spool/runs/t", name).read_bytes()
    assert "data   " in Path("spool/runs/t/log.txt").read_text(encoding="utf-8")


def test_a_model_that_goes_away_is_told(terminal: Terminal, spool: Path, asked: Path) -> None:
    from pellucid.errors import FileError, UsageError
    from pellucid.jobs.asking import Oracle
    from pellucid.jobs.job import Predict
    from pellucid.jobs.places import Places

    shutil.copy(asked / "model.safetensors", "model.safetensors")
    oracle = Oracle("model.safetensors", Places(Path("spool/files")))
    oracle.predict(Predict(["0.png"]))
    os.unlink("model.safetensors")
    with pytest.raises((FileError, UsageError), match="does not exist"):
        oracle.predict(Predict(["0.png"]))


def test_a_job_that_kills_its_worker_each_time_is_given_up(terminal: Terminal, spool: Path, asked: Path) -> None:
    leave(spool, "p", {"kind": "predict", "images": ["0.png"]})
    place = Spool.open("spool")
    assert [place.begin("p") for _ in range(10)] == list(range(10))
    terminal.type("work", "spool", "--model", asked, EMPTY)
    assert "was begun 10 times" in results(spool)["p"]["error"] and os.listdir("spool/claims") == []


def test_half_a_job_is_left_for_the_next_look(spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pellucid.jobs.spool.YOUNG", 60.0)
    place = Spool.open("spool")
    leave(spool, "p", '{"kind": "pre')
    queue = FolderQueue(place)
    waiting = next(queue.waiting())
    assert queue.content(waiting) is None
    old = time.time() - 61
    os.utime("spool/incoming/p.json", (old, old))
    assert queue.content(waiting) == b'{"kind": "pre'
    leave(spool, "p", '{"kind": "predict"}')
    assert queue.content(waiting) == b'{"kind": "predict"}'


def test_a_link_in_the_spool_is_not_followed(terminal: Terminal, asked: Path) -> None:
    Path("victim").mkdir()
    Path("spool").mkdir()
    os.symlink(Path("victim").resolve(), "spool/results")
    terminal.refused(1, ["spool/results is a link"], "work", "spool", "--model", asked, EMPTY)
    assert os.listdir("victim") == []


def test_the_oldest_is_done_first(spool: Path) -> None:
    leave_predictions(spool, 12)
    for number in range(12):
        os.utime(f"spool/incoming/j{number}.json", (1000 - number, 1000 - number))
    assert [each.name for each in FolderQueue(Spool.open("spool")).waiting()] == [f"j{n}" for n in range(11, -1, -1)]
