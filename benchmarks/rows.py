"""Rows measured seed by seed and kept in one file: what is asked for is measured anew, all else stays as it was.

A file is {"environment", "sets": {SET: {ROW: {"command", "commit", "seeds": {SEED: {"accuracy", "processor_seconds",
...}}}}}}. It is read again before each seed is written, so that two measurements may go on side by side.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.published import commit
from pellucid.runs.environment import environment_of
from pellucid.training.session import engine_named

Seeds = dict[str, dict[str, Any]]
FIRST = (0, 1, 2)


@dataclass(frozen=True)
class Rows:
    """Where they are kept, which there are, and the table: its head, the row that others are compared with by
    `over` (points above it) or below it, and the digits of a point."""

    result: Path
    sets: Collection[str]
    rows: Collection[str]
    base: str
    head: tuple[str, str, str, str]  # of the row, its number of seeds, one seed, the comparison
    over: bool
    digits: int

    def found(self) -> dict[str, Any]:
        """What was measured before."""
        known: dict[str, Any] = {"sets": {}}
        return json.loads(self.result.read_text(encoding="utf-8")) if self.result.exists() else known

    def arguments(self, description: str, first: str) -> argparse.ArgumentParser:
        """What every such script is told; `first` is the set where none is named."""
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument("--set", choices=self.sets, default=first, dest="data")
        parser.add_argument("--row", choices=self.rows, action="append")
        parser.add_argument("--seeds", type=int, nargs="+", default=[*FIRST])
        parser.add_argument("--missing", action="store_true", help="only what the file does not have")
        parser.add_argument("--table", action="store_true", help="print what was measured, and measure nothing")
        return parser

    def measure(
        self, given: argparse.Namespace, one: Callable[[str, str, int], dict[str, Any]],
        command: Callable[[str, str, int], str], *, kept: bool = True,
    ) -> None:  # fmt: skip
        """Every row of the first seed, then of the next, each written when it is done."""
        for seed in given.seeds:
            for row in given.row or self.rows:
                if given.missing and str(seed) in self.seeds(self.found(), given.data, row):
                    continue
                began, measured = commit(), one(given.data, row, seed)
                print(f"{given.data}, {row}, seed {seed}: {measured}", flush=True)
                if kept:
                    self.write(given.data, row, seed, measured, {"command": command(given.data, row, seed),
                                                                 "commit": began})  # fmt: skip

    def seeds(self, found: dict[str, Any], data: str, row: str) -> Seeds:
        """What there is of a row."""
        seeds: Seeds = found["sets"].get(data, {}).get(row, {}).get("seeds", {})
        return seeds

    def write(self, data: str, row: str, seed: int, measured: dict[str, Any], told: dict[str, Any]) -> None:
        """One seed beside what is there."""
        found = self.found()
        entry = found["sets"].setdefault(data, {}).setdefault(row, {"seeds": {}})
        entry |= told
        entry["seeds"][str(seed)] = measured
        found["environment"] = environment_of(engine_named("pytorch", "float32", None))
        self.result.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    def table(self) -> str:
        """A line a row: mean, spread over seeds, mean of what it has over or below the base, seed by seed, seconds."""
        found, (name, number, single, compared) = self.found(), self.head
        lines = [f"| set | {name} | test accuracy (spread) | {number} | {compared} | processor seconds |",
                 "|---" * 6 + "|"]  # fmt: skip
        for data, rows in found["sets"].items():
            for row, entry in rows.items():
                scores = [100 * one["accuracy"] for one in entry["seeds"].values()]
                spread = f"{statistics.stdev(scores):.{self.digits}f}" if len(scores) > 1 else single
                seconds = statistics.mean(one["processor_seconds"] for one in entry["seeds"].values())
                apart = self.apart(entry["seeds"], self.seeds(found, data, self.base)) if row != self.base else ""
                lines.append(f"| {data} | {row} | {statistics.mean(scores):.{self.digits}f} % ({spread}) "
                             f"| {len(scores)} | {apart} | {seconds:.0f} |")  # fmt: skip
        return "\n".join(lines)

    def apart(self, own: Seeds, base: Seeds) -> str:
        """Points over or below the base on the seeds that both have; empty where there are none."""
        gained = [100 * (own[seed]["accuracy"] - base[seed]["accuracy"]) for seed in own if seed in base]
        if not gained:
            return ""
        mean = statistics.mean(gained)
        return f"{mean:+.{self.digits}f}" if self.over else f"{-mean:.{self.digits}f}"
