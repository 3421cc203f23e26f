"""pellucid runs and pellucid compare: what they say of runs that were never trained, and how they refuse."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pellucid.cli.output import cut, width_of
from pellucid.using.comparing.gathering import differences, gather
from tests.cli.terminal import Terminal
from tests.reports.page import Page

EVIL = "<script>x</script>"
ENVIRONMENT = {"machine": "Linux x86_64", "processor": "x86", "python": "3.11.7", "engine": "reference",
               "precision": "float32", "device": "cpu", "threads": 1, "libraries": {"numpy": "2.4.6"},
               "blas": []}  # fmt: skip


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(capsys)


def run(
    name: str, *, right: int = 330, n: int = 360, epochs: int = 4, ended: bool = True,
    headline: dict[str, Any] | None = None, **settings: Any,
) -> str:
    """A run folder below runs/ with `right` of `n` test images right, or with another `headline`."""
    path = Path("runs") / name
    path.mkdir(parents=True)
    data = settings.pop("data", "digits")
    chosen = {"data": data, "model": "conv_8,pool,FC_32", "lr": None, "seed": 0} | settings
    record = {"format": 1, "command": "pellucid train", "settings": chosen, **chosen, "environment": ENVIRONMENT,
              "fingerprint": f"{data}'s", "learning_rate": {"type": "Fixed", "rate": chosen["lr"] or 1}}  # fmt: skip
    (path / "config.json").write_text(json.dumps(record), encoding="utf-8")
    rows = [f"{k},{1 / k},{1 - 0.5 / k},{1.1 / k},{0.9 - 0.5 / k},0.001" for k in range(1, epochs + 1)]
    head = "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate"
    (path / "history.csv").write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    if ended:
        metrics = {"accuracy": right / n, "n": n, "split": "test", "loss": 0.3, "macro_f1": None, "epochs": epochs,
                   "best_epoch": epochs, "parameters": 4538, "seconds": 1.5, "state": "finished"}  # fmt: skip
        metrics |= {} if headline is None else {"headline": headline, headline["name"]: headline["value"]}
        (path / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    return path.as_posix()


def test_the_page_holds_all_runs_and_only_what_differs(terminal: Terminal) -> None:
    first, second = run("first", right=350, lr=0.01), run(f"a & {EVIL[1:8]}", right=300, seed=3)
    typed = terminal.type("compare", first, second)
    assert typed.code == 0 and typed.err == ""
    for said in ("first is the best.", "-13.89 points (-18.27 to -9.73)", "setting that differs", "page  compare.html"):
        assert said in typed.out, typed.out
    source = Path("compare.html").read_text(encoding="utf-8")
    page = Page(source)
    assert page.open == [] and "<script" not in source and not re.search(r"https?:|url\((?!#)|@import", source)
    assert [dict(attributes)["role"] for tag, attributes in page.tags if attributes.get("role")] == ["img"] * 4
    for said in ("Validation accuracy", "Training loss", "97.22 %", "83.33 %", "learning rate: rate", "0.01"):
        assert said in page.text, said
    assert "conv_8" not in page.text and "numpy" not in page.text  # the same in both
    assert not re.search("#[0-9a-f]{6}", source[source.index("<main>") :])  # every colour follows the page's


def test_json_has_the_numbers(terminal: Terminal) -> None:
    typed = terminal.type("compare", run("a", right=330), run("b", right=333), "--out", "page.html", "--json")
    found = json.loads(typed.out)
    assert found["page"] == "page.html" and found["settings"] == []
    assert found["verdict"] == "b is ahead, but within noise"
    (difference,) = found["differences"]
    assert difference["run"] == "a" and difference["noise"] and difference["value"] == pytest.approx(-3 / 360)
    assert difference["interval"][0] < 0 < difference["interval"][1]
    assert [row["accuracy"] for row in found["runs"]] == [pytest.approx(330 / 360), pytest.approx(333 / 360)]


@pytest.mark.parametrize(("others", "noise"), [((330, 333), [True, True]), ((250, 335), [False, True])])
def test_noise_of_three(terminal: Terminal, others: tuple[int, int], noise: list[bool]) -> None:
    paths = [run("best", right=340), *(run(f"other{right}", right=right) for right in others)]
    assert [one["noise"] for one in differences(gather(paths)[0])] == noise


def degrees(value: float, half: float | None = 0.2) -> dict[str, Any]:
    """A headline of which less is better, with an interval of so much on either side."""
    low, high = (None, None) if half is None else (value - half, value + half)
    return {"name": "mae", "value": value, "low": low, "high": high, "better": "less", "unit": "degrees"}


def test_where_less_is_better_the_lowest_is_ahead(terminal: Terminal) -> None:
    best = run("best", headline=degrees(6.5), task="turns")  # a task that nobody has registered here
    near, far = run("near", headline=degrees(6.6), task="turns"), run("far", headline=degrees(9), task="turns")
    typed = terminal.type("compare", far, near, best)
    assert "best is ahead of all, and surely better than 1 of 2." in typed.out
    assert "far against best: +2.5 degrees (+2.217 to +2.783)" in typed.out
    assert "near against best: +0.1 degrees (-0.1828 to +0.3828), within noise" in typed.out
    assert re.search(r"run +mae +from", typed.out) and re.search(r"far +9.0000 +8.8000 +9.2000", typed.out)
    page = Page(Path("compare.html").read_text(encoding="utf-8")).text
    assert "Mae" in page and "6.5 degrees" in page and "Training loss" in page and "accuracy" not in page.lower()
    listed = terminal.type("runs").out
    assert re.search(r"model +mae +n", listed) and "6.5000" in listed


def test_scores_of_two_kinds_and_scores_without_an_interval(terminal: Terminal) -> None:
    classes, angles = run("classes"), run("angles", headline=degrees(6.5))
    typed = terminal.type("compare", classes, angles)
    assert "The scores cannot be compared." in typed.out
    assert "The runs are judged by different scores: classes by accuracy, angles by mae." in typed.out
    assert "accuracy 0.9167" in typed.out and "mae 6.5000" in typed.out
    assert "accuracy 91.67 %" in Page(Path("compare.html").read_text(encoding="utf-8")).text
    assert "accuracy 0.9167" in terminal.type("runs").out
    unsure = [run(f"unsure {value}", headline=degrees(value, None)) for value in (7, 8)]
    typed = terminal.type("compare", *unsure)
    assert "unsure 7 is ahead; how sure that is, is not known." in typed.out
    assert "unsure 8 against unsure 7: +1 degrees (interval not known)" in typed.out


def test_what_cannot_be_compared_is_said(terminal: Terminal) -> None:
    digits, photos, half = run("one"), run("two", data="photos"), run("half", ended=False)
    typed = terminal.type("compare", digits, photos, half)
    assert typed.code == 0 and "The scores cannot be compared." in typed.out
    assert "The runs were trained on other data (one: digits, two: photos, half: digits)" in typed.out
    assert "half has no final score: unfinished. Its curves are as far as it came." in typed.out
    assert "3 runs compared" in Page(Path("compare.html").read_text("utf-8")).text
    nothing = run("nothing", ended=False, epochs=0)
    assert terminal.type("compare", half, nothing).code == 0


def test_many_runs_and_old_records(terminal: Terminal) -> None:
    paths = [run(f"number {k}", right=300 + k, seed=k) for k in range(20)]
    old = json.loads(Path(paths[0], "config.json").read_text("utf-8"))
    del old["settings"]["seed"], old["seed"]
    Path(paths[0], "config.json").write_text(json.dumps(old), encoding="utf-8")
    assert terminal.type("compare", *paths).code == 0
    page = Page(Path("compare.html").read_text("utf-8"))
    assert "not told" in page.text and all(f"number {k}" in page.text for k in range(20))


def test_wrong_runs_are_refused_in_a_sentence(terminal: Terminal) -> None:
    one = run("one")
    terminal.refused(2, ["compare: name two runs or more"], "compare", one)
    terminal.refused(2, ["is the same run as runs/one"], "compare", one, "runs/../runs/one")
    terminal.refused(1, ["runs/nope does not exist"], "compare", one, "runs/nope")
    Path("file").write_text("x", encoding="utf-8")
    terminal.refused(1, ["is a file, not a run folder"], "compare", one, "file")
    Path("mine.html").write_text("<p>mine", encoding="utf-8")
    two = run("two")
    told = "mine.html exists and is no page of pellucid compare"
    terminal.refused(1, [told], "compare", one, two, "--out", "mine.html")
    assert Path("mine.html").read_text("utf-8") == "<p>mine"
    assert terminal.type("compare", one, two, "--out", "compare.html").code == 0
    for text in ("[1]", '{"accuracy": "x", "n": []}'):
        Path(two, "metrics.json").write_text(text, encoding="utf-8")
        Path(two, "history.csv").write_text("epoch\n", encoding="utf-8")
        assert terminal.type("compare", one, two).code == 0
    Path(two, "metrics.json").write_text("{", encoding="utf-8")
    typed = terminal.type("compare", one, two)
    assert typed.code == 0 and "two has no final score: broken: metrics.json is not valid JSON" in typed.out, typed
    Path(two, "metrics.json").unlink()
    Path(two, "config.json").write_text("{}", encoding="utf-8")
    terminal.refused(1, ["runs/two/config.json is damaged"], "compare", one, two)
    three = run("three")
    typed = terminal.type("compare", one, two, three)  # of three, two can be compared
    assert typed.code == 0 and "note  two is left out. runs/two/config.json is damaged" in typed.out, typed
    Path(three, "config.json").write_text("{", encoding="utf-8")
    terminal.refused(1, ["config.json is damaged"], "compare", one, two, three)


ODD = {"n": 10**30, "loss": 1e400, "seconds": "long", "best_epoch": {"a": 1}, "epochs": -5, "parameters": [1],
       "macro_f1": "q", "split": ["a"], "state": 3, "headline": [1]}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_an_odd_number_of_one_run_hides_no_other(name: str, terminal: Terminal) -> None:
    one, two = run("one"), run("two")
    metrics = json.loads(Path(two, "metrics.json").read_text(encoding="utf-8"))
    Path(two, "metrics.json").write_text(json.dumps(metrics | {name: ODD[name]}), encoding="utf-8")
    typed = terminal.type("compare", one, two)
    assert typed.code == 0 and "one" in typed.out and "two" in typed.out and typed.err == "", typed
    typed = terminal.type("runs", "runs")
    assert typed.code == 0 and "one" in typed.out and "two" in typed.out and typed.err == "", typed


@pytest.mark.parametrize("words", [("train", "--resume"), ("evaluate",), ("diagnose",), ("summary",), ("export",),
                                   ("features",), ("compare", "runs/digits-1")])  # fmt: skip
def test_a_mistyped_run_gets_the_one_that_was_meant(words: tuple[str, ...], terminal: Terminal) -> None:
    run("digits-1"), run("digits-conv"), [run(f"other-{number}") for number in range(9)]
    after = ("digits", "--out", "x.h5") if words == ("features",) else ()
    wanted = ["does not exist", "Did you mean 'runs/digits-conv'? In runs there is: 'digits-1', 'digits-conv', 'oth"]
    terminal.refused(1, [*wanted, "and 3 more"], *words, "runs/digit-conv", *after)
    if words != ("summary",):  # which takes a word without a folder for a network
        terminal.refused(1, wanted, *words, "digitsconv", *after)


@pytest.mark.parametrize("columns", [None, 80, 100, 200])
def test_the_table_of_runs_fits(columns: int | None, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", str(columns))
    run("a-run-with-quite-a-long-name-that-goes-on-and-on-and-on", data="digits", model="conv_64," * 12 + "FC_10")
    run("猫の写真" * 12, data="猫" * 90)
    broken = Path(run("broken"))
    (broken / "metrics.json").write_text("{" * 100, encoding="utf-8")
    lines = terminal.type("runs").out.splitlines()
    assert max(map(width_of, lines)) <= min(columns or 100, 100)
    assert sum(line.startswith("data ") for line in lines) == 2 and sum("broken:" in line for line in lines) == 1
    assert any(line.startswith("a-r") and "..." in line and "finished" in line for line in lines)


@pytest.mark.parametrize("width", [3, 8, 9, 20])
@pytest.mark.parametrize("text", ["abcdefghijklmnopqrstuvwxyz", "猫" * 15, "e\u0301" * 30, "\x1b[2J" * 9])
def test_cut_keeps_both_ends_and_the_width(text: str, width: int) -> None:
    short = cut(text, width)
    assert width_of(short) <= width and "..." in short and short.isprintable()
    assert cut("abc", 3) == "abc" and cut(text, width, middle=False).endswith("...")
