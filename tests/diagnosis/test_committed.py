"""The diagnoses in benchmarks/results/diagnosis: whole, free of places on any machine, and as the docs have them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.diagnoses import RESULTS, RUNS
from tests.reports.page import Page

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "diagnosis.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", RUNS)
def test_a_committed_diagnosis_is_whole_and_told_in_the_docs(name: str) -> None:
    folder = RESULTS / name
    found = json.loads((folder / "diagnosis.json").read_text(encoding="utf-8"))
    page = Page((folder / "diagnosis.html").read_text(encoding="utf-8"))
    assert page.open == [] and found["title"] in page.text and found["sentence"] in page.text
    assert len(found["next_steps"]) == 3 and (folder / "diagnosis-split.png").stat().st_size > 10_000
    assert f"**{found['title']}.** {found['sentence']}" in DOCS
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert result["title"] == found["title"] and result["commit"] and result["environment"]["libraries"]
    for path in (folder / "diagnosis.json", folder / "result.json"):
        assert not any(place in path.read_text(encoding="utf-8") for place in ('"/', "/tmp", "/work", "/home"))


def test_pictures_of_a_set_without_a_licence_are_not_committed() -> None:
    assert not (RESULTS / "flowers10-overfitted" / "diagnosis-mistakes.png").exists()
