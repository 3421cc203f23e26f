"""Every leaf of every record that Pellucid reads back, spoiled in every way, and the commands that read it.

A tiny run is stopped in the middle of its second epoch, and one is finished. Then one leaf of one record is changed (a
key dropped, null, another type, a negative or gigantic number, NaN, nothing, a long text, deep nesting, halves of
letters, doubled names, values exchanged), and the commands that read the record are typed in this process. Right is
exit 0, 1 or 2 with at most one sentence, which names the file and is of bounded length; no warning, no traceback, no
"fault of Pellucid itself".

Run with   python -m benchmarks.hostile_records [--only RECORD] [--show]
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import json
import logging
import os
import random
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

LONGEST = 700  # characters of a sentence
DEEP: Any = []
for _ in range(40):
    DEEP = [DEEP]
VALUES: dict[str, Any] = {
    "null": None, "true": True, "minus one": -1, "zero": 0, "two": 2, "huge": 10**18, "gigantic": 10**30,
    "fraction": 0.37, "minus fraction": -1.5, "nan": float("nan"), "infinity": float("inf"), "empty text": "",
    "word": "nonsense", "digits": "12", "long": "x" * 5000, "nul": "a\0b", "control": "a\x1b[31m\nb",
    "half a letter": "\ud800", "right to left": "\u202eabc", "path": "../../elsewhere", "home": "~nobody/x",
    "empty list": [], "empty object": {}, "list": [1, "a", None], "object": {"a": 1, "type": "Dense"}, "deep": DEEP,
    "numbers": [0, 0, 0, 0],
}  # fmt: skip
Path_ = tuple[Any, ...]


@dataclass(frozen=True)
class Outcome:
    """What a spoiled record came to; `wrong` says what was not right, empty for a record handled right."""

    code: int
    said: str
    wrong: str


# --- changing one leaf ------------------------------------------------------------------------------------------------

def places(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Every place in a JSON value, the inner nodes too; of long lists the first three and the last."""
    yield at
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*at, key))
    elif isinstance(value, list):
        for index in range(len(value)) if len(value) < 12 else (0, 1, 2, len(value) - 1):
            yield from places(value[index], (*at, index))


def changed(value: Any, at: Path_, change: Callable[[Any, Any], None]) -> Any:
    """A copy in which `change(container, key)` was done at one place."""
    box = [copy.deepcopy(value)]
    holder: Any = box
    path = (0, *at)
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return box[0]


def put(new: Any) -> Callable[[Any, Any], None]:
    def change(holder: Any, key: Any) -> None:
        holder[key] = copy.deepcopy(new)

    return change


def drop(holder: Any, key: Any) -> None:
    del holder[key]


def double(holder: Any, key: Any) -> None:
    if isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    elif isinstance(holder[key], (int, float)) and not isinstance(holder[key], bool):
        holder[key] *= 2
    else:
        holder[f"{key} again"] = copy.deepcopy(holder[key])


def exchange(holder: Any, key: Any) -> None:
    others = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    other = others[(others.index(key) + 1) % len(others)]
    holder[key], holder[other] = holder[other], holder[key]


def spoilings(value: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """(what is done where, what makes the value with that change) for every place and every way."""
    ways = {name: put(new) for name, new in VALUES.items()} | {"double": double, "exchange": exchange}
    for at in places(value):
        where = "/".join(map(str, at)) or "all of it"
        if at:
            yield f"{where}: dropped", partial(changed, value, at, drop)
        for name, way in ways.items():
            if at or name in VALUES:
                yield f"{where}: {name}", partial(changed, value, at, way)


# --- records of a run -------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Record:
    """A record of a run folder: how it is read and written as JSON, and which commands read it."""

    name: str
    file: str
    commands: tuple[tuple[str, ...], ...]
    finished: bool = False  # of the finished run, else of the stopped one

    def read(self, run: Path) -> Any:
        path = run / self.file
        if path.suffix == ".safetensors":
            from safetensors import safe_open

            with safe_open(path, framework="numpy") as file:
                return json.loads(file.metadata()["pellucid"])
        if path.suffix == ".csv":
            return [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
        return json.loads(path.read_bytes())

    def write(self, run: Path, value: Any) -> None:
        path = run / self.file
        if path.suffix == ".safetensors":
            path.write_bytes(with_record(path.read_bytes(), value))
        elif path.suffix == ".csv":
            path.write_text(table(value), encoding="utf-8", errors="surrogatepass")
        else:
            path.write_text(json.dumps(value), encoding="utf-8")


def with_record(data: bytes, record: Any) -> bytes:
    """The bytes of a safetensors file with another record, its arrays as they are."""
    from safetensors.numpy import load

    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"]["pellucid"] = json.dumps(sealed(record, load(data)))
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def sealed(record: Any, arrays: Any) -> Any:
    """The record with checksums that fit: a forger would see to that."""
    from pellucid.storage.checksums import KEY, with_checksums

    if not isinstance(record, dict) or KEY not in record:
        return record
    return with_checksums({name: value for name, value in record.items() if name != KEY}, arrays)


def table(value: Any) -> str:
    """Rows as CSV text; what is no row stands as it is."""
    if not isinstance(value, list):
        return str(value)
    return "\n".join(",".join(map(str, row)) if isinstance(row, list) else str(row) for row in value) + "\n"


RESUME, EVALUATE = ("train", "--resume", "{run}"), ("evaluate", "{run}")
PREDICT, SUMMARY = ("predict", "{run}", "picture.png"), ("summary", "{run}")
DIAGNOSE, RUNS = ("diagnose", "{run}"), ("runs", ".")
FROM_FILE = ("train", "data.npz", "--model", "{run}/model.safetensors", "--epochs", "1", "--out", "{run}-more")
RECORDS = (
    Record("config", "config.json", (RESUME, EVALUATE, RUNS)),
    Record("config of a finished run", "config.json", (DIAGNOSE,), finished=True),
    Record("model", "model.safetensors", (EVALUATE, PREDICT)),
    Record("model of a run that goes on", "model.safetensors", (RESUME, FROM_FILE, SUMMARY)),
    Record("checkpoint", "last.safetensors", (RESUME,)),
    Record("history", "history.csv", (RESUME,)),
    Record("history of a finished run", "history.csv", (DIAGNOSE,), finished=True),
    Record("steps", "steps.csv", (RESUME,)),
    Record("steps of a finished run", "steps.csv", (DIAGNOSE,), finished=True),
    Record("metrics", "metrics.json", (RUNS, RESUME), finished=True),
    Record("checks", "checks.json", (RESUME,)),
)


def make_runs(place: Path) -> None:
    """data.npz, picture.png, a run that was stopped in its second epoch and a finished one, in `place`."""
    import numpy as np
    from PIL import Image

    from pellucid.runs.config import RunConfig
    from pellucid.runs.experiment import start_run
    from pellucid.storage.run_folder import RunFolder
    from pellucid.training.events import Event, Progress

    class Stop(Event):
        def step(self, progress: Progress, sums: Any) -> None:
            if progress.position.step == 5:
                progress.stop = "stopped by Ctrl-C"

    x = np.random.default_rng(0).integers(0, 120, (36, 7, 6, 3), dtype=np.uint8)
    x[1::2, :3] += 120
    y = np.arange(36) % 2
    np.savez(place / "data.npz", x_train=x[:24], y_train=y[:24], x_test=x[24:], y_test=y[24:])
    Image.fromarray(x[0]).save(place / "picture.png")
    config = RunConfig("data.npz", model="FC_4", epochs=3, batch_size=8, engine="reference", augment="shift=1",
                       patience=5, schedule="plateau:2:0.5", preprocess="scale,standardize", threads=1)  # fmt: skip
    for name, console in (("stopped", Stop()), ("finished", None)):
        start_run(config, RunFolder.create(name), command="pellucid train data.npz", console=console)
    (place / "stopped" / "metrics.json").unlink()
    (place / "stopped" / "report.html").unlink(missing_ok=True)


# --- typing and judging -----------------------------------------------------------------------------------------------

def typed(words: tuple[str, ...], run: str) -> Outcome:
    """Type a command in this process and judge what it said."""
    from pellucid.cli.entry import run as run_command

    err, streams = io.StringIO(), contextlib.ExitStack()
    streams.enter_context(contextlib.redirect_stdout(io.StringIO()))
    streams.enter_context(contextlib.redirect_stderr(err))
    with warnings.catch_warnings(record=True) as warned, streams:
        warnings.simplefilter("always")
        code = run_command([word.format(run=run) for word in words])
    logging.getLogger("pellucid").handlers.clear()
    said = err.getvalue()
    return Outcome(code, said, judged(code, said, [str(each.message) for each in warned], run))


def judged(code: int, said: str, warned: list[str], run: str) -> str:
    """What is not right; empty when all is."""
    if "a fault of Pellucid itself" in said or "Traceback" in said:
        return "a fault of its own"
    if warned:
        return f"a warning: {warned[0]}"
    if code not in (0, 1, 2):
        return f"exit code {code}"
    if code and (not said.startswith("pellucid: ") or said.count("\n") != 1):
        return "not one sentence"
    if len(said) > LONGEST:
        return f"{len(said)} characters"
    if code and not any(word in said for word in (run, "data.npz", "this run")):
        return "the file is not named"
    return "" if all(char.isprintable() or char == "\n" for char in said) else "control characters"


@contextlib.contextmanager
def quickly() -> Iterator[None]:
    """Without what takes longer than all the rest: drawing, reports, and making the commands anew for each line."""
    import typer.main

    from pellucid.runs import finishing
    from pellucid.tasks.classification.diagnosing import diagnosis

    nothing = lambda *given, **left_out: None  # noqa: E731
    instead = ((finishing, "write_pictures", nothing), (finishing, "write_report", nothing),
               (diagnosis, "write_page", nothing),
               (typer.main, "get_command", cache(typer.main.get_command)))  # fmt: skip
    before = [getattr(module, name) for module, name, _ in instead]
    for module, name, new in instead:
        setattr(module, name, new)
    try:
        yield
    finally:
        for (module, name, _), old in zip(instead, before, strict=True):
            setattr(module, name, old)


def attacks(records: tuple[Record, ...] = RECORDS) -> Iterator[tuple[Record, tuple[str, ...], str, Callable[[], Any]]]:
    """(record, command, what is done, what makes the value to write); `make_runs` was called in this folder."""
    for record in records:
        value = record.read(Path("finished" if record.finished else "stopped"))
        for command in record.commands:
            for done, new in spoilings(value):
                yield record, command, done, new


def attacked(record: Record, command: tuple[str, ...], new: Callable[[], Any]) -> Outcome:
    """Spoil a copy of the run and type the command."""
    shutil.rmtree("victim", ignore_errors=True)
    shutil.rmtree("victim-more", ignore_errors=True)
    shutil.copytree("finished" if record.finished else "stopped", "victim")
    record.write(Path("victim"), new())
    return typed(command, "victim")


def outcomes(
    sample: int | None = None, seed: int = 0, only: str = ""
) -> Iterator[tuple[str, Outcome]]:
    """(name, outcome) of all attacks, or of so many drawn by seed; works in the folder where `make_runs` was called."""
    chosen = list(attacks(tuple(record for record in RECORDS if only in record.name)))
    if sample is not None:
        chosen = random.Random(seed).sample(chosen, sample)
    for record, command, done, new in chosen:
        yield f"{record.name}, {command[0]}, {done}", attacked(record, command, new)


def main() -> None:
    """All of it, a line for each that is handled wrong, then the counts."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--only", default="", help="records whose name holds this")
    given.add_argument("--show", action="store_true", help="what is said of those handled right too")
    given.add_argument("--sample", type=int, help="so many, drawn by chance")
    asked = given.parse_args()
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place, quickly():
        os.chdir(place)
        make_runs(Path(place))
        for name, outcome in outcomes(asked.sample, only=asked.only):
            counts["wrong" if outcome.wrong else "right"] += 1
            if outcome.wrong or asked.show:
                told = (outcome.wrong or "right", name, str(outcome.code), outcome.said.strip()[:300])
                print(" | ".join(told), flush=True)
        os.chdir("/")
    print(f"{counts['right']:,} of {counts.total():,} handled right")
    sys.exit(counts["wrong"] > 0)


if __name__ == "__main__":
    main()
