"""What differs between two run folders of one recipe, and what the newer one says that the older did not.

Tensors, `history.csv`, and every figure of `steps.csv`, `metrics.json` and `evaluate --json` are held equal, times left
out. The record inside a model file or checkpoint may gain what `GAINED` names and change what `CHANGED` names; a
figure's file may gain names, which are listed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open

from tests.resume.comparing import TIMES, steps

TENSORS = ("model.safetensors", "last.safetensors")
GAINED = {  # beginnings of names, and why a newer record may have them
    "checksums": "sums over the tensors and over the record",
    "format": "raised where an older Pellucid could misread the file",
    "task": "what is learnt: name, format and record",
    "environment.arithmetic": "since 2026-11: raised when a bit changes, in place of Pellucid's version",
    "input.alpha": "since 2026-11: what shows where a picture is transparent",
    "input.fit": "since 2026-11: how a picture comes to the network's size",
    "input.range": "since 2026-11: the numbers that the network was trained on",
    "input.statistics": "since 2026-11: what pictures of the training set are like",
}
CHANGED = ("checksums", "format", "environment.libraries.pellucid", "training.versions.pellucid")
ABSENT = object()


@dataclass
class Found:
    """What came of one comparison; `counted` says how much was held equal, so that an empty one is seen."""

    differences: list[str] = field(default_factory=list)
    gained: dict[str, list[str]] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)

    def gain(self, name: str, key: str) -> None:
        """Note that a file says something more; the entries of a list are one thing."""
        listed, key = self.gained.setdefault(name, []), re.sub(r"(\.\d+)+$", "", key)
        if key not in listed:
            listed.append(key)


def compare(before: Path, now: Path, evaluated: tuple[dict[str, Any], dict[str, Any]]) -> Found:
    """Two run folders, and what `evaluate --json` said of each."""
    found = Found()
    for name in TENSORS:
        compare_files(name, before / name, now / name, found)
    one, other = ((folder / "history.csv").read_bytes() for folder in (before, now))
    found.counted["epochs"] = one.count(b"\n") - 1
    if one != other:
        found.differences.append("history.csv: other bytes")
    compare_steps(steps(before), steps(now), found)
    figures = [json.loads((folder / "metrics.json").read_text(encoding="utf-8")) for folder in (before, now)]
    compare_figures("metrics.json", figures[0], figures[1], found)
    compare_figures("evaluate --json", *evaluated, found)
    return found


def compare_files(name: str, before: Path, now: Path, found: Found) -> None:
    """The tensors to the bit, the record by its names."""
    (one, record), (other, newer) = read(before), read(now)
    for key in sorted(one.keys() | other.keys()):
        if key not in one or key not in other:
            found.differences.append(f"{name}: tensor {key} is only {'now' if key in other else 'before'}")
        elif not same_bits(one[key], other[key]):
            found.differences.append(f"{name}: tensor {key} differs{by(one[key], other[key])}")
    found.counted["tensors"] = found.counted.get("tensors", 0) + len(one)
    for key, (old, new) in changes(record, newer).items():
        if old is ABSENT and within(key, GAINED):
            found.gain(name, key)
        elif old is ABSENT:
            found.differences.append(f"{name}: the record gained {key} = {new}")
        elif new is ABSENT or not within(key, CHANGED):
            found.differences.append(f"{name}: {key} was {old}, is {'gone' if new is ABSENT else new}")


def read(path: Path) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    """The tensors and the record, read by the library alone so that no reader of ours comes between.

    Names in a checkpoint's sections are sorted: until 2026-11 those of moving statistics came in the order of a set.
    """
    with safe_open(path, framework="numpy") as file:
        tensors, record = {name: file.get_tensor(name) for name in file.keys()}, json.loads(file.metadata()["pellucid"])  # noqa: SIM118
    if "sections" in record:
        record["sections"] = [[section, sorted(names)] for section, names in record["sections"]]
    return tensors, record


def same_bits(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    """Equality of kind, shape and every bit; NaN equals NaN, 0.0 is not -0.0."""
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def by(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> str:
    """How far two tensors of one shape and kind are apart, in words."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return f": {one.dtype} {one.shape} was, {other.dtype} {other.shape} is"
    wrong = np.count_nonzero(one != other)
    most = np.max(np.abs(one.astype(np.float64) - other.astype(np.float64)))
    return f" in {wrong} of {one.size} places, by {most:.2g} at most"


def compare_steps(before: list[dict[str, str]], now: list[dict[str, str]], found: Found) -> None:
    """Every row of `steps.csv` as text, times left out; the first that differs is told."""
    found.counted["steps"] = len(before)
    if len(before) != len(now):
        found.differences.append(f"steps.csv: {len(before)} rows before, {len(now)} now")
    for one, other in zip(before, now, strict=False):
        if one != other:
            names = [name for name in one.keys() | other.keys() if one.get(name) != other.get(name)]
            found.differences.append(f"steps.csv: step {one['step']} differs in {', '.join(sorted(names))}")
            return


def compare_figures(name: str, before: dict[str, Any], now: dict[str, Any], found: Found) -> None:
    """Every figure there was is there still, with its value; what is new is listed."""
    kept = [{key: value for key, value in figures.items() if key not in TIMES} for figures in (before, now)]
    found.counted["figures"] = found.counted.get("figures", 0) + len(dict(leaves(kept[0])))
    for key, (old, new) in changes(*kept).items():
        if old is ABSENT:
            found.gain(name, key)
        else:
            found.differences.append(f"{name}: {key} was {old}, is {'gone' if new is ABSENT else new}")


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Names whose values differ, to both values; ABSENT for what one side lacks."""
    one, other = dict(leaves(before)), dict(leaves(now))
    pairs = {key: (one.get(key, ABSENT), other.get(key, ABSENT)) for key in sorted(one.keys() | other.keys())}
    return {key: pair for key, pair in pairs.items() if ABSENT in pair or json.dumps(pair[0]) != json.dumps(pair[1])}


def leaves(record: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """A record as dotted names and what stands there; an empty mapping or list is a leaf."""
    if isinstance(record, (Mapping, list)) and record:
        parts = record.items() if isinstance(record, Mapping) else enumerate(record)
        for key, value in parts:
            yield from leaves(value, f"{place}.{key}" if place else str(key))
    else:
        yield place, record


def within(name: str, beginnings: Mapping[str, str] | tuple[str, ...]) -> bool:
    """Whether a dotted name is one of these or lies below one."""
    return any(name == beginning or name.startswith(f"{beginning}.") for beginning in beginnings)
