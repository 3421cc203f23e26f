"""Drawn scenes of stick figures, and a network of maps and fields that learns from them alone.

Parts     training, SEEN validation and TESTED test scenes of the seed, all different
Numbers   scores of the test scenes (of one figure each: pck of 0.1 of its size); cpu_seconds of the training command,
          from reading the pictures to the report
"""

from __future__ import annotations

import argparse
import json
import resource
import shlex
import subprocess
import sys
from pathlib import Path

from pellucid.data.options import parse_size
from pellucid.data.scenes.folder import write_scenes

TESTED, SEEN = 300, 80      # scenes of the test and validation parts
TOLD = ("oks_ap", "oks_ap50", "oks_ap75", "pck", "people", "found", "told", "nme", "error_px_median")


def main() -> None:
    """Draw, train, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--people", default="2-6")
    parser.add_argument("--scenes", type=int, default=2000, help="training scenes")
    parser.add_argument("--size", default="128x160")
    parser.add_argument("--flags", default="", help="what `pellucid train` is told")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    folder, ends = asked.out.with_name(f"scenes-{asked.people}-{asked.seed}"), asked.people.split("-")
    if not folder.exists():
        write_scenes(str(folder), {"train": asked.scenes, "val": SEEN, "test": TESTED}, seed=asked.seed,
                     people=(int(ends[0]), int(ends[-1])), size=parse_size(asked.size))  # fmt: skip
    words = ["train", str(folder), "--seed", str(asked.seed), "--out", str(asked.out), *shlex.split(asked.flags)]
    subprocess.run([sys.executable, "-m", "pellucid", *words], check=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    metrics = json.loads((asked.out / "metrics.json").read_text(encoding="utf-8"))
    print(json.dumps({name: metrics[name] for name in TOLD if name in metrics}
                     | {"cpu_seconds": used.ru_utime + used.ru_stime}))  # fmt: skip


if __name__ == "__main__":
    main()
