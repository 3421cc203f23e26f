"""How fast the PyTorch engine trains: in float32 beside a loop by hand, in bfloat16 beside Keras on torch and on JAX.

Every peer is a process of its own (`torch_workers.py`) on one core with one thread; in each round all peers train the
same images one after another, processor time is counted, and the figure is the median over the rounds of a ratio of
pairs. Marks: float32 at most 5 % over the loop by hand on every net; bfloat16 over the better Keras backend at equal
batch 2.3 in the geometric mean over six nets and 1.0 on every net, and 3 with the batch that each side likes best of
those tried, the two then measured side by side; from starting Python to the end of LeNet's first step at most 4 s. The
ratio of the best rates that each side showed in any of its runs, minutes apart, is given too.

    python -m benchmarks.torch_engine [--rounds 9] [--nets LeNet,Fruits] [--core 0] [--own-batch] [--compiled]

About an hour on a quiet core as it stands; about 1 with --rounds 2 --own-batch --nets LeNet.
--compiled adds the loop by hand under torch.compile, a minute a net. --own-batch leaves the other batch sizes out.

What the processor gives is measured too: the rate of a large matrix product in float32 and in bfloat16, on the same
core before and after a net, of which the better counts.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.engines import ROOT, answer, machine, on_core, quartiles, seconds, start, step_flops
from benchmarks.published import commit
from benchmarks.torch_nets import LARGE, OTHER_BATCHES, SEVEN, SIX, net_of
from benchmarks.torch_page import page

WORKER = ROOT / "benchmarks" / "torch_workers.py"
KERAS = ("keras-torch", "keras-jax")
PEERS = ("ours-float32", "ours-bfloat16", "torch", *KERAS)
BFLOAT16 = ("ours-bfloat16", *KERAS)
LEAST = {"float32": 0.95, "bfloat16": 1.0, "bfloat16, geometric mean": 2.3, "best batches, geometric mean": 3.0}
MOST_SECONDS = 4.0
BEST_ROUNDS = 3  # of the other batch sizes
LARGE_ROUNDS = 5  # of the nets whose steps take seconds
PRODUCT = """
import statistics, time, torch
torch.set_num_threads(1)
for dtype in (torch.float32, torch.bfloat16):
    a, taken = torch.randn(2048, 2048).to(dtype), []
    for _ in range(6):
        began = time.process_time()
        a @ a
        taken.append(time.process_time() - began)
    print(2 * 2048**3 / statistics.median(taken[1:]) / 1e9)
"""
FIRST_STEP = """
import numpy as np
from pellucid.architectures import LeNet5
model = LeNet5()
model.compile("rmsprop", "sparse_categorical_crossentropy", engine="pytorch")
model.train_on_batch(np.zeros((32, 28, 28, 1), np.float32), np.zeros(32, int))
"""


def times_of(name: str, batches: Mapping[str, int], rounds: int, core: int) -> dict[str, list[float]]:
    """Processor seconds an image in every round, by peer, each with its own batch size."""
    workers = {peer: start(peer, name, core, str(batch), worker=WORKER) for peer, batch in batches.items()}
    for worker in workers.values():
        answer(worker)
    nets = {peer: net_of(name, batch) for peer, batch in batches.items()}
    found: dict[str, list[float]] = {peer: [] for peer in batches}
    for _ in range(rounds):
        for peer, worker in workers.items():
            net = nets[peer]
            found[peer].append(seconds(worker, net.steps) / (net.steps * net.batch))
    for worker in workers.values():
        worker.terminate()
        worker.wait()
    return found


def together(name: str, peers: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Which peers run at the same time: of a large net in large batches one by one, to fit into 24 GB."""
    return [(peer,) for peer in peers] if name in LARGE else [peers]


def rounded(rate: float) -> float:
    """Four digits that count, for rates from below 1 to above 30,000."""
    return float(f"{rate:.4g}")


def rates_of(times: Mapping[str, list[float]]) -> dict[str, float]:
    """Images per second by peer, the median of the rounds."""
    return {peer: rounded(1 / statistics.median(taken)) for peer, taken in times.items()}


def over(times: dict[str, list[float]], ours: str, theirs: str) -> dict[str, float]:
    """How many times as fast ours is, the median of pairs."""
    return quartiles([b / a for a, b in zip(times[ours], times[theirs], strict=True)])


def product_rates(core: int) -> dict[str, float]:
    """GFLOP/s of a large matrix product, now."""
    found = on_core(PRODUCT, core).split()
    return {name: round(float(rate), 1) for name, rate in zip(("float32", "bfloat16"), found, strict=True)}


def measure(name: str, rounds: int, core: int, own_batch: bool, compiled: bool) -> dict[str, Any]:
    """Rates and ratios of one net at its own batch, and with the batch that each side likes best."""
    net, before = net_of(name), product_rates(core)
    rounds = min(rounds, LARGE_ROUNDS) if name in LARGE else rounds
    parts = [("ours-float32", "torch"), BFLOAT16] if name in LARGE else [(*PEERS, *(["torch-compiled"] * compiled))]
    times: dict[str, list[float]] = {}
    for peers in parts:
        times |= times_of(name, dict.fromkeys(peers, net.batch), rounds, core)
    rates = rates_of(times)
    better = max(KERAS, key=lambda peer: rates[peer])
    by_batch = {net.batch: {peer: rates[peer] for peer in BFLOAT16}}
    for batch in () if own_batch else OTHER_BATCHES[name]:
        found: dict[str, list[float]] = {}
        for peers in together(name, BFLOAT16):
            found |= times_of(name, dict.fromkeys(peers, batch), BEST_ROUNDS, core)
        by_batch[batch] = rates_of(found)
    best, ours = max((row["ours-bfloat16"], batch) for batch, row in by_batch.items())
    theirs, batch, peer = max((row[peer], batch, peer) for batch, row in by_batch.items() for peer in KERAS)
    pair = times_of(name, {"ours-bfloat16": ours, peer: batch}, rounds, core)
    side_by_side = rates_of(pair)
    after, work = product_rates(core), step_flops(net) / net.batch / 1e9
    peak = {precision: max(before[precision], after[precision]) for precision in before}
    return {
        "batch": net.batch,
        "images_per_second": rates,
        "float32_over_hand": over(times, "ours-float32", "torch"),
        "better_keras": better,
        "bfloat16_over_keras": over(times, "ours-bfloat16", better),
        "by_batch": {str(batch): row for batch, row in sorted(by_batch.items())},
        "best_batches": over(pair, "ours-bfloat16", peer),
        "best_batch": {"ours": ours, "keras": batch, "better_keras": peer, "images_per_second": side_by_side},
        "best_rates": round(max(best, side_by_side["ours-bfloat16"]) / max(theirs, side_by_side[peer]), 3),
        "gflop_an_image": rounded(work),
        "product_gflops": peak,
        "share_of_product": round(best * work / peak["bfloat16"], 3),
        "best_batches_at_product_rate": round(peak["bfloat16"] / work / theirs, 3),
    } | ({"compiled_over_hand": over(times, "torch-compiled", "torch")} if "torch-compiled" in times else {})


def first_step(core: int, times: int = 5) -> dict[str, float]:
    """Seconds from starting Python to the end of LeNet's first step."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        on_core(FIRST_STEP, core)
        taken.append(time.perf_counter() - began)
    return {"median": round(statistics.median(taken), 2), "most": round(max(taken), 2)}


def geometric(values: list[float]) -> float:
    """The geometric mean."""
    return round(math.exp(statistics.fmean(map(math.log, values))), 3)


def missed(result: dict[str, Any]) -> list[str]:
    """Which marks are not reached."""
    found = []
    for name, net in result["nets"].items():
        for precision, ratio in (("float32", "float32_over_hand"), ("bfloat16", "bfloat16_over_keras")):
            if net[ratio]["median"] < LEAST[precision]:
                found.append(f"{name} in {precision}")
    found += [f"the {name}" for name, value in result["means"].items() if value < LEAST.get(name, 0)]
    return [*found, *(["the first step"] if result["first_step_seconds"]["median"] > MOST_SECONDS else [])]


def main() -> int:
    """Measure, write both files, and say by the exit code whether all marks are reached."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rounds", type=int, default=9)
    words.add_argument("--nets", default=",".join(SEVEN))
    words.add_argument("--core", type=int, default=0)
    words.add_argument("--own-batch", action="store_true", help="leave the other batch sizes out")
    words.add_argument("--compiled", action="store_true")
    words.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    given = words.parse_args()
    if given.rounds < 2:
        words.error("--rounds: at least 2, since quartiles are given")
    result: dict[str, Any] = {
        "date": date.today().isoformat(), "machine": machine(), "first_step_seconds": first_step(given.core),
    }  # fmt: skip
    path = (given.out / f"torch-engine-{result['date']}").with_suffix(".json")
    found = json.loads(path.read_text(encoding="utf-8"))["nets"] if path.exists() else {}
    for name in given.nets.split(","):  # a net measured by itself joins those of the day
        found[name] = {"commit": commit(), "rounds": given.rounds}
        found[name] |= measure(name, given.rounds, given.core, given.own_batch, given.compiled)
        print(name, json.dumps(found[name]), flush=True)
    result["nets"] = {name: found[name] for name in SEVEN if name in found}
    nets = [net for name, net in result["nets"].items() if name in SIX]
    result["means"] = {} if not nets else {
        "bfloat16, geometric mean": geometric([net["bfloat16_over_keras"]["median"] for net in nets]),
        "best batches, geometric mean": geometric([net["best_batches"]["median"] for net in nets]),
        "the best rates seen, geometric mean": geometric([net["best_rates"] for net in nets]),
        "best batches at the rate of a large product": geometric([net["best_batches_at_product_rate"] for net in nets]),
    }  # fmt: skip
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(page(result, LEAST), encoding="utf-8")
    print(page(result, LEAST))
    short = missed(result)
    print("below the mark: " + ", ".join(short) if short else "all marks reached")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
