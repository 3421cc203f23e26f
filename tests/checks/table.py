"""The table of docs/checks.md: every planted fault, whether its check says so, and how often that check is wrong.

Run with   python -m tests.checks.table          to write it anew
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pellucid.checks.series import check_all
from tests.checks.faults import FAULTS, finding
from tests.checks.subjects import CLEAN, SEEDS, clean
from tests.docs.made import page_with

PAGE = Path(__file__).resolve().parents[2] / "docs" / "checks.md"
MAKER = "tests/checks/table.py"
PLANTED = range(5)  # seeds in which each fault is planted


def false_alarms(seeds: Sequence[int] = SEEDS) -> Counter[str]:
    """How often each check gave no pass on the clean networks, over these seeds."""
    found = (one for name in CLEAN for seed in seeds for one in check_all(clean(name, seed)))
    return Counter(one.name for one in found if one.status != "pass")


def table() -> str:
    """One row a fault."""
    runs, alarms = len(CLEAN) * len(SEEDS), false_alarms()
    rows = ["| Planted fault | Caught by | As | In | False alarms of that check |", "|---|---|---|---|---|"]
    for fault in FAULTS:
        caught = sum(finding(fault.check, fault.plant(seed)).status == fault.status for seed in PLANTED)
        told = f"{caught} of {len(PLANTED)} seeds", f"{alarms[fault.check]} of {runs}"
        rows.append(f"| {fault.what} | `{fault.check}` | {fault.status} | {told[0]} | {told[1]} |")
    return "\n".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE, MAKER, table()), encoding="utf-8")
