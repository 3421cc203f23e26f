"""What oneDNN's blocked memory format saves in training: a step of each kind by itself, and whole networks.

Steps     ns a number of a map, forwards and backwards, channels-last and in blocks, and for carrying it there and back;
          `regions.py` of the PyTorch engine weighs them against each other
Networks  how many times as fast a training pass is where the engine may keep maps in blocks, in alternating passes of
          one process, median with quartiles

    python -m benchmarks.blocks [--rounds 15] [--core 0]

About 8 minutes on a quiet core.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

import pellucid.architectures as architectures
from benchmarks.engines import ROOT, machine, quartiles
from benchmarks.published import commit
from pellucid.engines.memory import keep_freed_memory
from pellucid.engines.pytorch.blocked import into_blocks, out_of_blocks
from pellucid.engines.pytorch.engine import PyTorchEngine
from pellucid.engines.pytorch.order import order_of
from pellucid.graph.plan import plan
from pellucid.keys import Key

MAP = (16, 112, 112, 64)  # N, H, W, C
NETWORKS = {  # (architecture, images (H,W,C), classes, batch)
    "Fruits": ("FruitsCNN", (100, 100, 3), 131, 64),
    "ResNet-50": ("ResNet50", (224, 224, 3), 1108, 8),
    "ResNet-50, 64 pixels": ("ResNet50", (64, 64, 3), 10, 32),
    "ResNet-18": ("ResNet18", (112, 112, 3), 10, 16),
    "ResNet-34, 32 pixels": ("ResNet34", (32, 32, 3), 10, 64),
    "pre-activation ResNet": ("PreActResNet", (112, 112, 3), 10, 16),
    "VGG-16": ("VGG16", (224, 224, 3), 1108, 4),
}


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def steps(dtype: torch.dtype, rounds: int) -> dict[str, dict[str, float]]:
    """ns a number of MAP for each kind of step, channels-last and in blocks."""
    channels = MAP[3]
    scale, offset = torch.ones(channels, requires_grad=True), torch.zeros(channels, requires_grad=True)
    kernel = (torch.randn(channels, channels, 1, 1, dtype=dtype) / 8).contiguous(memory_format=torch.channels_last)
    kernel.requires_grad_()
    kinds: dict[str, Callable[[Tensor], Tensor]] = {
        "BatchNormalization": lambda x: F.batch_norm(x, None, None, scale, offset, True),
        "MaxPooling2D": lambda x: F.max_pool2d(x, 2, 2),
        "ReLU": F.relu,
        "Conv2D": lambda x: torch.mkldnn_convolution(x, kernel, None, (0, 0), (1, 1), (1, 1), 1),
    }
    plain = torch.randn(MAP).to(dtype)
    found = {}
    for kind, work in kinds.items():
        taken: dict[str, list[float]] = {"channels_last": [], "blocked": []}
        last = plain.permute(0, 3, 1, 2).requires_grad_()
        blocked = torch.mkldnn_convolution(into_blocks(plain), kernel, None, (0, 0), (1, 1), (1, 1), 1).detach()
        for _ in range(rounds):
            for name, x in (("channels_last", last), ("blocked", blocked.requires_grad_())):
                taken[name].append(both_ways(work, x))
        found[kind] = {name: in_ns(times) for name, times in taken.items()}
    x = plain.requires_grad_()
    crossings = [both_ways(lambda x: out_of_blocks(into_blocks(x)), x) for _ in range(rounds)]
    return {**found, "in and out": {"both": in_ns(crossings)}}


def both_ways(work: Callable[[Tensor], Tensor], x: Tensor) -> float:
    """Processor time of a step forwards and backwards."""
    seed = work(x).detach()
    return seconds(lambda: torch.autograd.grad(work(x), x, seed))


def in_ns(times: list[float]) -> float:
    """Median ns a number of MAP."""
    return round(statistics.median(times) / float(np.prod(MAP)) * 1e9, 3)


def network(name: str, precision: str, rounds: int) -> dict[str, Any]:
    """How much faster a training pass of a network is with blocks."""
    make, shape, classes, batch = NETWORKS[name]
    more = {} if make == "FruitsCNN" else {"input_shape": shape, "classes": classes}
    graph = getattr(architectures, make)(weights=None, **more).graph
    order = order_of(plan(graph), frozenset())
    engine = PyTorchEngine(precision, "cpu")
    params, state = engine.init(graph, Key.of(0))
    inputs = engine.put({"input": np.random.default_rng(0).random((batch, *shape), np.float32)})
    seed = torch.randn(batch, classes)

    def one_pass() -> None:
        run = engine.forward(graph, params, state, inputs, training=True, key=Key.of(1))
        engine.vjp(run, dict.fromkeys(run.outputs, seed), wrt=("parameters",))

    taken: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(rounds + 2):
        for blocks in taken:
            engine.blocks = blocks
            taken[blocks].append(seconds(one_pass))
    ratios = quartiles([b / a for a, b in zip(taken[True], taken[False], strict=True)][2:])  # those warmed it up
    return {"batch": batch, "blocked": len(order.blocked), "steps": len(order.steps), "times_as_fast": ratios}


def main() -> int:
    """Measure and write the result."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rounds", type=int, default=15)
    words.add_argument("--core", type=int, default=0)
    words.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    given = words.parse_args()
    if given.rounds < 2:
        words.error("--rounds: at least 2, since quartiles are given")
    os.sched_setaffinity(0, {given.core})
    torch.set_num_threads(1)
    keep_freed_memory()
    result: dict[str, Any] = {"date": date.today().isoformat(), "commit": commit(), "machine": machine()}
    result |= {"rounds": given.rounds, "map": MAP, "steps_ns_a_number": {}, "networks": {}}
    for precision, dtype in (("bfloat16", torch.bfloat16), ("float32", torch.float32)):
        result["steps_ns_a_number"][precision] = steps(dtype, given.rounds)
        result["networks"][precision] = {}
        for name in NETWORKS:
            result["networks"][precision][name] = found = network(name, precision, given.rounds)
            print(precision, name, json.dumps(found), flush=True)
    print(json.dumps(result["steps_ns_a_number"], indent=1))
    (given.out / "blocks.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
