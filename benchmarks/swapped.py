"""Objects whose left and right were swapped on purpose: how many `pellucid check` finds, and how many it suspects.

Run with   OMP_NUM_THREADS=1 python -m benchmarks.swapped                   (about a minute of one core)
Sets: landmarks, faces68 and lspe of $PELLUCID_DATA (their training parts), and the one-person pictures of
`pellucid data draw`. In each of `SEEDS` a tenth of the objects have the points of each mirror pair exchanged; the check
is asked of the data as they are and of those. Found: the check warns. Writes benchmarks/results/swapped.json
and the table of docs/points.md.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.published import ROOT, commit
from pellucid.data.dataset import Part
from pellucid.data.opening import open_dataset
from pellucid.data.points.column import Points
from pellucid.data.points.sides import Sides, swapped_in
from pellucid.data.scenes.folder import write_scenes
from pellucid.engines.reference import ReferenceEngine
from pellucid.engines.threads import limited_threads
from pellucid.runs.environment import environment_of
from tests.docs.made import page_with

RESULT = ROOT / "benchmarks" / "results" / "swapped.json"
PAGE, MAKER = ROOT / "docs" / "points.md", "benchmarks/swapped.py"
SEEDS, SHARE = range(20), 0.1
SETS: dict[str, dict[str, Any]] = {
    "landmarks": {"resize": (96, 96)}, "faces68": {"resize": (96, 96)},
    "lspe": {"crop": "0.25", "resize": (96, 96)}, "drawn": {"crop": "0.25", "resize": (96, 96)},
}  # fmt: skip


def swapped(points: Points, seed: int) -> tuple[Points, np.ndarray]:
    """A share of the objects with left and right exchanged, and which (N,)."""
    chosen = np.zeros(len(points), bool)
    chosen[np.random.default_rng(seed).choice(len(points), round(SHARE * len(points)), replace=False)] = True
    order = points.skeleton.mirrored()
    return replace(points, xy=np.where(chosen[:, None, None], points.xy[:, order], points.xy),
                   visible=np.where(chosen[:, None], points.visible[:, order], points.visible)), chosen  # fmt: skip


def asked(points: Points, part: Part) -> Sides:
    """What the check goes by."""
    found = swapped_in(points, lambda: part.images.take(np.arange(len(part))))
    assert found is not None, "these sets have pairs"
    return found


def measured(name: str, part: Part) -> dict[str, Any]:
    """One set: as it is, and with a tenth swapped in each seed."""
    points = part.annotated(Points)
    clean = asked(points, part)
    rows = []
    for seed in SEEDS:
        planted, chosen = swapped(points, seed)
        found = asked(planted, part)
        suspect = np.zeros(len(part), bool)
        suspect[found.suspects] = True
        rows.append({"seed": seed, "sure": found.told, "warned": bool(suspect.any()),
                     "found": float(suspect[chosen].mean()), "false": float(suspect[~chosen].mean())})
    return {
        "objects": len(part), "clean": {"sure": clean.told, "suspects": len(clean.suspects)},
        "warned": sum(row["warned"] for row in rows), "seeds": len(rows),
        "found": [min(row["found"] for row in rows), float(np.mean([row["found"] for row in rows]))],
        "false": max(row["false"] for row in rows), "rows": rows,
    }  # fmt: skip


def table(told: dict[str, Any]) -> str:
    """The table of docs/points.md: a row a set."""
    rows = ["| Data | Objects | As they are | A tenth swapped: warned | Swapped ones found | Others suspected |",
            "|---|---:|---|---|---|---|"]  # fmt: skip
    for name, one in told["sets"].items():
        clean = f"{one['clean']['suspects']} suspected" if one["clean"]["sure"] else "not sure"
        least, mean = one["found"]
        warned, false = f"{one['warned']} of {one['seeds']} times", f"at most {one['false']:.1%}"
        rows.append(f"| {name} | {one['objects']} | {clean} | {warned} | {mean:.1%} (least {least:.1%}) | {false} |")
    return "\n".join(rows)


def main() -> None:
    """Measure and write."""
    shared = Path(os.environ["PELLUCID_DATA"])
    found: dict[str, Any] = {}
    with limited_threads(1), tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "drawn"
        write_scenes(str(drawn), {"train": 800}, seed=0, people=(1, 1), size=(128, 160))
        for name, options in SETS.items():
            where = drawn if name == "drawn" else shared / name
            part = open_dataset(str(where), annotations="points", **options).part("train")
            found[name] = measured(name, part)
            print(name, {key: value for key, value in found[name].items() if key != "rows"}, flush=True)
    told = {"command": "OMP_NUM_THREADS=1 python -m benchmarks.swapped", "commit": commit(),
            "date": time.strftime("%Y-%m-%d"), "environment": environment_of(ReferenceEngine()),
            "share": SHARE, "sets": found}  # fmt: skip
    RESULT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page_with(PAGE, MAKER, table(told)), encoding="utf-8")


if __name__ == "__main__":
    main()
