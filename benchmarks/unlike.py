"""How often pictures like the training set are called unlike it, and how often others are found.

Seven real sets, each with the statistics that a run keeps of its training part (`data.typical.looks_of`):

false alarms   pictures of the test part alone; groups of 10 and 100 drawn from it; groups of 10 and 30 of one class
found          the test part inverted, blank, saved as 0 and 1, with red and blue exchanged, half as bright, turned a
               quarter; noise; the test parts of the six other sets at this set's size; alone and in groups of 10

A group counts as found when `data.unlike.Watch` has a warning for it, whichever of its two rules gave it.

Run with   python -m benchmarks.unlike SHARED_DATA      (two minutes of one processor)
Writes     benchmarks/results/unlike.json, and the tables of docs/using.md
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pellucid.data.channels import convert_channels
from pellucid.data.dataset import Dataset, Part
from pellucid.data.fitting import fit_pixels
from pellucid.data.preprocessing import default_pipeline
from pellucid.engines.reference import ReferenceEngine
from pellucid.keys import Key
from pellucid.model.input.depth import Depth
from pellucid.model.input.typical import Typical, looks_of
from pellucid.model.input.unlike import Watch
from pellucid.runs.config import RunConfig
from pellucid.runs.environment import environment_of
from pellucid.runs.preparation import load_data
from tests.docs.made import page_with

SEEDS = (0, 1, 2)
MOST, LOOKED, GROUPS = 2_000, 300, 200          # test pictures, of others, groups of each kind
ALONE_AND_TENS = ("alone", "groups of 10")
PAGE, MAKER = Path(__file__).resolve().parents[1] / "docs" / "using.md", "benchmarks/unlike.py"
RESULT = Path(__file__).resolve().parent / "results" / "unlike.json"
SETTINGS: dict[str, dict[str, Any]] = {
    "digits": {"data": "digits"},
    "mnist": {"data": "mnist"},
    "fashion-mnist": {"data": "fashion-mnist"},
    "cifar10": {"data": "cifar10", "limit": 4_000},
    "fruits360-mini": {"data": "fruits360-mini/fruits360-mini.tar", "resize": "64x64"},
    "flowers10": {"data": "flowers10", "resize": "64x64", "channels": "rgb"},
    "road-signs": {"resize": "48x64"},
}


def road_signs(tar: Path, folder: Path) -> Path:
    """The pictures of the road signs as class folders, the class that of the first box."""
    with tarfile.open(tar) as archive:
        for member in archive.getmembers():
            path = Path(member.name)
            if path.suffix == ".jpg" and (file := archive.extractfile(member)) is not None:
                boxes = archive.extractfile(member.name.replace("images", "labels").replace(".jpg", ".txt"))
                words = boxes.read().split() if boxes is not None else []
                place = folder / path.parent.name / f"sign{int(words[0]) if words else 0}" / path.name
                place.parent.mkdir(parents=True, exist_ok=True)
                Image.open(io.BytesIO(file.read())).save(place, quality=95)
    return folder


def opened(shared: Path, scratch: Path) -> Iterator[tuple[str, Dataset]]:
    """Each set with its parts."""
    for name, settings in SETTINGS.items():
        data = settings.get("data", "")
        if name == "road-signs":
            data = str(road_signs(shared / "road-signs" / "road-signs.tar", scratch))
        elif "/" in data or name == "flowers10":
            data = str(shared / data)
        yield name, load_data(RunConfig(**{**settings, "data": data, "data_dir": str(shared)}))


def pixels_of(part: Part) -> tuple[np.ndarray, np.ndarray]:
    """At most MOST pictures of a part (N, H, W, C), and their labels (N,)."""
    rows = np.sort(Key.of(0).fold("unlike").generator().permutation(len(part))[:MOST])
    return part.images.take(rows), part.labels[rows]


def changes(x: np.ndarray) -> dict[str, Callable[[], np.ndarray]]:
    """What is done to pictures x (N, H, W, C) to make them others."""
    made = {
        "inverted": lambda: 255 - x,
        "blank": lambda: np.zeros_like(x),
        "saved as 0 and 1": lambda: np.rint(x / 255).astype(np.uint8),
        "half as bright": lambda: x // 2,
        "turned a quarter": lambda: np.stack([fit_pixels(np.rot90(one), x.shape[1:3]) for one in x]),
        "noise": lambda: Key.of(0).fold("noise").generator().integers(0, 256, x.shape, dtype=np.uint8),
    }
    return made | ({"red and blue exchanged": lambda: x[..., ::-1]} if x.shape[3] == 3 else {})


def as_size(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Pictures of another set at this size and in these channels."""
    kind = "gray" if shape[2] == 1 else "rgb"
    return np.stack([fit_pixels(convert_channels(one, kind), shape[:2]) for one in x])


def typical_of(train: Part, seed: int) -> Typical:
    """The statistics that a run keeps of its training part."""
    size = dict(zip(("height", "width", "channels"), train.images.shape[1:], strict=True))
    return Typical.from_record({**size, **looks_of(train, default_pipeline(), Key.of(seed))}, "a run")


def seen(typical: Typical, x: np.ndarray) -> Watch:
    """A watch that has seen all pictures."""
    watch = Watch(typical, Depth("uint8"))
    for start in range(0, len(x), 100):
        watch.see(x[start : start + 100])
    return watch


def share_told(watch: Watch, groups: list[np.ndarray]) -> float:
    """The share of groups, of the pictures that a watch has seen, that get a warning."""
    told = 0
    for rows in groups:
        distances, plain = ([values[row] for row in rows] for values in (watch.distances, watch.plain))
        told += bool(Watch(watch.typical, watch.depth, distances, plain).warning())
    return round(told / len(groups), 4)


def drawn(rows: np.ndarray, size: int, seed: int, count: int = GROUPS) -> list[np.ndarray]:
    """Groups of `size` of these pictures, drawn anew for each."""
    random = Key.of(seed).fold("groups", size).generator()
    return [random.choice(rows, size, replace=False) for _ in range(count)] if len(rows) >= size else []


def one_class(labels: np.ndarray, size: int, seed: int) -> list[np.ndarray]:
    """Groups of one class each, every class in turn."""
    classes = np.unique(labels)
    each = max(1, GROUPS // len(classes))
    rows = {int(label): np.flatnonzero(labels == label) for label in classes}
    return [group for label, own in rows.items() for group in drawn(own, size, seed + label, each)]


def measure(name: str, sets: dict[str, tuple[np.ndarray, np.ndarray]], train: Part) -> dict[str, Any]:
    """False alarms and what is found, of one set; means over the seeds."""
    x, labels = sets[name]
    everything = np.arange(len(x))
    rows: list[dict[str, Any]] = []
    others = {what: make() for what, make in changes(x[:LOOKED]).items()}
    others |= {other: as_size(sets[other][0][:LOOKED], x.shape[1:]) for other in sets if other != name}
    for seed in SEEDS:
        typical = typical_of(train, seed)
        watch = seen(typical, x)
        false = {"alone": share_told(watch, [everything[row : row + 1] for row in everything])}
        false |= {f"groups of {size}": share_told(watch, groups) for size in (10, 100)
                  if (groups := drawn(everything, size, seed))}  # fmt: skip
        false |= {f"{size} of one class": share_told(watch, groups) for size in (10, 30)
                  if (groups := one_class(labels, size, seed))}  # fmt: skip
        found = {}
        for what, y in others.items():
            watch = seen(typical, y)
            found[what] = [share_told(watch, [np.array([row]) for row in range(len(y))]),
                           share_told(watch, drawn(np.arange(len(y)), 10, seed, 50))]  # fmt: skip
        rows.append({"false": false, "found": found, "looked_at": typical.n})
    return {
        "training_pictures": len(train), "looked_at": rows[0]["looked_at"], "test_pictures": len(x),
        "false_alarms": {kind: mean([row["false"][kind] for row in rows]) for kind in rows[0]["false"]},
        "found": {what: {"alone": mean([row["found"][what][0] for row in rows]),
                         "groups of 10": mean([row["found"][what][1] for row in rows])} for what in rows[0]["found"]},
    }  # fmt: skip


def mean(values: list[float]) -> float:
    """To four digits."""
    return round(float(np.mean(values)), 4)


def table(result: dict[str, Any]) -> str:
    """The tables of docs/using.md: false alarms, then what is found, in percent."""
    sets = result["sets"]
    kinds = list(dict.fromkeys(kind for one in sets.values() for kind in one["false_alarms"]))
    lines = [f"| false alarms | {' | '.join(kinds)} |", "|---|" + "---|" * len(kinds)]
    for name, one in sets.items():
        cells = (f"{100 * one['false_alarms'][kind]:.2g}" if kind in one["false_alarms"] else "-" for kind in kinds)
        lines.append(f"| {name} ({one['looked_at']:,} looked at) | {' | '.join(cells)} |")
    shown = [what for what in dict.fromkeys(what for one in sets.values() for what in one["found"]) if what not in sets]
    lines += ["", f"| found, alone / in tens | {' | '.join(shown)} | pictures of the other sets |",
              "|---|" + "---|" * (len(shown) + 1)]  # fmt: skip
    for name, one in sets.items():
        found = [one["found"].get(what) for what in shown]
        others = [entry for what, entry in one["found"].items() if what in sets]
        found.append({kind: float(np.mean([entry[kind] for entry in others])) for kind in ALONE_AND_TENS})
        cells = ("-" if entry is None else " / ".join(f"{100 * entry[kind]:.0f}" for kind in ALONE_AND_TENS)
                 for entry in found)  # fmt: skip
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(shared: Path) -> None:
    """Measure all sets and write the result."""
    began = time.process_time()
    with tempfile.TemporaryDirectory() as scratch:
        datasets = dict(opened(shared, Path(scratch)))
        sets = {name: pixels_of(dataset.part("test")) for name, dataset in datasets.items()}
        measured = {}
        for name, dataset in datasets.items():
            measured[name] = measure(name, sets, dataset.part("train"))
            print(name, json.dumps(measured[name]["false_alarms"]), flush=True)
    x = sets["mnist"][0]
    typical = typical_of(datasets["mnist"].part("train"), 0)
    start = time.perf_counter()
    Watch(typical, Depth("uint8")).see(x)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    result = {
        "command": "python -m benchmarks.unlike SHARED_DATA", "commit": commit, "seeds": SEEDS, "groups": GROUPS,
        "environment": environment_of(ReferenceEngine()), "processor_seconds": round(time.process_time() - began, 1),
        "microseconds_a_picture_of_28x28": round(1e6 * (time.perf_counter() - start) / len(x), 1), "sets": measured,
    }  # fmt: skip
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page_with(PAGE, MAKER, table(result)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
