"""The figures on the page of metrics are those of the committed result."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULT = json.loads((ROOT / "benchmarks" / "results" / "label-errors.json").read_text(encoding="utf-8"))
COLUMNS = ("flagged_precision", "flagged_recall", "precision_at_planted_margin", "precision_at_planted_confidence",
           "listed_precision", "listed_recall")  # fmt: skip


@pytest.mark.parametrize("kind", ["uniform", "systematic"])
def test_the_table_of_label_errors(kind: str) -> None:
    cells = [f"{RESULT['summary'][kind][name]['mean']:.2f} ± {RESULT['summary'][kind][name]['spread']:.2f}"
             for name in COLUMNS]  # fmt: skip
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert f"| {kind} | {' | '.join(cells)} |" in page


def test_the_summary_is_that_of_the_runs() -> None:
    assert {(row["kind"], row["seed"]) for row in RESULT["runs"]} == {
        (kind, seed) for kind in ("uniform", "systematic") for seed in (0, 1, 2)
    }
    for kind, found in RESULT["summary"].items():
        rows = [row for row in RESULT["runs"] if row["kind"] == kind]
        recall = [row["flagged_recall"] for row in rows]
        assert found["flagged_recall"]["mean"] == pytest.approx(np.mean(recall))
        assert found["flagged_recall"]["spread"] == pytest.approx(np.std(recall, ddof=1))
    assert not RESULT["commit"].endswith("dirty")
