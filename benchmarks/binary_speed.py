"""How quick words of bits are: one product, whole networks, and what the file saves.

Run with   OMP_NUM_THREADS=1 python -m benchmarks.binary_speed            (about two minutes of one core)
product   1,024 x 4,096 signs times 4,096 x 256 over NumPy's float32 product of the same sizes
networks  VGG-Small and the binary ResNet-18 at 32 pixels, batches of 1 and 16: --engine packed beside the reference one
          (whose every bit it must give), the PyTorch engine in float32, and the same network of float kernels by hand
          in PyTorch, bfloat16 and channels last
file      bytes of the packed file over those of the model file
Each pair is measured by turns; the ratio is the median of the pairs' ratios, in CPU seconds of this process, for a
machine that others use as well. Writes benchmarks/results/binary-speed.json.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.detection_speed import paired
from benchmarks.published import ROOT, commit
from pellucid.architectures import BinaryResNet, VGGSmall
from pellucid.engines.packed import PackedEngine
from pellucid.engines.packed.kernels import differing, side_by_side
from pellucid.engines.packed.words import packed
from pellucid.engines.protocol import Engine
from pellucid.engines.pytorch.engine import PyTorchEngine
from pellucid.engines.pytorch.plain_module import plain_module
from pellucid.engines.reference import ReferenceEngine
from pellucid.graph.graph import Graph
from pellucid.model import Model
from pellucid.runs.environment import environment_of

RESULT = ROOT / "benchmarks" / "results" / "binary-speed.json"
M, K, N = 1024, 4096, 256
ROUNDS = {1: 15, 16: 7}
PRODUCTS = 301      # of the product, ten seconds: a busy neighbour comes and goes
NETS: dict[str, Callable[[], Model]] = {
    "vggsmall": VGGSmall, "binaryresnet18 at 32": lambda: BinaryResNet(input_shape=(32, 32, 3), classes=10),
}  # fmt: skip


def product() -> dict[str, Any]:
    """One product of signs beside one of floats."""
    random = np.random.default_rng(0)
    a, b = random.normal(size=(M, K)).astype("float32"), random.normal(size=(K, N)).astype("float32")
    rows, blocks = packed(a >= 0), side_by_side(packed(b.T >= 0))
    signs = [np.where(x >= 0, np.float32(1), np.float32(-1)) for x in (a, b)]
    np.testing.assert_array_equal(K - 2 * differing(rows, blocks), (signs[0] @ signs[1]).astype(np.int32))
    return paired(lambda: differing(rows, blocks), lambda: signs[0] @ signs[1], PRODUCTS)


def answers(engine: Engine, graph: Graph, weights: tuple[Any, Any], x: np.ndarray) -> Callable[[], np.ndarray]:
    """A call that predicts."""
    params, state = (engine.put(part) for part in weights)

    def call() -> np.ndarray:
        run = engine.forward(graph, params, state, engine.put({"input": x}), training=False)
        return engine.get(run.outputs)["output"]

    return call


def by_hand(model: Model, x: np.ndarray) -> Callable[[], object]:
    """The same layers with kernels of floats, as one would write them for speed: bfloat16, channels last."""
    module = plain_module(model.graph, model.weights_by_key(), model.name).to(torch.bfloat16)
    module = module.to(memory_format=torch.channels_last)
    images = torch.from_numpy(x).permute(0, 3, 1, 2).to(torch.bfloat16).contiguous(memory_format=torch.channels_last)

    def call() -> object:
        with torch.inference_mode():
            return module(images)

    return call


def network(make: Callable[[], Model], batch: int) -> dict[str, Any]:
    """Packed beside each of the others."""
    model, random = make(), np.random.default_rng(1)
    weights = model.weights_by_key()
    for key, value in weights.items():  # as after training: statistics that are not 0 and 1
        if key.endswith(("moving_mean", "beta")):
            weights[key] = random.normal(0, 3, value.shape).astype("float32")
    state = {key: value for key, value in weights.items() if "/moving_" in key}
    params = {key: value for key, value in weights.items() if key not in state}
    x = random.normal(size=(batch, 32, 32, 3)).astype("float32")
    ours = answers(PackedEngine(), model.graph, (params, state), x)
    reference = answers(ReferenceEngine(), model.graph, (params, state), x)
    np.testing.assert_array_equal(ours().view(np.uint32), reference().view(np.uint32))
    theirs: dict[str, Callable[[], object]] = {
        "reference float32": reference,
        "pytorch float32": answers(PyTorchEngine("float32", device="cpu"), model.graph, (params, state), x),
        "bfloat16 by hand": by_hand(model, x),
    }  # fmt: skip
    return {name: paired(ours, other, ROUNDS[batch]) for name, other in theirs.items()} | {"same_bits": True}


def file_sizes() -> dict[str, Any]:
    """Bytes of both files of VGG-Small."""
    model = VGGSmall()
    with tempfile.TemporaryDirectory() as folder:
        floats, bits = Path(folder) / "floats.safetensors", Path(folder) / "bits.safetensors"
        model.save(floats)
        model.export(bits, "packed")
        sizes = floats.stat().st_size, bits.stat().st_size
    return {"floats": sizes[0], "bits": sizes[1], "ratio": round(sizes[0] / sizes[1], 1)}


def main() -> None:
    """Measure and write."""
    torch.set_num_threads(1)
    result: dict[str, Any] = {
        "command": "OMP_NUM_THREADS=1 python -m benchmarks.binary_speed", "commit": commit(),
        "date": time.strftime("%Y-%m-%d"), "environment": environment_of(ReferenceEngine()),
        "torch": torch.__version__, "product": product(), "file": file_sizes(),
        "networks": {name: {str(batch): network(make, batch) for batch in ROUNDS} for name, make in NETS.items()},
    }  # fmt: skip
    RESULT.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"product {result['product']['ratio']:.1f} times NumPy's; the file {result['file']['ratio']} times smaller")
    for name, batches in result["networks"].items():
        for batch, peers in batches.items():
            told = ", ".join(f"{peer} {found['ratio']:.1f}" for peer, found in peers.items() if peer != "same_bits")
            print(f"{name}, batch {batch}: times as fast as {told}")


if __name__ == "__main__":
    main()
