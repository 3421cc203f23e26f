"""The table of limits in docs/limits.md; `python tests/storage/limits_table.py` writes it anew."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pellucid.storage.limits import TABLE  # noqa: E402
from tests.docs.made import page_with  # noqa: E402

PAGE = ROOT / "docs" / "limits.md"
MAKER = "tests/storage/limits_table.py"


def table() -> str:
    """One line a limit."""
    rows = ["| what | at most | raised by |", "|---|---|---|"]
    for limit in TABLE:
        by = f"`{limit.variable}`" + (f", `{limit.flag}`" if limit.flag else "")
        most = f"{limit.number:,} {limit.unit}" if limit.number else "what is free"
        rows.append(f"| {limit.what} | {most} | {by} |")
    return "\n".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE, MAKER, table()), encoding="utf-8")
