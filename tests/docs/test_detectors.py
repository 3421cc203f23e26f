"""docs/detectors.md: its pictures and its table are those of the networks, and every detector of a paper is there."""

from __future__ import annotations

import json

import pytest

from benchmarks import detection_table
from benchmarks.published import ROOT
from pellucid.tasks.detection.literature import LITERATURE
from tests.docs import detectors
from tests.docs.made import page_with

REMEDY = "Draw them anew with python -m tests.docs.detectors."


@pytest.mark.parametrize("name", detectors.DETECTORS)
def test_a_picture_is_that_of_the_network(name: str) -> None:
    assert (detectors.FOLDER / f"{name}.svg").read_text(encoding="utf-8") == detectors.drawing(name), REMEDY


def test_the_table_is_that_of_the_networks_and_lists_all_of_papers() -> None:
    page = detectors.PAGE.read_text(encoding="utf-8")
    assert page == page_with(detectors.PAGE, detectors.MAKER, detectors.table()), REMEDY
    assert set(LITERATURE) <= set(detectors.DETECTORS)
    for name in detectors.DETECTORS:
        assert f"\n## {name}\n" in page and f"(detectors/{name}.svg)" in page


def test_the_ablations_are_those_that_were_measured() -> None:
    page = detectors.PAGE.read_text(encoding="utf-8")
    figures = page.partition("<!-- figures: begin -->\n")[2].partition("\n<!-- figures: end -->")[0]
    assert figures == detection_table.table()
    for name in detection_table.RESULTS.values():
        found = json.loads((ROOT / "benchmarks" / "results" / name).read_text(encoding="utf-8"))
        assert sorted(found) == sorted(detection_table.ABLATIONS)
        assert all(len(one["runs"]) == 6 and one["commit"] for one in found.values())
