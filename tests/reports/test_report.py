"""The page: self-contained, everything escaped, says what it must, and stands with any part of it missing."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data.annotations import Classes
from pellucid.data.dataset import Part
from pellucid.data.images import ArrayImages
from pellucid.errors import ShapeError
from pellucid.reports.gallery import in_turn
from pellucid.reports.report import Shown, about_of, headline, next_steps, render, write_report
from pellucid.reports.sections import Facts, Figure, Gallery, Section, Table, Text
from pellucid.reports.wording import shape_text, text
from pellucid.runs.pictures import write_pictures
from pellucid.storage.run_folder import RunFolder
from pellucid.tasks.classification.cards import MOST_RIGHT, MOST_SAMPLE, mistake_cards
from pellucid.tasks.classification.evaluation import ACCURACY, Evaluation
from pellucid.tasks.classification.mistakes import MOST
from pellucid.tasks.classification.pictures import pictures_of
from pellucid.tasks.classification.sections import class_by_class, confused, per_class
from tests.reports.page import Page

EVIL = "<script>alert('x')</script> & \"co\""


def scores_of(evaluation: Evaluation) -> dict[str, Any]:
    return evaluation.to_metrics() | {"headline": evaluation.headline.to_json()}


def drawn(evaluation: Evaluation, *sections: Section, path: str = "r") -> str:
    """A page of these sections alone."""
    told = {"evaluation": scores_of(evaluation)}
    return render(told, about_of(told), path=Path(path), shown=Shown([], ACCURACY, sections))


def context(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "command": f"pellucid train digits --out '{EVIL}'",
        "data": "digits",
        "dataset": {
            "name": "digits",
            "fingerprint": "9f2c" * 16,
            "parts": {"train": {"images": 1437, "classes": 10}, "test": {"images": 360}},
            "class_names": ["0", EVIL],
            "notes": [f"3 hidden files were left out, {EVIL}"],
        },
        "settings": {"batch_size": 32, "optimizer": {"name": "adam", "learning_rate": 0.001}, "schedule": None},
        "summary_rows": [{"layer": "conv2d", "output_shape": [None, 6, 6, 32], "parameters": 320}],
        "totals": {
            "total": 33930,
            "trainable": 33866,
            "not_trainable": 64,
            "flops": 1234567,
            "receptive_field": [3, 3],
        },
        "environment": {"numpy": "2.4.6", "device": EVIL},
        "state": "finished",
        "best_epoch": 9,
        "evaluation": scores_of(evaluation) | {"seconds": 6.21, "images_per_second": 3012.4},
        "checks": [{"name": "initial loss", "status": "warning", "meaning": EVIL, "remedy": "Try --lr 0.01."}],
    }


@pytest.fixture(scope="module")
def written(
    tmp_path_factory: pytest.TempPathFactory, digits: tuple[Evaluation, np.ndarray]
) -> tuple[RunFolder, Page, str]:
    evaluation, pixels = digits
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "my run")
    folder.path.mkdir()
    history = [{"epoch": 1, "loss": 0.5, "accuracy": 0.9}]
    training = Part(ArrayImages(pixels), Classes(evaluation.labels), evaluation.names, np.arange(len(pixels)))
    shown = write_pictures(folder, history=history, steps=[], watched=ACCURACY, predictions=[],
                           draw=lambda: pictures_of(evaluation, lambda i: pixels[i], training))  # fmt: skip
    assert write_report(folder, context=context(evaluation), shown=shown) == folder.report
    source = folder.report.read_text(encoding="utf-8")
    return folder, Page(source), source


def test_page_says_what_it_must(written: tuple[RunFolder, Page, str], digits: tuple[Evaluation, np.ndarray]) -> None:
    folder, page, _ = written
    right = round(digits[0].accuracy * 360)
    for wanted in (
        "my run", f"{100 * right / 360:.2f} % accuracy", f"{right} of 360 test images are right", "95 % confidence",
        "finished", "weights of epoch 9, the best", "measured on test", "9f2c" * 16,
        "train (images: 1437, classes: 10); test (images: 360)",
        "3 hidden files were left out", "initial loss", "Try --lr 0.01.", "conv2d", "6 × 6 × 32", "33,930",
        "1,234,567", "3 × 3", "batch size", "name: adam; learning rate: 0.001", "numpy", "Precision", "weakest",
        f"pellucid diagnose '{folder.path.as_posix()}'",
        f"pellucid predict '{folder.path.as_posix()}' IMAGE...",
        f"pellucid evaluate '{folder.path.as_posix()}' digits --split test",
        f"pellucid train --resume '{folder.path.as_posix()}'",
    ):  # fmt: skip
        assert wanted in page.text, f"the page does not say {wanted!r}"
    assert page.open == []


def test_page_needs_nothing_else(written: tuple[RunFolder, Page, str]) -> None:
    _, page, source = written
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    addresses = [attributes["src"] for tag, attributes in page.tags if tag == "img"]
    assert len(addresses) == MOST + MOST_RIGHT + MOST_SAMPLE
    assert all(a and a.startswith("data:image/png;base64,iVBOR") for a in addresses)
    assert not re.search(r"https?:|url\((?!#)|@import", source)
    assert all(attributes.get("alt") for tag, attributes in page.tags if tag == "img")
    assert all(attributes.get("aria-label") for tag, attributes in page.tags if tag == "svg" and "role" in attributes)


def test_every_colour_follows_a_dark_page(written: tuple[RunFolder, Page, str]) -> None:
    _, _, source = written
    body = source[source.index("<main>") :]
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\"])", body)) <= {"#fffffe"}  # numbers on a strong colour
    halves = source.split("@media (prefers-color-scheme: dark)")[:2]
    light, dark = (set(re.findall(r"--(\w+): #", half)) for half in halves)
    assert light == dark >= set(re.findall(r"var\(--(\w+)\)", source)) - {"drawn"}
    assert min(map(float, re.findall(r"font(?:-size)?: (?:bold )?([\d.]+)px", body))) >= 8  # of a panel 288 wide


def test_examples_are_right_wrong_and_a_sample(written: tuple[RunFolder, Page, str]) -> None:
    _, page, _ = written
    for said in ("A sample of the training part", "Some that are right", "The worst mistakes"):
        assert said in page.text
    assert page.text.count("said ") == MOST and "No glyph" not in page.text


def test_what_is_drawn_by_chance_takes_classes_in_turn() -> None:
    labels = np.array([0] * 50 + [1] * 3 + [2] * 2)
    chosen = in_turn(np.arange(55), labels, 8)
    assert labels[chosen].tolist() == [0, 1, 2, 0, 1, 2, 0, 1] and len(set(chosen.tolist())) == 8
    assert in_turn(np.arange(55), labels, 8).tolist() == chosen.tolist()
    assert in_turn(np.array([], np.int64), labels, 8).tolist() == []
    assert labels[in_turn(np.array([52, 7]), labels, 8)].tolist() == [0, 1]


def test_large_and_deep_pictures_become_small_cards() -> None:
    evaluation = Evaluation("test", np.array([0, 1]), np.array([[0.1, 0.9], [0.2, 0.8]]), ("猫", EVIL), ["x", "y"], 0.1)
    pixels = np.random.default_rng(1).integers(0, 60_000, (2, 900, 300, 5)).astype(np.uint16)
    (card,) = mistake_cards(evaluation, lambda i: pixels[i], 24)
    assert card.lines == [(f"said {EVIL}", "wrong"), ("is 猫", "right")] and not card.coarse
    with Image.open(io.BytesIO(base64.b64decode(card.source.partition(",")[2]))) as picture:
        assert picture.size == (64, 192)
    page = drawn(evaluation, Gallery([card]))
    assert "猫" in Page(page).text and "<script" not in page


def test_everything_is_escaped(written: tuple[RunFolder, Page, str]) -> None:
    _, page, source = written
    assert "<script" not in source
    assert page.text.count(EVIL) == 5  # command, class name, note, device and check


def test_class_names_are_escaped() -> None:
    evaluation = Evaluation("test", np.array([0, 1]), np.array([[0.1, 0.9], [0.2, 0.8]]), (EVIL, "b"), ["x", "y"], 0.1)
    source = drawn(evaluation, *confused(evaluation), *class_by_class(evaluation.class_rows()), path="runs/<b>run</b>")
    assert "<script" not in source and "<b>" not in source
    assert Page(source).text.count(EVIL) == 2  # the confused pair and the row of the class


def test_page_of_a_run_that_has_nothing_yet(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    write_report(folder, context={})
    page = Page(folder.report.read_text(encoding="utf-8"))
    assert "Not measured yet" in page.text and "unfinished" in page.text and "there are no curves" in page.text
    assert page.text.index("Go on where it stopped") < page.text.index("pellucid train --resume")
    assert "pellucid predict" not in page.text


def test_many_classes_show_the_weakest_first() -> None:
    labels = np.arange(131).repeat(3)
    answers = np.eye(131)[labels]
    answers[300] = np.eye(131)[5]  # one of the three samples of class 100 is taken for class 5
    names = tuple(f"class {k}" for k in range(131))
    evaluation = Evaluation("test", labels, answers, names, [""] * len(labels), 0.1)
    page = Page(drawn(evaluation, *class_by_class(evaluation.class_rows())))
    weakest = page.text[page.text.index("The 10 weakest of 131 classes") : page.text.index("All 131 classes")]
    assert weakest.index("class 100 3") < weakest.index("class 5 3") < weakest.index("class 0 3")
    assert weakest.count("weakest") == 1  # the heading: of three images nobody can say that a class is weak


def test_any_tasks_sections_are_drawn(digits: tuple[Evaluation, np.ndarray]) -> None:
    source = drawn(
        digits[0], Facts([(f"R2 {EVIL}", "0.9")], place="head"), Text("", title="First", faint="why"),
        Table(["of", "n", "share", ""], [[EVIL, "3", "12.5", "low"], ["b", "4", "x", ""]], place="below", title="Sub",
              kinds=["name", "number", "bar", "mark"]),
        Text("words", place="below"), Facts([("mae", "6.5")], title="Second"), Table(["a", "b"], [["1", "2"]]),
        Figure("a drawing", '<svg role="img"><path d="M 0 0" onload="x()"/><script>x()</script></svg>', place="below"),
        Gallery([], title="Beside", place="data"),
    )  # fmt: skip
    page = Page(source)
    assert page.open == [] and "<script" not in source and "onload" not in source
    order = ["R2", "Beside", "First", "why", "Sub", "words", "Second", "mae", "What to type next"]
    assert [page.text.index(word) for word in order] == sorted(page.text.index(word) for word in order)
    assert re.findall(r"<h[23]>(First|Sub|Second|Beside)</h(.)>", source) == [
        ("Beside", "3"), ("First", "2"), ("Sub", "3"), ("Second", "2")]  # fmt: skip
    assert '<i style="width:12.5%" class="low"></i>' in source and '<i style="width:0.0%"></i>' in source
    assert '<tr><th scope="row">1</th><td>2</td></tr>' in source and '<path d="M 0 0"/>' in source
    with pytest.raises(ShapeError, match="table: rows and kinds must be 2 long, as columns"):
        Table(["a", "b"], [["1"]])


def marks(right: list[int], n: int, said: list[int] | None = None) -> list[bool]:
    """Which of the classes of n images each are marked, of which so many are right."""
    said = said or [n] * len(right)
    rows = [{"class": "c", "n": n, "recall": one / n, "precision": one / all_, "f1": 2 * one / (n + all_)}
            for one, all_ in zip(right, said, strict=True)]  # fmt: skip
    return [row["weak"] for row in per_class(rows)]


def test_weakest_are_marked_where_they_are_surely_weaker_and_by_points_that_count() -> None:
    assert marks([90, 20, 95, 50], 100) == [False, True, False, True]
    assert marks([100, 100], 100) == [False, False] and marks([3, 2, 3, 3], 3) == [False] * 4
    assert marks([9700, 9850, 9880, 9860], 10_000) == [False] * 4  # sure, and F1 97 % all the same
    assert marks([930, 990, 985, 992], 1000) == [True, False, False, False]
    assert marks([99, 99, 98, 99], 100, said=[100, 100, 140, 100]) == [False, False, True, False]  # by precision


def test_headline_is_honest_about_the_part() -> None:
    measured = {"headline": ACCURACY.headline(0.9999, (0.9996, 1.0)).to_json(), "n": 20_000}
    found = headline(measured | {"split": "train"})
    assert found is not None and found["value"] == "99.99 %" and "nothing about new ones" in found["caution"]
    found = headline(measured | {"split": "validation"})
    assert found is not None and "chosen on these images" in found["caution"]
    kept_last = headline(measured | {"split": "validation"}, last=True)
    assert kept_last is not None and not kept_last["caution"]
    found = headline(measured | {"split": "test"})
    assert found is not None and found["caution"] == "" and found["of"] == "19,998 of 20,000 test images are right"
    assert headline({"headline": {"name": "accuracy", "value": None}, "n": 4}) is None


@pytest.mark.parametrize(
    ("state", "first"),
    [
        ("finished", "diagnose"),
        ("stopped early at epoch 7", "diagnose"),
        ("stopped by the user", "resume"),
        (None, "resume"),
    ],
)
def test_next_step_follows_the_state(state: str | None, first: str) -> None:
    steps = next_steps({"state": state, "evaluation": {"split": "test"}}, Path("runs/a"))
    assert first in steps[0][1]
    assert len(steps) == 5


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"), (True, "yes"), (False, "no"), (0, "0"), (2024, "2024"), (60_000, "60,000"), (0.001, "0.001"),
        ([], "–"), ([1, 2], "1, 2"), (list(range(50)), ", ".join(map(str, range(40))) + " and 10 more"),
        ({"a_b": {"c": 1, "d": 2}, "e": 3}, "a b (c: 1, d: 2); e: 3"),
    ],
)  # fmt: skip
def test_values_in_words(value: Any, words: str) -> None:
    assert text(value) == words


def test_shapes_in_words() -> None:
    assert shape_text((None, 26, 26, 32)) == "26 × 26 × 32"
    assert shape_text([[None, 10], [None, 4]]) == "10, 4"
    assert shape_text("(26, 26, 32)") == "(26, 26, 32)"
    assert shape_text((None,)) == "–"
