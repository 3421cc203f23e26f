"""A store larger than memory is to be: what training from it takes above its first batch, and how fast it is.

memory  `pellucid train SET.h5 --epochs 1` on sets of 13 MB, 130 MB and 1.3 GB, the default network. After its first
        batch the process may take 128 MB more than it has then (ulimit -d, what is allocated, and -v, what is mapped);
        how much it allocated, and how much more was ever in memory, is written beside it. Above the first batch lie
        batches of 256 that are scored, and the libraries that draw the report.
speed   the same epochs from the store and from arrays in memory, by turns, a process each: images a second of an epoch
        by the clock, reading and all, and the median ratio of pairs. The first epoch of a process, in which every
        picture is held against its checksum, is counted apart; `cold`: the file is not in the system's cache.

    python -m benchmarks.stores [--pairs 7] [--place DIR]        (a quarter of an hour, 2.6 GB of disk)

Writes benchmarks/results/stores.json.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.engines import machine, quartiles
from benchmarks.published import ROOT, commit
from benchmarks.store_sets import stored

RESULT = ROOT / "benchmarks" / "results" / "stores.json"
MB = 1 << 20
MORE = 128  # MB above what the process holds after its first batch
SETS = {"13 MB": 530, "130 MB": 5_300, "1.3 GB": 53_000}  # pictures of 64x64x6 bytes
SIZES = {"64x64x6": ((64, 64, 6), 4_000), "224x224x3": ((224, 224, 3), 700)}
EPOCHS = 4


def held(name: str) -> float:
    """MB of this process: mapped (VmSize), allocated (VmData), in memory (VmRSS), the most ever (VmHWM)."""
    found = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found is not None
    return int(found[1]) * 1024 / MB


def apart(work: Callable[..., dict[str, Any]], *words: Any) -> dict[str, Any]:
    """What the work came to in a process of its own; a fault of it is told in place of a result."""
    ours, theirs = multiprocessing.Pipe()

    def child() -> None:
        try:
            theirs.send(work(*words))
        except BaseException as fault:
            theirs.send({"fault": repr(fault)})

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    theirs.close()
    try:
        return dict(ours.recv())
    except EOFError:
        return {"fault": "the process ended without a word"}
    finally:
        process.join()


def trained(data: Path, more: int, *words: str) -> dict[str, Any]:
    """Train on a store; from the first batch on with `more` MB of memory at most beyond what there is then."""
    from pellucid.cli.entry import main
    from pellucid.training.console import EpochLines

    found: dict[str, Any] = {}
    step = EpochLines.step

    def limited(self: EpochLines, progress: Any, sums: Any) -> None:
        step(self, progress, sums)
        if not found:
            found.update(size=held("VmSize"), data=held("VmData"), resident=held("VmRSS"))
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # VmHWM begins anew
            for limit, had in ((resource.RLIMIT_DATA, "data"), (resource.RLIMIT_AS, "size")):
                resource.setrlimit(limit, (int(found[had] + more) * MB,) * 2)

    EpochLines.step = limited  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as out:
        try:
            main(["train", str(data), "--epochs", "1", "--out", f"{out}/run", *words])
        except SystemExit as end:
            assert end.code == 0, end.code
    peak = held("VmHWM")
    return {"after_first_batch_mb": round(found["resident"]), "resident_more_mb": round(peak - found["resident"], 1),
            "allocated_more_mb": round(held("VmData") - found["data"], 1), "peak_mb": round(peak)}  # fmt: skip


def epochs_of(data: Path, in_memory: bool, cold: bool) -> dict[str, Any]:
    """Images a second of each epoch, by the clock."""
    from pellucid.cli.entry import main
    from pellucid.data.dataset import Dataset
    from pellucid.runs import preparation
    from pellucid.training.console import EpochLines

    if in_memory:
        read = preparation.read_data
        preparation.read_data = lambda config: loaded(read(config))  # type: ignore[assignment]
    if cold:
        with data.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    speeds: list[float] = []
    epoch = EpochLines.epoch

    def told(self: EpochLines, progress: Any, row: Any) -> None:
        speeds.append(self.speed)
        epoch(self, progress, row)

    def loaded(dataset: Dataset) -> Dataset:
        from dataclasses import replace

        import numpy as np

        from pellucid.data.images import ArrayImages

        parts = {name: replace(part, images=ArrayImages(part.images.take(np.arange(len(part)))))
                 for name, part in dataset.parts.items()}  # fmt: skip
        return replace(dataset, parts=parts)

    EpochLines.epoch = told  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as out:
        try:
            main(["train", str(data), "--epochs", str(EPOCHS), "--no-checks", "--out", f"{out}/run"])
        except SystemExit as end:
            assert end.code == 0, end.code
    return {"first": speeds[0], "later": statistics.median(speeds[1:])}


def compared(data: Path, pairs: int) -> dict[str, Any]:
    """Both sides by turns; who begins takes turns too."""
    rows = []
    for number in range(pairs):
        sides = [("memory", True), ("store", False)]
        rows.append({name: apart(epochs_of, data, memory, False) for name, memory in sides[:: 1 if number % 2 else -1]})
    cold = [apart(epochs_of, data, False, True)["first"] for _ in range(3)]
    return {
        "images_per_second": {name: quartiles([row[name]["later"] for row in rows]) for name in ("memory", "store")},
        "store_over_memory": quartiles([row["store"]["later"] / row["memory"]["later"] for row in rows]),
        "first_epoch": quartiles([row["store"]["first"] / row["memory"]["first"] for row in rows]),
        "cold_first_epoch_images_per_second": round(statistics.median(cold), 1), "rows": rows,
    }  # fmt: skip


def main() -> int:
    """Measure and write; by the exit code whether the marks are reached."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--pairs", type=int, default=7)
    words.add_argument("--only", choices=("memory", "speed"), default=None)
    words.add_argument("--place", default=None)
    given = words.parse_args()
    result: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    with tempfile.TemporaryDirectory(dir=given.place) as place:
        if given.only != "speed":
            found = {name: apart(trained, stored(Path(place, f"{count}.h5"), count, (64, 64, 6)), MORE)
                     for name, count in SETS.items()}  # fmt: skip
            result["memory"] = measured(given, "memory") | {"limit_mb": MORE, "sets": found}
        if given.only != "memory":
            found = {name: compared(stored(Path(place, f"{name}.h5"), count, size), given.pairs)
                     for name, (size, count) in SIZES.items()}  # fmt: skip
            result["speed"] = measured(given, "speed") | {"pictures": found}
    RESULT.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1, sort_keys=True))
    reached = all("fault" not in row for row in result["memory"]["sets"].values())
    fast = all(row["store_over_memory"]["median"] >= 0.8 for row in result["speed"]["pictures"].values())
    return 0 if reached and fast else 1


def measured(given: argparse.Namespace, part: str) -> dict[str, Any]:
    """What the figures of a part depend on, and the command for them."""
    return {"command": f"python -m benchmarks.stores --only {part} --pairs {given.pairs}", "commit": commit(),
            "date": date.today().isoformat(), "machine": machine(), "load": os.getloadavg()[0]}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
