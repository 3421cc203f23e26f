"""RxRx1's real tables: what joining and counting them takes, finding 900 missing of 753,984 images, reading wells.

    python -m benchmarks.screens [--rounds 7]              (a minute; real data in $PELLUCID_SHARED or ../shared/data)

Seconds of the processor, so that other programs on the machine change them little, and by the clock beside them.
Writes benchmarks/results/screens.json.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.engines import machine, quartiles
from benchmarks.published import ROOT, commit
from pellucid.data.opening import tree_at
from pellucid.data.options import Options
from pellucid.data.planes import read_source
from pellucid.data.rxrx1.images import listed_images, missing_images
from pellucid.data.rxrx1.opening import whole_sites
from pellucid.data.rxrx1.plates import PLATES, SITES, used_wells
from pellucid.data.rxrx1.summary import summarize
from pellucid.data.rxrx1.tables import join

RESULT = ROOT / "benchmarks" / "results" / "screens.json"
LOST = 900


def timed(work: Callable[[], Any], rounds: int) -> dict[str, dict[str, float]]:
    """Quartiles of processor and clock, the first round, which fills caches, left out."""
    spent: dict[str, list[float]] = {"processor": [], "clock": []}
    for _ in range(rounds + 1):
        begun, clock = time.process_time(), time.perf_counter()
        work()
        spent["processor"].append(time.process_time() - begun)
        spent["clock"].append(time.perf_counter() - clock)
    return {name: quartiles(seconds[1:]) for name, seconds in spent.items()}


def main() -> int:
    """Measure, write and say by the exit code whether all joins take at most two seconds of the processor."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rounds", type=int, default=7)
    rounds = words.parse_args().rounds
    place = Path(os.environ.get("PELLUCID_SHARED") or ROOT.parent / "shared" / "data") / "rxrx1"
    tree = tree_at(place)
    wells = join(tree)
    assert wells is not None
    paths = [f"images/{experiment}/Plate{plate}/{well}_s{site}_w{channel}.png"
             for experiment in sorted(set(wells.columns["experiment"])) for plate in PLATES for well in used_wells()
             for site in SITES for channel in range(1, 7)]
    lost = set(random.Random(0).sample(range(len(paths)), LOST))
    listing = "\n".join(path for at, path in enumerate(paths) if at not in lost).encode()
    found = missing_images(wells, listed_images(listing, "listing"))
    assert (found.expected, found.missing) == (len(paths), LOST)
    sources = [site.source for site in whole_sites(tree, wells, Options())[0]]
    seconds = {
        "joining and counting the four tables": timed(lambda: summarize(join(tree) or wells), rounds),
        "finding 900 missing in a listing": timed(lambda: missing_images(wells, listed_images(listing, "")), rounds),
        "18 images of 512x512x6 from their 108 files": timed(
            lambda: [read_source(source, Options()) for source in sources], rounds),
    }  # fmt: skip
    told = {"date": date.today().isoformat(), "commit": commit(), "machine": machine(), "rounds": rounds,
            "rows": len(wells), "images": len(paths), "seconds": seconds,
            "command": f"python -m benchmarks.screens --rounds {rounds}"}
    RESULT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    for name, row in seconds.items():
        print(f"{name}: {row['processor']['median']:.2f} s of the processor, {row['clock']['median']:.2f} s by clock")
    return int(seconds["joining and counting the four tables"]["processor"]["median"] > 2)


if __name__ == "__main__":
    raise SystemExit(main())
