"""Every check says so when its own fault is planted, and nothing when there is none."""

from __future__ import annotations

import pytest

from pellucid.checks.series import check_all
from tests.checks.faults import FAULTS, Fault, finding
from tests.checks.subjects import CLEAN, NAMES, SEEDS, clean
from tests.checks.table import MAKER, PAGE, false_alarms, table
from tests.docs.made import page_with

ELSEWHERE = 101  # a seed that the table does not use


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.check}: {fault.what}")
def test_a_planted_fault_is_caught(fault: Fault) -> None:
    found = finding(fault.check, fault.plant(ELSEWHERE))
    assert (found.name, found.status) == (fault.check, fault.status), found
    assert found.meaning and found.remedy, found


def test_every_check_has_a_planted_fault() -> None:
    assert {fault.check for fault in FAULTS} == set(NAMES)


def test_nothing_is_said_of_clean_networks() -> None:
    assert dict(false_alarms(SEEDS[:4])) == {}


def test_every_planted_fault_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [fault for fault in FAULTS if f"| {fault.what} | `{fault.check}` | {fault.status} | " not in page] == []


@pytest.mark.soak
def test_the_table_of_the_page_is_what_is_measured() -> None:
    """All twenty seeds of the clean networks, and five of each fault."""
    assert len(SEEDS) == 20
    made = table()
    assert page_with(PAGE, MAKER, made) == PAGE.read_text(encoding="utf-8"), "Type: python -m tests.checks.table"
    assert made.count("| 5 of 5 seeds | 0 of 60 |") == len(FAULTS)


def test_nothing_is_made_of_a_network_that_does_not_fit() -> None:
    nine_outputs = next(fault for fault in FAULTS if fault.check == "shapes").plant(0)
    assert tuple(one.name for one in check_all(nine_outputs)) == NAMES[: NAMES.index("shapes") + 1]


def test_every_check_is_made_once_and_in_order() -> None:
    assert tuple(one.name for one in check_all(clean(next(iter(CLEAN)), 0))) == NAMES
