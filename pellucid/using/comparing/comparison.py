"""compare_runs: several run folders read, compared as plain values, and the page of it written."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pellucid.errors import FileError
from pellucid.reports.comparison import MARK, render
from pellucid.storage.reading import open_regular
from pellucid.storage.writer import write_text
from pellucid.using.comparing.gathering import (
    Compared,
    columns_beside,
    differences,
    differing_settings,
    gather,
    notes_on,
    score_rows,
    watched_by,
)


def compare_runs(paths: Sequence[str], out: str | Path) -> dict[str, Any]:
    """Compare run folders, write the page, and return what it says as plain values.

    Raises UsageError and FileError as `gather` does, and FileError when `out` is a file that is no such page.
    """
    runs, left_out = gather(paths)
    refuse_another_file(out)
    behind = differences(runs)
    found: dict[str, Any] = {
        "runs": score_rows(runs), "differences": behind, "verdict": verdict(runs, behind),
        "notes": [*left_out, *notes_on(runs)],
        "settings": differing_settings(runs), "page": Path(out).as_posix(),
    }  # fmt: skip
    write_text(out, render(found, [run.history for run in runs], watched=watched_by(runs), beside=columns_beside(runs)))
    return found


def refuse_another_file(out: str | Path) -> None:
    """Raise FileError when a file of that name is there which no comparison wrote."""
    if os.path.isfile(out):
        with open_regular(out) as file:
            if MARK.encode() not in file.read(4096):
                raise FileError(f"{out} exists and is no page of pellucid compare. Choose another name with --out.")


def verdict(runs: Sequence[Compared], found: Sequence[Mapping[str, Any]]) -> str:
    """The headline: which run is best, and whether that is more than chance."""
    if not found:
        scored = sum(run.headline is not None for run in runs)
        return "The scores cannot be compared" if scored > 1 else f"{scored} of {len(runs)} runs has a final score"
    best = found[0]["than"]
    if any(one["noise"] is None for one in found):
        return f"{best} is ahead; how sure that is, is not known"
    if all(one["noise"] for one in found):
        return f"{best} is ahead, but within noise"
    if not any(one["noise"] for one in found):
        return f"{best} is the best"
    return f"{best} is ahead of all, and surely better than {sum(not one['noise'] for one in found)} of {len(found)}"
