"""What bits cost in accuracy: MNIST and CIFAR-10 with kernels of floats, kernels of bits and bits throughout.

Run with   python -m benchmarks.binary [--set mnist] [--row NAME] [--seeds 0 1 2] [--missing] [--validation] [--limit N]
           python -m benchmarks.binary --table
Rows are one network, its blocks of floats or of bits in one of these ways; of MNIST the book's notation net
conv_8,pool,conv_12*3,pool,conv_36*3,pool,FC_64, and a wider one, which sees its pictures moved by up to two pixels. All
of a set learn with Adam under a cosine, the same rate, batches and epochs (the wider one more), from nine tenths of the
training part; what was chosen was chosen on the last tenth (--validation), and the test part is read once a seed.
Results stay row by row in benchmarks/results/binary.json, each with its commit and processor seconds.
Data is looked for in $PELLUCID_DATA, or ../shared/data beside the repository.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from pellucid.optimizers.schedules import CosineDecay

import pellucid as p
from benchmarks.published import ROOT
from benchmarks.rows import Rows
from pellucid.data.opening import open_dataset
from pellucid.engines.threads import limited_threads
from pellucid.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    Input,
    MaxPooling2D,
    QuantConv2D,
    QuantDense,
    RandomTranslation,
)
from pellucid.models import Sequential
from pellucid.optimizers import Adam

RESULT = ROOT / "benchmarks" / "results" / "binary.json"
PLACE = os.environ.get("PELLUCID_DATA") or str(ROOT.parent / "shared" / "data")
EPOCHS, BATCH, RATE = {"mnist": 6, "cifar10": 6}, 128, 0.01
NOTATION = {"mnist": (8, 12, 12, 12, None, 36, 36, 36, None, 64), "cifar10": (32, 48, 48, None, 96, None, 96)}
WIDE = (32, 48, None, 128, 128, None, 256)  # filters of the entry, then of each block, None a pooling, last the units
SHIFT = 0.075       # of a side, either way: two pixels
ALPHA, PLAIN, SMOOTH = "magnitude_aware_sign", "ste_sign", "approx_sign"
Block = Callable[[int, bool], list[Any]]


def floats(filters: int, pool: bool) -> list[Any]:
    """Convolution, batch norm, ReLU, pooling."""
    return [Conv2D(filters, 3, padding="same", use_bias=False), BatchNormalization(), Activation("relu"), *pooled(pool)]


def weights(filters: int, pool: bool) -> list[Any]:
    """The same with a kernel of bits."""
    bits = {"kernel_quantizer": ALPHA, "kernel_constraint": "weight_clip", "padding": "same", "use_bias": False}
    return [QuantConv2D(filters, 3, **bits), BatchNormalization(), Activation("relu"), *pooled(pool)]


def xnor(alpha: str = ALPHA, sign: str = PLAIN, *, usual: bool = False) -> Block:
    """B-A-C-P with inputs and kernels of bits; `usual`: C-B-A-P, where pooling sees signs."""

    def block(filters: int, pool: bool) -> list[Any]:
        bits = {"kernel_quantizer": alpha, "kernel_constraint": "weight_clip", "padding": "same", "use_bias": False}
        if usual:
            return [QuantConv2D(filters, 3, **bits), BatchNormalization(), Activation("sign"), *pooled(pool)]
        return [BatchNormalization(), QuantConv2D(filters, 3, input_quantizer=sign, **bits), *pooled(pool)]

    return block


def pooled(pool: bool) -> list[Any]:
    """Max pooling where wanted."""
    return [MaxPooling2D()] if pool else []


ROWS: dict[str, dict[str, Any]] = {
    "float": {"block": floats},
    "binary weights": {"block": weights, "dense": ALPHA},
    "XNOR": {"block": xnor(), "dense": ALPHA, "inputs": PLAIN},
    "XNOR, approx_sign": {"block": xnor(sign=SMOOTH), "dense": ALPHA, "inputs": SMOOTH},
    "XNOR, order C-B-A-P": {"block": xnor(usual=True), "dense": ALPHA, "inputs": PLAIN},
    "XNOR without alpha": {"block": xnor(PLAIN), "dense": PLAIN, "inputs": PLAIN},
    "XNOR, first and last of bits": {"block": xnor(), "dense": ALPHA, "inputs": PLAIN, "ends": True},
    "XNOR, wider": {"block": xnor(sign=SMOOTH), "dense": ALPHA, "inputs": SMOOTH, "wide": True, "epochs": 8},
}
MEASURED = Rows(RESULT, EPOCHS, ROWS, "float", ("network", "seeds", "one seed", "below float"), over=False, digits=2)


def network(
    data: str, block: Block, dense: str | None = None, *, inputs: str | None = None, ends: bool = False,
    wide: bool = False,
) -> Any:  # fmt: skip
    """The network of a row; `inputs`: how those of its layers become bits; `ends`: the first and the last as well."""
    first, *middle, units = WIDE if wide else NOTATION[data]
    shape = {"mnist": (28, 28, 1), "cifar10": (32, 32, 3)}[data]
    bits = {"kernel_quantizer": ALPHA, "kernel_constraint": "weight_clip"}
    entry = QuantConv2D(first, 3, padding="same", **bits) if ends else Conv2D(first, 3, padding="same")
    moved = [RandomTranslation(SHIFT, SHIFT, fill_mode="constant", fill_value=-1.0)] if wide else []
    normed = [] if inputs else [BatchNormalization(), Activation("relu")]
    layers = [Input(shape), *moved, entry, *normed, MaxPooling2D()]
    for filters, after in itertools.pairwise(middle):
        layers += block(filters, after is None) if filters else []
    hidden = {"kernel_quantizer": dense, "kernel_constraint": "weight_clip"} if dense else None
    layers += [Flatten(), BatchNormalization()]
    if hidden is None:
        layers += [Dense(units), BatchNormalization(), Activation("relu")]
    elif inputs:
        layers += [QuantDense(units, input_quantizer=inputs, use_bias=False, **hidden), BatchNormalization()]
    else:
        layers += [QuantDense(units, **hidden), BatchNormalization(), Activation("relu")]
    return Sequential([*layers, QuantDense(10, "softmax", **bits) if ends else Dense(10, "softmax")])


def images(data: str, limit: int | None, *, validation: bool) -> tuple[np.ndarray, ...]:
    """x (N,H,W,C) in -1..1 and labels: nine tenths of the training part, and the last tenth or the test part."""
    dataset, found = open_dataset(data, data_dir=PLACE), []
    order = np.random.default_rng(0).permutation(len(dataset.part("train")))
    learnt, left = np.split(order, [len(order) * 9 // 10])
    wanted = [("train", learnt), ("train", left) if validation else ("test", np.arange(len(dataset.part("test"))))]
    for name, rows in wanted:
        part, rows = dataset.part(name), rows[:limit]
        x = part.images.take(rows).astype(np.float32) / 127.5 - 1
        found += [x.reshape(len(rows), *x.shape[1:3], -1), np.asarray(part.labels[rows])]
    return tuple(found)


def measured(data: str, row: str, seed: int, limit: int | None, *, validation: bool) -> dict[str, Any]:
    """Accuracy on the test part (or the validation part) and processor seconds of one seed."""
    x, y, x_test, y_test = images(data, limit, validation=validation)
    arguments = dict(ROWS[row])
    began, epochs = time.process_time(), arguments.pop("epochs", EPOCHS[data])
    p.set_random_seed(seed)
    with limited_threads(1):
        model = network(data, **arguments)
        rate = CosineDecay(RATE, epochs * -(-len(x) // BATCH))
        model.compile(Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"], engine="pytorch")
        model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0)
        accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
    return {"accuracy": round(float(accuracy), 5), "processor_seconds": round(time.process_time() - began, 1)}


def main() -> None:
    """Measure what is asked for, and write it beside what is there."""
    parser = MEASURED.arguments(__doc__.splitlines()[0], "mnist")
    parser.add_argument("--validation", action="store_true", help="score the last tenth; nothing is written")
    parser.add_argument("--limit", type=int, help="images of each part, to try; nothing is written")
    given = parser.parse_args()
    if given.table:
        print(MEASURED.table())
        return
    MEASURED.measure(
        given, lambda data, row, seed: measured(data, row, seed, given.limit, validation=given.validation),
        lambda data, row, seed: f"python -m benchmarks.binary --set {data} --row '{row}' --seeds {seed}",
        kept=given.limit is None and not given.validation,
    )  # fmt: skip


if __name__ == "__main__":
    main()
