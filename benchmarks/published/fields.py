"""Fields of 64x64 pixels with MNIST digits, drawn from a seed, and a detector that learns from them alone.

Field     one digit, or two to five of equal chance; each scaled by 0.6 to 1.2, anywhere whole, ink on ink added; no two
          boxes overlap by an IoU of 0.1. A box is the tight one around the ink
Parts     training and validation fields from MNIST's training part (its last 5,000 digits are the validation part's),
          2,000 test fields from its test part, the same for every seed
Numbers   AP50 of the test fields; `found`: fields whose surest box has the right class and an IoU above 0.5;
          cpu_seconds of the training command, from reading the fields to the report
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from pellucid.data.opening import open_dataset
from pellucid.tasks.detection.overlap import iou

SIDE, LEAST, MOST, MEETING = 64, 0.6, 1.2, 0.1
HELD_OUT = 5000     # digits
TESTED = 2000       # fields


def scaled(digit: np.ndarray, factor: float) -> np.ndarray:
    """The ink (28,28) at another size, cut to its tight box."""
    size = round(28 * factor)
    pixels = np.asarray(Image.fromarray(digit).resize((size, size), Image.Resampling.BILINEAR))
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def field(random: np.random.Generator, digits: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels (64,64), boxes (count,4), and which digits they are. Begins anew where a digit finds no place."""
    while True:
        pixels, boxes = np.zeros((SIDE, SIDE), np.uint16), np.zeros((0, 4))
        chosen = random.integers(len(digits), size=count)
        for one in chosen:
            ink = scaled(digits[one], random.uniform(LEAST, MOST))
            for _ in range(20):
                y, x = (int(random.integers(SIDE - side + 1)) for side in ink.shape)
                box = np.array([[x, y, x + ink.shape[1], y + ink.shape[0]]], np.float64)
                if not (iou(box, boxes) >= MEETING).any():
                    pixels[y : y + ink.shape[0], x : x + ink.shape[1]] += ink
                    boxes = np.concatenate([boxes, box])
                    break
        if len(boxes) == count:
            return np.minimum(pixels, 255).astype(np.uint8), boxes, chosen


def draw(folder: Path, digits: str, train: int, seed: int) -> None:
    """Fields and their table; the test fields are the same for every seed."""
    mnist = open_dataset("mnist")
    learnt, asked = mnist.part("train"), mnist.part("test")
    words = digits.split("-")
    fewest, most = int(words[0]), int(words[-1])
    with (folder / "boxes.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["filename", "split", "class", "xmin", "ymin", "xmax", "ymax"])
        for name, part, rows, count, key in (
            ("train", learnt, slice(0, -HELD_OUT), train, seed),
            ("validation", learnt, slice(-HELD_OUT, None), TESTED // 2, seed),
            ("test", asked, slice(None), TESTED, 0),
        ):
            random = np.random.default_rng([key, len(name)])
            images, labels = part.images.take(np.arange(len(part))[rows]).reshape(-1, 28, 28), part.labels[rows]
            for number in range(count):
                pixels, boxes, chosen = field(random, images, int(random.integers(fewest, most + 1)))
                Image.fromarray(pixels).save(folder / f"{name}{number:05}.png", compress_level=1)
                for box, one in zip(boxes, chosen, strict=True):
                    table.writerow([f"{name}{number:05}.png", name, labels[one], *(int(v) for v in box)])


def found(run: Path) -> float:
    """Share of the test fields whose surest box is right."""
    right = []
    for line in (run / "predictions.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        best, true = max(entry["boxes"], key=lambda one: one["score"], default=None), entry["true"][0]
        right.append(best is not None and best["class"] == true["class"]
                     and float(iou(np.array([best["box"]]), np.array([true["box"]]))[0, 0]) > 0.5)
    return float(np.mean(right))


def main() -> None:
    """Draw, train, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--digits", default="1", help="1, or 2-5")
    parser.add_argument("--fields", type=int, default=20_000, help="training fields")
    parser.add_argument("--flags", default="", help="what `pellucid train` is told")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--draw-only", action="store_true", help="draw the fields into --out, and train nothing")
    asked = parser.parse_args()
    if asked.draw_only:
        asked.out.mkdir(parents=True)
        draw(asked.out, asked.digits, asked.fields, asked.seed)
        return
    folder = asked.out.with_name(f"fields-{asked.digits}-{asked.seed}")
    if not folder.exists():
        folder.mkdir(parents=True)
        draw(folder, asked.digits, asked.fields, asked.seed)
    words = ["train", str(folder), "--seed", str(asked.seed), "--out", str(asked.out), *shlex.split(asked.flags)]
    subprocess.run([sys.executable, "-m", "pellucid", *words], check=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    metrics = json.loads((asked.out / "metrics.json").read_text(encoding="utf-8"))
    scores = {"AP50": metrics["AP50"], "cpu_seconds": used.ru_utime + used.ru_stime}
    print(json.dumps(scores | ({"found": found(asked.out)} if asked.digits == "1" else {})))


if __name__ == "__main__":
    main()
