"""The table of docs/imbalance.md is that of the committed measurement."""

from __future__ import annotations

import statistics

import pytest

from tests.docs.made import page_with
from tests.imbalance.table import MAKER, PAGE, result, table


def test_the_table_of_the_page_is_the_committed_result() -> None:
    made = table(result())
    assert page_with(PAGE, MAKER, made) == PAGE.read_text(encoding="utf-8"), "Type: python -m tests.imbalance.table"


def test_means_are_those_of_the_runs() -> None:
    measured = result()
    none = [run["balanced_accuracy"] for run in measured["remedies"]["none"]["runs"]]
    for found in measured["remedies"].values():
        values = [run["balanced_accuracy"] for run in found["runs"]]
        assert [run["seed"] for run in found["runs"]] == measured["seeds"] and len(values) == 3
        assert found["balanced_accuracy"]["mean"] == pytest.approx(statistics.mean(values))
        assert found["gain"]["mean"] == pytest.approx(statistics.mean(values) - statistics.mean(none))
