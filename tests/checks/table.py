"""The table of docs/checks.md: every planted fault, whether its check says so, and how often that check is wrong.

Run with   python -m tests.checks.table          to write it anew
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

from pellucid.checks.series import check_all
from tests.checks.faults import FAULTS, finding
from tests.checks.subjects import CLEAN, SEEDS, clean

PAGE = Path(__file__).resolve().parents[2] / "docs" / "checks.md"
BEGIN, END = "<!-- made by tests/checks/table.py: begin -->", "<!-- made by tests/checks/table.py: end -->"
PLANTED = range(5)  # seeds in which each fault is planted


@cache
def false_alarms() -> Counter[str]:
    """How often each check gave no pass on the clean networks, over all seeds."""
    found = (one for name in CLEAN for seed in SEEDS for one in check_all(clean(name, seed)))
    return Counter(one.name for one in found if one.status != "pass")


def table() -> str:
    """One row a fault."""
    runs = len(CLEAN) * len(SEEDS)
    rows = ["| Planted fault | Caught by | As | In | False alarms of that check |", "|---|---|---|---|---|"]
    for fault in FAULTS:
        caught = sum(finding(fault.check, fault.plant(seed)).status == fault.status for seed in PLANTED)
        told = f"{caught} of {len(PLANTED)} seeds", f"{false_alarms()[fault.check]} of {runs}"
        rows.append(f"| {fault.what} | `{fault.check}` | {fault.status} | {told[0]} | {told[1]} |")
    return "\n".join(rows)


def page_with(made: str) -> str:
    """The page with the table in its place."""
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with(table()), encoding="utf-8")
