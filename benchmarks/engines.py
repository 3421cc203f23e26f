"""How fast the reference engine trains, beside Keras on torch, Keras on JAX and plain PyTorch: one core, equal batch.

Each peer is a process of its own (`engine_workers.py`), pinned to one core with one thread. In every round each peer
trains the same number of steps, one after another, so that a busy machine slows all of them, and processor time is
counted; the figure is the median over rounds of ours / theirs, with the quartiles. Beside it stand the step's
arithmetic and what the core can do: FLOPs of the step (three times the forward pass; the first layer needs no gradient
of its input) over the rate of a large sgemm is the time that no implementation of the same arithmetic goes below.

    python benchmarks/engines.py [--rounds 15] [--nets LeNet,Fruits] [--core 0] [--out benchmarks/results]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.engine_nets import NETS, Net  # noqa: E402  (the root is on the path only now)
from benchmarks.engine_page import page  # noqa: E402

WORKER = ROOT / "benchmarks" / "engine_workers.py"
PEERS = ("pellucid", "keras-torch", "keras-jax", "torch")
PASS_MARKS = {"LeNet": 1.0, "notation net": 1.0, "Fruits": 1.0, "CIFAR-10 full": 0.6, "clothes MLP": 0.6}
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "PYTHONWARNINGS": "ignore",
}


def start(peer: str, name: str, core: int, *more: str, worker: Path = WORKER) -> subprocess.Popen[str]:
    """A worker on one core."""
    return subprocess.Popen(
        [sys.executable, str(worker), peer, name, *more],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=os.environ | ONE_THREAD, preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )  # fmt: skip


def answer(worker: subprocess.Popen[str]) -> str:
    """One line of a worker; raises RuntimeError when it has died."""
    assert worker.stdout is not None
    line = worker.stdout.readline().strip()
    if not line:
        raise RuntimeError(f"a worker ended early: {' '.join(map(str, worker.args))}")  # type: ignore[arg-type]
    return line


def seconds(worker: subprocess.Popen[str], steps: int) -> float:
    """How long a worker took for so many steps."""
    assert worker.stdin is not None
    worker.stdin.write(f"{steps}\n")
    worker.stdin.flush()
    return float(answer(worker))


def measure(name: str, rounds: int, core: int) -> dict[str, Any]:
    """Images per second of each peer, and the ratios of pairs, for one net."""
    net = NETS[name]()
    workers = {peer: start(peer, name, core) for peer in PEERS}
    for worker in workers.values():
        answer(worker)
    times: dict[str, list[float]] = {peer: [] for peer in PEERS}
    gemm = []
    for _ in range(rounds):
        gemm.append(sgemm_rate(core))
        for peer, worker in workers.items():
            times[peer].append(seconds(worker, net.steps))
    for worker in workers.values():
        worker.terminate()
        worker.wait()
    images = net.steps * net.batch
    rates = {peer: images / statistics.median(taken) for peer, taken in times.items()}
    better = max(("keras-torch", "keras-jax"), key=lambda peer: rates[peer])
    flops = step_flops(net)
    peak = statistics.median(gemm)
    return {
        "batch": net.batch,
        "images_per_second": {peer: round(rate, 1) for peer, rate in rates.items()},
        "ratio": {peer: quartiles([b / a for a, b in zip(times["pellucid"], times[peer], strict=True)])
                  for peer in PEERS[1:]},
        "better_keras": better,
        "pass_mark": PASS_MARKS[name],
        "step_gflop": round(flops / 1e9, 3),
        "sgemm_gflops": round(peak / 1e9, 1),
        "limit_images_per_second": round(net.batch * peak / flops, 1),
        "share_of_limit": round(rates["pellucid"] * flops / net.batch / peak, 3),
        "profile": profile(name, core),
    }  # fmt: skip


def quartiles(values: list[float]) -> dict[str, float]:
    """Median and spread."""
    low, middle, high = statistics.quantiles(values, n=4)
    return {"median": round(middle, 3), "low": round(low, 3), "high": round(high, 3)}


def on_core(code: str, core: int) -> str:
    """What a small program says, run with one thread on one core."""
    ended = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=os.environ | ONE_THREAD, text=True,
                           stdout=subprocess.PIPE, preexec_fn=lambda: os.sched_setaffinity(0, {core}))  # fmt: skip
    return ended.stdout


def sgemm_rate(core: int) -> float:
    """FLOP/s of a large float32 matrix product on this core, now."""
    code = (
        "import numpy,time;a=numpy.ones((768,768),'f');a@a;t=[]\n"
        "for _ in range(5):\n s=time.process_time();a@a;t.append(time.process_time()-s)\n"
        "print(2*768**3/sorted(t)[2])"
    )
    return float(on_core(code, core))


def step_flops(net: Net) -> float:
    """Multiplications and additions of one training step: forward, and the gradients of weights and inputs."""
    graph = net.graph()
    own = [entry.spec.flops(graph.node_inputs(node), graph.shapes[number][0])
           for number, node in enumerate(graph.nodes) for entry in [graph.layers[node.layer]]]  # fmt: skip
    weighted = [number for number, node in enumerate(graph.nodes)
                if graph.layers[node.layer].spec.weight_specs(graph.node_inputs(node), "net")]  # fmt: skip
    return float(net.batch * (3 * sum(own) - own[weighted[0]]))


def profile(name: str, core: int) -> list[str]:
    """Where our step spends its time: the functions with the largest share."""
    code = (
        "import cProfile,pstats,sys\n"
        f"sys.path.insert(0,{str(ROOT)!r})\n"
        "from benchmarks.engine_nets import NETS\nfrom benchmarks.engine_workers import pellucid_peer\n"
        f"net=NETS[{name!r}]();train=pellucid_peer(net);train(net.steps)\n"
        "run=cProfile.Profile();run.enable();train(net.steps);run.disable()\n"
        "rows=pstats.Stats(run).stats;total=sum(r[2] for r in rows.values())\n"
        "for (path,_,name),r in sorted(rows.items(),key=lambda i:-i[1][2])[:6]:\n"
        " print(f'{r[2]/total:.0%} {path.split(chr(47))[-1].removesuffix(\".py\")} {name}')"
    )
    return [line.replace("~ ", "") for line in on_core(code, core).splitlines()]


def memory(core: int) -> dict[str, Any]:
    """How far the first LeNet steps at batch 256 raise the memory of a fresh process, ours and PyTorch's."""
    peaks = {}
    for peer in ("pellucid", "torch"):
        workers = [start(peer, "LeNet", core, "256") for _ in range(3)]
        peaks[peer] = statistics.median(int(worker.communicate()[0]) for worker in workers)
    return {
        "net": "LeNet, batch 256",
        "mebibytes": {peer: round(peak / 2**20, 1) for peer, peak in peaks.items()},
        "ratio": round(peaks["pellucid"] / peaks["torch"], 2),
        "pass_mark": 2.0,
    }


def machine() -> dict[str, str]:
    """What the figures depend on."""
    processor = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                      if line.startswith("model name")), platform.processor())  # fmt: skip
    names = ("numpy", "keras", "torch", "jax", "jaxlib")
    return {"processor": processor, "cores": str(os.cpu_count()), "system": platform.platform(),
            "python": platform.python_version()} | {name: version(name) for name in names}  # fmt: skip


def main() -> int:
    """Measure, write both files, and say by the exit code whether all pass marks are reached."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rounds", type=int, default=15)
    words.add_argument("--nets", default=",".join(NETS))
    words.add_argument("--core", type=int, default=0)
    words.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    given = words.parse_args()
    if given.rounds < 2:
        words.error("--rounds: at least 2, since quartiles are given")
    began = time.monotonic()
    result: dict[str, Any] = {"date": date.today().isoformat(), "machine": machine(), "rounds": given.rounds}
    result["nets"] = {}
    for name in given.nets.split(","):
        result["nets"][name] = measure(name, given.rounds, given.core)
        print(name, json.dumps(result["nets"][name]), flush=True)
    result["memory"] = memory(given.core)
    result["seconds"] = round(time.monotonic() - began)
    path = given.out / f"engines-{result['date']}"
    path.with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n")
    path.with_suffix(".md").write_text(page(result))
    print(page(result))
    missed = [name for name, net in result["nets"].items()
              if net["ratio"][net["better_keras"]]["median"] < net["pass_mark"]]  # fmt: skip
    if result["memory"]["ratio"] > result["memory"]["pass_mark"]:
        missed.append("memory")
    print("below the mark: " + ", ".join(missed) if missed else "all marks reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
