"""Processor seconds of an import and of --help, against another revision, in alternation.

Run with   python benchmarks/import_times.py [REV] [--times 20]
REV (default bb7cef8) is checked out into a temporary git worktree; both sides use this interpreter and its packages.
Writes benchmarks/results/import-times.json: medians of user + system seconds of the children, and their ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "import-times.json"
PROGRAMS = {
    "import pellucid": "import pellucid",
    "from pellucid.models import Sequential": "from pellucid.models import Sequential",
    "pellucid --help": "from pellucid.cli import main\nmain(['--help'])",
}


def seconds_of(root: Path, program: str) -> float:
    """User and system seconds of one child that runs `program` where `root` comes first on the path.

    It keeps its bytecode, as Python does for whoever does not forbid it: else one side might have it and not the other.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True, cwd=root, env=kept,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(other: Path, times: int) -> dict[str, dict[str, float]]:
    """Medians of both sides for every program; the sides take turns, and so does who begins."""
    found: dict[str, dict[str, float]] = {}
    for name, program in PROGRAMS.items():
        sides: dict[str, list[float]] = {"before": [], "now": []}
        for turn in range(times + 1):
            order = [("before", other), ("now", ROOT)]
            for side, root in order if turn % 2 else reversed(order):
                sides[side].append(seconds_of(root, program))
        before, now = (statistics.median(sides[side][1:]) for side in ("before", "now"))  # the first writes bytecode
        found[name] = {"before": round(before, 4), "now": round(now, 4), "ratio": round(now / before, 3)}
    return found


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revision", nargs="?", default="bb7cef8")
    parser.add_argument("--times", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        other = Path(place) / "other"
        subprocess.run(["git", "worktree", "add", "-q", "--detach", str(other), given.revision], check=True, cwd=ROOT)
        try:
            found = measured(other, given.times)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(other)], check=True, cwd=ROOT)
    for name, row in found.items():
        print(f"{name}: {row['before']:.3f} s before, {row['now']:.3f} s now, {100 * (row['ratio'] - 1):+.1f} %")
    RESULT.write_text(json.dumps({"revision": given.revision, "times": given.times, "seconds": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
