"""sections.json and predictions.jsonl: the report is drawn without the data; what others put in is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.data.annotations import Classes
from pellucid.data.dataset import Part
from pellucid.data.images import ArrayImages
from pellucid.errors import FileError
from pellucid.reports import keeping
from pellucid.reports.gallery import Card
from pellucid.reports.keeping import read_sections, write_predictions, write_sections
from pellucid.reports.rebuilding import rebuild_report
from pellucid.reports.report import about_of, write_report
from pellucid.reports.sections import Facts, Figure, Gallery, Section, Table, Text
from pellucid.reports.svg import cleaned
from pellucid.runs.finishing import told_of_each
from pellucid.runs.pictures import write_pictures
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.tables import write_csv
from pellucid.storage.writer import write_json
from pellucid.tasks.classification.evaluation import ACCURACY, Evaluation
from pellucid.tasks.classification.pictures import pictures_of
from pellucid.tasks.classification.task import Classification
from tests.reports.page import Page

PIXEL = ("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJR"
         "U5ErkJggg==")  # fmt: skip
MACHINE = {"machine": "Linux", "processor": "x", "python": "3.11", "engine": "reference", "precision": "float32",
           "device": "cpu", "threads": 1, "libraries": {"numpy": "2"}, "blas": []}  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, digits: tuple[Evaluation, np.ndarray]) -> RunFolder:
    """A run folder with all that a report is made of, and the report."""
    evaluation, pixels = replace(digits[0], ids=np.arange(1437, 1797)), digits[1]
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "run")
    folder.path.mkdir()
    part = Part(ArrayImages(pixels), Classes(evaluation.labels), evaluation.names, evaluation.ids)
    settings = {"data": "digits", "lr": 0.1}
    history = [{"epoch": 1, "loss": 1 / 3, "val_loss": 0.4, "accuracy": 0.9, "val_accuracy": 0.8}]
    metrics = evaluation.to_metrics() | {"headline": evaluation.headline.to_json(), "task": "classification",
                                         "state": "finished", "best_epoch": 1, "engine": "reference",
                                         "seconds": 98765.5}  # fmt: skip
    write_json(folder.config, {"format": 1, "command": "pellucid train digits", "settings": settings,
                               "environment": MACHINE, "fingerprint": "f"})  # fmt: skip
    write_json(folder.metrics, metrics)
    write_csv(folder.history, history)
    shown = write_pictures(
        folder, history=history, steps=[], watched=ACCURACY,
        draw=lambda: pictures_of(evaluation, lambda i: pixels[i], part),
        predictions=told_of_each(part, Classification(evaluation.class_names).predictions(evaluation)),
    )  # fmt: skip
    context = {"command": "pellucid train digits", "data": "digits", "settings": settings, "environment": MACHINE,
               "dataset": {"name": "digits", "test part": "360 images", "fingerprint": "f", "notes": ["a note"]},
               "summary_rows": [{"layer": "dense", "output_shape": [None, 10], "parameters": 640}],
               "totals": {"total": 640}, "state": "finished", "best_epoch": 1, "evaluation": metrics}  # fmt: skip
    write_report(folder, context=context, shown=shown)
    return folder


@pytest.fixture
def folder(finished: RunFolder, tmp_path: Path) -> RunFolder:
    return RunFolder(Path(shutil.copytree(finished.path, tmp_path / "run")))


def test_the_report_is_drawn_again_from_the_folder_alone(finished: RunFolder, folder: RunFolder) -> None:
    before = folder.report.read_text(encoding="utf-8")
    folder.report.unlink()
    assert rebuild_report(folder) == folder.report
    here, there = str(folder.path.parent), str(finished.path.parent)
    assert folder.report.read_text(encoding="utf-8") == before.replace(there, here)
    images = [attributes["src"] for tag, attributes in Page(before).tags if tag == "img"]
    assert len(images) == 24 + 24 + 18 and all(images)


def test_no_time_is_kept_so_that_a_resume_writes_the_same_bytes(folder: RunFolder) -> None:
    before = folder.sections.read_bytes()
    sections, about, watched = read_sections(folder.sections, folder.predictions)
    assert "98,765.5" in folder.report.read_text(encoding="utf-8") and b"Seconds" not in before
    write_sections(folder.sections, sections, about=about, watched=watched)
    assert folder.sections.read_bytes() == before


def test_a_line_a_sample_and_a_picture_for_those_that_are_shown(folder: RunFolder) -> None:
    rows = [json.loads(line) for line in folder.predictions.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == list(range(1437, 1797)) and rows[3]["path"] == "digits#3"
    assert all(row["classes"][0]["probability"] >= row["classes"][1]["probability"] for row in rows)
    assert {len(row["classes"]) for row in rows} == {3} and rows[0].keys() - {"thumbnail"} == {
        "id", "path", "true", "classes"}  # fmt: skip
    told = json.loads(folder.sections.read_text(encoding="utf-8"))
    cards = [card for one in told["sections"] if one["kind"] == "gallery" for card in one["cards"]]
    named = {card["sample"] for card in cards} - {None}
    assert {row["id"] for row in rows if "thumbnail" in row} == named and len(named) == 24 + 18
    assert [card["source"] != "" for card in cards] == [card["sample"] is None for card in cards]


def test_every_kind_comes_back_as_it_was(tmp_path: Path) -> None:
    cards = [Card(PIXEL, True, [("said a", "wrong")], [("a", "12.5 %", "wrong"), ("b", "100 %", "")], "x.png", 7),
             Card(PIXEL, False, [("猫", "")], [])]  # fmt: skip
    sections: list[Section] = [
        Text("words", title="T", faint="f"), Table(["a"], [["1"]], kinds=["number"], folded=True, place="below"),
        Facts([("mae", "6.5")], place="head"), Figure("alt", "<svg></svg>", "a.png"),
        Gallery(cards, small=True, place="data"),
    ]  # fmt: skip
    write_sections(tmp_path / "s", sections, about=about_of({}), watched=ACCURACY)
    write_predictions(tmp_path / "p", [{"id": 6}, {"id": 7, "path": "b\udcff"}], sections)
    assert read_sections(tmp_path / "s", tmp_path / "p") == (sections, json.loads(json.dumps(about_of({}))), ACCURACY)


def test_files_stay_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_PICTURES", 3)
    monkeypatch.setattr(keeping, "LARGEST_SVG", 20)
    of_samples = Gallery([Card(PIXEL, True, [("a", "")], sample=number) for number in range(5)])
    others = Gallery([Card(PIXEL, True, [("a", "")]) for _ in range(5)])
    sections = [of_samples, others, Figure("alt", "<svg>" + " " * 20 + "</svg>", "a.png")]
    write_sections(tmp_path / "s", sections, about=about_of({}), watched=ACCURACY)
    write_predictions(tmp_path / "p", ({"id": number} for number in range(9)), sections)
    assert len((tmp_path / "p").read_text(encoding="utf-8").splitlines()) == 9
    back, _, _ = read_sections(tmp_path / "s", tmp_path / "p")
    for one in back[:2]:
        assert isinstance(one, Gallery) and [bool(card.source) for card in one.cards] == [True] * 3 + [False] * 2
    assert back[2] == Figure("alt", "", "a.png")


def at(kind: str, change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], object]:
    """A change to the last section of a kind."""
    return lambda told: change([one for one in told["sections"] if one["kind"] == kind][-1])


def card(**values: Any) -> Callable[[dict[str, Any]], object]:
    return at("gallery", lambda one: one["cards"][0].update(values))


@pytest.mark.parametrize("spoil", [
    lambda told: told.update(format=2), lambda told: told.update(sections=[{"kind": "script"}]),
    lambda told: told.update(sections=[{}]), lambda told: told.update(sections={"kind": "text"}),
    lambda told: told.update(watched={"name": "a", "better": "larger"}), lambda told: told.update(about={}),
    lambda told: told["about"].update(dataset=[["a"]]), lambda told: told["about"].update(name="another"),
    lambda told: told["about"].update(network={"rows": [{}], "totals": []}),
    at("table", lambda one: one["rows"].append(["too short"])), at("table", lambda one: one.update(kinds=["script"])),
    at("table", lambda one: one.update(place="nowhere")), at("figure", lambda one: one.pop("alt")),
    at("figure", lambda one: one.update(svg="", file="../secret.png")), at("figure", lambda one: one.update(svg="")) and
    at("figure", lambda one: one.update(svg="", file="missing.png")),
    card(source="https://example.org/x.png"), card(source="data:text/html;base64,AAAA"), card(lines=[["a", "evil"]]),
    card(bars=[["a", "1 %; background: url(//example.org)", ""]]), card(bars=[["a", 3, ""]]),
])  # fmt: skip
def test_what_others_put_in_is_refused_in_a_sentence(folder: RunFolder, spoil: Callable[[Any], object]) -> None:
    told = json.loads(folder.sections.read_text(encoding="utf-8"))
    spoil(told)
    folder.sections.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(FileError, match=r"^[^\n]*(sections\.json|run|missing\.png)[^\n]*$"):
        rebuild_report(folder)


@pytest.mark.parametrize("line", ['{"id": 1, "thumbnail": 3}', '{"thumbnail": "x"}', '{"thumbnail": ', '["thumbnail"]'])
def test_a_damaged_line_is_named(folder: RunFolder, line: str) -> None:
    folder.predictions.write_text(f'{{"id": 0}}\n{line}\n', encoding="utf-8")
    with pytest.raises(FileError, match=r"predictions\.jsonl[^\n]* is (damaged|not valid JSON)"):
        rebuild_report(folder)


def test_a_picture_that_is_none_is_refused(folder: RunFolder) -> None:
    text = folder.predictions.read_text(encoding="utf-8")
    folder.predictions.write_text(text.replace("data:image/png", "data:text/html"), encoding="utf-8")
    with pytest.raises(FileError, match="a picture of a card is no PNG"):
        rebuild_report(folder)
    folder.predictions.unlink()  # without them the words of the cards are still there
    rebuild_report(folder)
    assert folder.report.read_text(encoding="utf-8").count("<img") == 24
    folder.sections.unlink()
    with pytest.raises(FileError, match=r"sections\.json does not exist|sections\.json"):
        rebuild_report(folder)


EVIL_SVG = '''<svg role="img" onload="x()" style="--drawn: 9px; background: url(//e.org)"><!--><script>x()</script>-->
<style>@import "//e.org"</style><foreignObject><img src=x onerror=x()></foreignObject>
<a href="javascript:x()"><text>a</text></a>
<image href="//e.org/x.png"/><use xlink:href="//e.org#a"/><use xlink:href="#a"/><g clip-path="url(//e.org#a)"/>
<path d="M 0 0" style="fill: u\\72l(//e.org); stroke: var(--ink); fill: url(//e.org)"/><text>1 &lt; 2</text></svg>'''


def test_of_a_drawing_only_what_draws_is_left() -> None:
    left = cleaned(EVIL_SVG)
    for gone in ("e.org", "x()", "script", "import", "foreign", "<img", "<a", "url", "onload", "<!--"):
        assert gone not in left, left
    for kept in ('style="--drawn: 9px"', '<use xlink:href="#a"/>', "stroke: var(--ink)", "<text>1 &lt; 2</text>"):
        assert kept in left, left
    assert cleaned(left) == left and Page(left).open == []


def test_numbers_that_are_not_finite_have_no_place(tmp_path: Path) -> None:
    part = Part(ArrayImages(np.zeros((1, 2, 2, 1), np.uint8)), Classes(np.zeros(1, np.int64)), ["a"], np.array([4]))
    said: list[Mapping[str, Any]] = [{"value": float("nan")}]
    write_predictions(tmp_path / "p", told_of_each(part, said), [])
    assert (tmp_path / "p").read_text(encoding="utf-8") == '{"id": 4, "path": "a", "value": null}\n'
