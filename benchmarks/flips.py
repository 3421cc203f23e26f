"""What share of signs a step turns where binary networks learn well, and where they do not: the band of `check`.

Run with   OMP_NUM_THREADS=1 python -m benchmarks.flips                   (about five minutes of one core)
Digits of scikit-learn's training part, four fifths to learn from and one fifth to score; two convolutions and a dense
layer of bits in three settings (BinaryConnect, BWN, XNOR), Adam at each of `RATES` for `EPOCHS`, and the share that
`pellucid check` finds before. A run is good where its score is at most `SHORT` below the best of its setting and seed.
Writes benchmarks/results/flips.json: every run, and the smallest and largest share of good ones, about which
pellucid/checks/bits.py sets its limits.
"""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np

import pellucid as p
from benchmarks.published import ROOT, commit
from pellucid.checks.bits import check_latent
from pellucid.engines.reference import ReferenceEngine
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
)
from pellucid.models import Sequential
from pellucid.optimizers import Adam
from pellucid.runs.environment import environment_of
from tests.checks.subjects import all_digits, dataset, subject

RESULT = ROOT / "benchmarks" / "results" / "flips.json"
BITS = {"kernel_constraint": "weight_clip", "use_bias": False}
SETTINGS: dict[str, dict[str, Any]] = {
    "BinaryConnect": {"kernel_quantizer": "ste_sign", **BITS},
    "BWN": {"kernel_quantizer": "magnitude_aware_sign", **BITS},
    "XNOR": {"kernel_quantizer": "magnitude_aware_sign", "input_quantizer": "ste_sign", **BITS},
}
RATES = (1e-7, 1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 1.0)
SEEDS, EPOCHS, BATCH, SHORT = (0, 1), 8, 32, 0.02


def network(bits: dict[str, Any]) -> Sequential:
    """Two convolutions and a dense layer of bits between floats."""
    between = [] if "input_quantizer" in bits else [Activation("relu")]
    return Sequential([
        Input((8, 8, 1)), Conv2D(16, 3, padding="same"), BatchNormalization(), *between,
        QuantConv2D(32, 3, padding="same", **bits), MaxPooling2D(), BatchNormalization(), *between,
        QuantConv2D(32, 3, padding="same", **bits), Flatten(), BatchNormalization(), *between,
        QuantDense(64, **bits), BatchNormalization(), *between, Dense(10, "softmax"),
    ])  # fmt: skip


def measured(setting: str, rate: float, seed: int) -> dict[str, Any]:
    """The share that turns, and the score after learning."""
    x, y = all_digits()
    order = np.random.default_rng(seed).permutation(len(x))
    learnt, scored = np.split(order, [len(x) * 4 // 5])
    data = dataset({"train": x[learnt], "test": x[scored]}, {"train": y[learnt], "test": y[scored]})
    share = check_latent(subject(network(SETTINGS[setting]), data, seed=seed, rule=Adam(rate))).value
    p.set_random_seed(seed)
    model = network(SETTINGS[setting])
    model.compile(Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"], engine="reference")
    numbers = x.astype("float32") / 8 - 1
    model.fit(numbers[learnt], y[learnt], batch_size=BATCH, epochs=EPOCHS, verbose=0)
    accuracy = float(model.evaluate(numbers[scored], y[scored], verbose=0)[1])
    return {"setting": setting, "rate": rate, "seed": seed, "share": share, "accuracy": round(accuracy, 4)}


def main() -> None:
    """Measure, judge and write."""
    with limited_threads(1):
        runs = [measured(setting, rate, seed) for setting in SETTINGS for seed in SEEDS for rate in RATES]
    for run in runs:
        rivals = [one for one in runs if (one["setting"], one["seed"]) == (run["setting"], run["seed"])]
        run["good"] = run["accuracy"] >= max(one["accuracy"] for one in rivals) - SHORT
        print(run, flush=True)
    good = [run["share"] for run in runs if run["good"]]
    found = {
        "command": "OMP_NUM_THREADS=1 python -m benchmarks.flips", "commit": commit(),
        "date": time.strftime("%Y-%m-%d"),
        "environment": environment_of(ReferenceEngine()), "band": [min(good), max(good)], "runs": runs,
    }  # fmt: skip
    RESULT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{len(good)} of {len(runs)} runs are good: a step turns {min(good):.2g} to {max(good):.2g} of the signs")


if __name__ == "__main__":
    main()
