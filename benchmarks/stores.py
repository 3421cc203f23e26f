"""A store larger than memory is to be: what training from it takes above its first batch, and how fast it is.

memory  `pellucid train SET.h5 --epochs 1` on sets of 13 MB, 130 MB and 1.3 GB, the default network. After its first
        batch the process may take 128 MB more than it has then (ulimit -d, what is allocated, and -v, what is mapped);
        how much it allocated, and how much more was ever in memory, is written beside it. Above the first batch lie
        batches of 256 that are scored, and the libraries that draw the report.
speed   epochs of one run that read from the store and from arrays in memory by turns (S M M S ...), several runs:
        images a second of the processor, all threads counted, and by the clock, and the median ratio of neighbours.
        Other programs on the machine change the clock's ratio, the processor's hardly: that is the one to reach 0.8.
        The first epoch, in which every picture is held against its checksum, is counted apart.

    python -m benchmarks.stores [--runs 3] [--only memory|speed] [--place DIR]     (ten minutes, 2.6 GB of disk)

Writes benchmarks/results/stores.json.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import resource
import sys
import tempfile
import time
import warnings
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
EPOCHS = 14


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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which do nothing here
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


def epochs_by_turns(data: Path, cold: bool) -> dict[str, Any]:
    """Images a second of each epoch, by the clock and by the processor: from memory and from the store by turns."""
    from copy import copy
    from dataclasses import replace

    import numpy as np

    from pellucid.cli.entry import main
    from pellucid.data.batches import Batches
    from pellucid.data.images import ArrayImages
    from pellucid.training.console import EpochLines

    if cold:
        with data.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    kept: dict[int, ArrayImages] = {}
    rows: list[dict[str, float]] = []
    epoch, begin, step, end = Batches.epoch, EpochLines.epoch_begin, EpochLines.step, EpochLines.epoch

    def by_turns(self: Batches, number: int, *, start: int = 0) -> Any:
        if not self.shuffle or side(number) == "store":
            return epoch(self, number, start=start)
        images = self.source.images
        if id(images) not in kept:
            kept[id(images)] = ArrayImages(images.take(np.arange(len(images))))
        other = copy(self)
        other.source = replace(self.source, images=kept[id(images)])
        return epoch(other, number, start=start)

    def begun(self: EpochLines, progress: Any) -> None:
        begin(self, progress)
        self.began = time.process_time()  # type: ignore[attr-defined]

    def stepped(self: EpochLines, progress: Any, sums: Any) -> None:
        step(self, progress, sums)
        self.now = time.process_time()  # type: ignore[attr-defined]

    def told(self: EpochLines, progress: Any, row: Any) -> None:
        spent = self.now - self.began  # type: ignore[attr-defined]
        rows.append({"clock": self.speed, "processor": self.samples / spent})
        end(self, progress, row)

    Batches.epoch, EpochLines.epoch_begin = by_turns, begun  # type: ignore[method-assign]
    EpochLines.step, EpochLines.epoch = stepped, told  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as out:
        try:
            main(["train", str(data), "--epochs", str(EPOCHS), "--no-checks", "--val-fraction", "0",
                  "--out", f"{out}/run"])  # fmt: skip
        except SystemExit as ended:
            assert ended.code == 0, ended.code
    return {"rows": rows}


def side(number: int) -> str:
    """Where epoch `number` reads from: store, memory, memory, store, ..., so that neither always comes first."""
    return "store" if number % 4 in (0, 3) else "memory"


def compared(data: Path, processes: int) -> dict[str, Any]:
    """Ratios of the pairs of epochs that follow one another; the first two of a process are counted apart."""
    pairs: list[dict[str, dict[str, float]]] = []
    first = []
    for number in range(processes):
        rows = apart(epochs_by_turns, data, number == 0)["rows"]
        first.append(rows[0]["processor"] / rows[1]["processor"])
        for place in range(2, EPOCHS, 2):
            pairs.append({side(at): rows[at] for at in (place, place + 1)})
    return {
        "images_per_second": {name: quartiles([pair[name]["clock"] for pair in pairs]) for name in ("memory", "store")},
        "images_per_processor_second": {
            name: quartiles([pair[name]["processor"] for pair in pairs]) for name in ("memory", "store")},
        "store_over_memory": quartiles([pair["store"]["processor"] / pair["memory"]["processor"] for pair in pairs]),
        "by_the_clock": quartiles([pair["store"]["clock"] / pair["memory"]["clock"] for pair in pairs]),
        "first_epoch": [round(value, 3) for value in first], "pairs": len(pairs),
    }  # fmt: skip


def main() -> int:
    """Measure and write; by the exit code whether the marks are reached."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--runs", type=int, default=3)
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
            found = {name: compared(stored(Path(place, f"{name}.h5"), count, size), given.runs)
                     for name, (size, count) in SIZES.items()}  # fmt: skip
            result["speed"] = measured(given, "speed") | {"pictures": found}
    RESULT.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1, sort_keys=True))
    reached = ["fault" not in row for row in result.get("memory", {}).get("sets", {}).values()]
    fast = [row["store_over_memory"]["median"] >= 0.8 for row in result.get("speed", {}).get("pictures", {}).values()]
    return 0 if all(reached + fast) else 1


def measured(given: argparse.Namespace, part: str) -> dict[str, Any]:
    """What the figures of a part depend on, and the command for them."""
    return {"command": f"python -m benchmarks.stores --only {part} --runs {given.runs}", "commit": commit(),
            "date": date.today().isoformat(), "machine": machine(), "load": os.getloadavg()[0]}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
