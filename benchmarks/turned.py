"""How far a digit is turned, in degrees: MNIST turned by -45 to 45 degrees is learnt as a number.

Run with   taskset -c 0 python -m benchmarks.turned [--seeds 3]          (about six minutes a seed)
All 60,000 pictures for training (a tenth of them held for validation) and the 10,000 test pictures are turned by an
angle drawn evenly, keyed by the seed; then `pellucid train turned.npz --epochs 3` is typed as it stands. A constant
answer is off by 22.5 degrees in the mean. Data is looked for in $PELLUCID_DATA, or ../shared/data beside the
repository. Writes benchmarks/results/turned.json; exit code 1 when the mean of the seeds is not below 8 degrees.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.published import ROOT, commit
from pellucid.data.dataset import Part
from pellucid.data.opening import open_dataset
from pellucid.keys import Key
from pellucid.runs.environment import environment_of
from pellucid.training.session import engine_named

MARK, AIM, LARGEST = 8.0, 6.5, 45.0  # degrees
WORDS = ("train", "turned.npz", "--epochs", "3")
RESULT = ROOT / "benchmarks" / "results" / "turned.json"


def turned(part: Part, key: Key) -> tuple[np.ndarray, np.ndarray]:
    """The pictures (N, 28, 28, 1) turned about their middle, black where nothing is, and the angles (N,)."""
    x = part.images.take(np.arange(len(part)))
    angles = key.generator().uniform(-LARGEST, LARGEST, len(x)).astype(np.float32)
    pictures = [np.asarray(Image.fromarray(image[..., 0]).rotate(float(angle), resample=Image.Resampling.BILINEAR))
                for image, angle in zip(x, angles, strict=True)]  # fmt: skip
    return np.stack(pictures)[..., np.newaxis], angles


def measure(seed: int, data_dir: Path) -> dict[str, object]:
    """What one seed comes to: the data drawn from it, and the run's own seed."""
    data, arrays = open_dataset("mnist", data_dir=data_dir), {}
    for name in ("train", "test"):
        arrays[f"x_{name}"], arrays[f"y_{name}"] = turned(data.part(name), Key.of(seed).fold("turned", name))
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "turned.npz", **arrays)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "pellucid", *WORDS, "--seed", str(seed), "--out", "run", "--json"]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
    kept = ("mae", "mae_interval", "rmse", "r2", "n", "split", "best_epoch", "engine", "parameters", "seconds")
    return {"seed": seed, **{name: found[name] for name in kept}}


def main() -> int:
    """Measure every seed; 0 when the mark is reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    data_dir = Path(os.environ.get("PELLUCID_DATA", ROOT.parent / "shared" / "data"))
    rows = []
    for seed in range(given.seeds):
        rows.append(measure(seed, data_dir))
        print(f"seed {seed}: mae {rows[-1]['mae']:.3f} degrees, {rows[-1]['seconds']} s", flush=True)
    errors = [float(str(row["mae"])) for row in rows]
    mean, spread = statistics.mean(errors), statistics.stdev(errors) if len(errors) > 1 else None
    RESULT.write_text(json.dumps({
        "date": date.today().isoformat(), "commit": commit(), "command": f"pellucid {' '.join(WORDS)}",
        "machine": environment_of(engine_named("auto", "float32", None)), "mark": MARK, "aim": AIM,
        "mean": round(mean, 3), "spread": spread, "seeds": rows,
    }, indent=2) + "\n")  # fmt: skip
    print(f"mean of {len(rows)}: {mean:.3f} degrees (mark {MARK:g}, aim {AIM:g}; a constant answer has 22.5)")
    return 0 if mean < MARK else 1


if __name__ == "__main__":
    sys.exit(main())
