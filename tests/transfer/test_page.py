"""The figures of docs/transfer.md are those of the committed measurement."""

from __future__ import annotations

import json

from benchmarks.transfer import RESULT, ROOT, table


def test_the_figures_are_the_measured_ones() -> None:
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "transfer.md").read_text(encoding="utf-8")
    figures = page.partition("<!-- figures: begin -->\n")[2].partition("\n<!-- figures: end -->")[0]
    assert figures == table(result)
    assert len(result["seeds"]) == 5 and result["commit"]
