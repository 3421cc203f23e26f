"""The pictures and the page of a regression's diagnosis, written into the run folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pellucid.diagnosis.decomposition import Gap
from pellucid.diagnosis.walk import Walk
from pellucid.reports.diagnosis import table_of_gaps, write_walk
from pellucid.reports.drawing import Panel
from pellucid.reports.sections import Column, Section, Table, Text
from pellucid.reports.waterfall import Measure, called
from pellucid.tasks.provided import StoredRun
from pellucid.tasks.regression.diagnosing.telling import drawn_to_the_middle, too_large_or_small
from pellucid.tasks.regression.evaluation import Evaluation
from pellucid.tasks.regression.pictures import chart_of, worst_gallery, worst_png
from pellucid.tasks.regression.telling import value

DEVIATIONS = Measure("standard deviations of the training numbers", lambda size: f"{size:.3g}",
                     lambda size: f"{size:.2g}", lambda size: f"{size:.3g}")  # fmt: skip
NUMBER: Column = "number"


def write_page(
    stored: StoredRun, split: Walk, dev: Evaluation | None, found: Mapping[str, Any], curves: Sequence[Panel], *,
    images: bool,
) -> None:
    """Draw what there is to draw and write diagnosis.html; raises FileError when a file cannot be written."""
    gaps: list[Section] = [table_of_gaps(split, size_of), parts_of(found)]
    evidence, mistakes = list(evidence_of(dev, found)), None
    if dev is not None and images:
        take = stored.parts[dev.split].pictures
        mistakes = worst_png(dev, take)
        evidence.append(worst_gallery(dev, take, "below"))
    write_walk(stored.folder, found, split, gaps, measure=DEVIATIONS, tags=tags_of(found), curves=curves,
               evidence=evidence, mistakes=mistakes)  # fmt: skip


def tags_of(found: Mapping[str, Any]) -> Iterator[str]:
    """Reference."""
    yield f"reference mae {value(found['reference']['mae'])}" if found["reference"]["given"] else "no reference error"


def size_of(gap: Gap) -> str:
    """The size of a gap with its interval."""
    return f"{gap.value:.3f} ({gap.low:.3f} to {gap.high:.3f})"


def parts_of(found: Mapping[str, Any]) -> Table:
    """The error of each part, in standard deviations and each number's own unit."""
    numbers = found["parts"][0]["numbers"]
    rows = [[called(part["part"]), f"{part['error']:.3f}", " to ".join(f"{end:.3f}" for end in part["interval"]),
             *(value(one["mae"]) for one in part["numbers"]), f"{part['n']:,}"] for part in found["parts"]]  # fmt: skip
    columns = ["Part", "Error", "95 % interval", *(f"MAE {one['name']} {one['unit']}".strip() for one in numbers),
               "Images"]  # fmt: skip
    kinds: list[Column] = ["name", *(NUMBER for _ in columns[1:])]
    return Table(columns, rows, title="The parts", place="below", kinds=kinds,
                 faint="In standard deviations of the training numbers; a constant answer is off by "
                       f"{found['constant']:.2f}.")  # fmt: skip


def evidence_of(dev: Evaluation | None, found: Mapping[str, Any]) -> Iterator[Section]:
    """What is systematic in the errors, and the chart they are seen in."""
    title = "What is systematic in its errors on dev"
    if dev is None:
        yield Text("There is no part to look at it on; hold one out with --val-fraction 0.1.", title=title)
        return
    worst = any("worst" in one for one in found["dev"])
    kinds: list[Column] = ["name", "text", "text", *(NUMBER for _ in range(4 if worst else 0))]
    yield Table(
        ["Number", "Answered", "Steps", *(["Worst from", "to", "MAE there", "Elsewhere"] if worst else [])],
        [[one["name"], too_large_or_small(one) or "right in the mean",
          f"{one['slope']:.2f} of the truth's" + (", drawn to the middle" if drawn_to_the_middle(one) else ""),
          *([value(one["worst"][name]) for name in ("low", "high", "mae", "rest")] if worst else [])]
         for one in found["dev"]],
        kinds=kinds, title=title,
        faint=f"On {dev.n:,} images of {called(dev.split)}. Worst is the tenth of the true numbers that is answered "
              "worst." if worst else f"On {dev.n:,} images of {called(dev.split)}.",
    )  # fmt: skip
    yield chart_of(dev)
