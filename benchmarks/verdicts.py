"""How often the checks of a network are wrong on real set-ups, and how often they find a fault that was planted.

alarms   every check of `checks.series.NETWORK` on {7 real sets} x {6 networks} x seeds, as `pellucid check` makes them:
         a warning or failure of a set-up with nothing wrong is a false alarm
faults   1 % too much in what the backward of each kind of layer gives to its input, and to each of its weights; one
         wrong element of a gradient; the planted faults of tests/checks (`benchmarks/verdict_faults.py`)

Run with   python -m benchmarks.verdicts [--place DIR] [--checks NAME,...]
It goes on where it was stopped: DIR/alarms.jsonl and DIR/faults.jsonl (default: build/verdicts) hold a line for each
set-up and check. About an hour of one processor. Data is looked for in $PELLUCID_DATA, or ../shared/data beside
the repository. Writes benchmarks/results/verdicts.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.published import ROOT, commit
from benchmarks.verdict_faults import KINDS, kinds_of, small, tried_faults
from benchmarks.verdict_sets import LIMIT, NETS, SETS, config_of
from pellucid.checks.series import NETWORK, tried
from pellucid.checks.subject import Subject
from pellucid.engines.reference import ReferenceEngine
from pellucid.engines.reference.arithmetic import ARITHMETIC
from pellucid.engines.threads import limited_threads
from pellucid.errors import PellucidError
from pellucid.runs.checking import subject_of
from pellucid.runs.environment import environment_of
from pellucid.runs.preparation import load_data, prepare, understand
from tests.checks.faults import FAULTS, Fault, finding

Row = dict[str, Any]
SEEDS = dict(zip(NETS, map(range, (18, 35, 18, 12, 4, 1)), strict=True))  # fewer of the networks that take long
FAULT_SEEDS, KNOWN_SEEDS = range(4), range(3)
REAL = (("mnist", "default"), ("fashion-mnist", "lenet5"), ("cifar10", "cifar10cnn"))  # in which kinds are tried too
EXPLAINED = {  # set, network, seed and check of every alarm that was looked into
    ("cells", "conv_8,pool,FC_32", 30, "dead-units"):
        "21 of 32 units are off by the draw: pictures of cells are bright and alike, so a unit answers to all or none; "
        "the median over 35 seeds is 41 %, and the other draws are below the 60 % of the warning",
}  # fmt: skip
MENDED = {  # checks that alarms of this table changed; what they may say otherwise since then was made anew
    "initial-loss": "8 alarms, each an unlucky draw of a deep net: other draws are looked at now",
    "learning-rate": "4 alarms, all with resnet18: a loss that breaks out at no rate speaks against none now; its 7 "
                     "set-ups were made anew, in all others the suggested rate is too near for a warning",
}  # fmt: skip
RESULT = ROOT / "benchmarks" / "results" / "verdicts.json"


class Rows:
    """A file of JSON lines that grows; what is in it is not done again."""

    def __init__(self, path: Path, key: tuple[str, ...]) -> None:
        self.path, self.key = path, key
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self.found: list[Row] = [json.loads(line) for line in lines]
        self.done = {self.key_of(row) for row in self.found}

    def key_of(self, row: Row) -> tuple[Any, ...]:
        """What makes a row one of its kind."""
        return tuple(row[name] for name in self.key)

    def add(self, row: Row, make: Callable[[], Row]) -> None:
        """Make what is missing of a row and append it, unless it is there."""
        if self.key_of(row) in self.done:
            return
        began = time.perf_counter()
        row = row | make()
        row["seconds"] = round(time.perf_counter() - began, 2)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, sort_keys=True) + "\n")
        self.found.append(row)
        self.done.add(self.key_of(row))


def setups() -> Iterator[tuple[str, str, int]]:
    """Every set, network and seed, one seed of all pairs after the other."""
    for seed in range(max(map(len, SEEDS.values()))):
        yield from ((name, net, seed) for name in SETS for net in NETS if seed in SEEDS[net])


def alarms(rows: Rows, place: Path, checks: tuple[str, ...]) -> None:
    """Make the checks of every set-up that are not made yet."""
    read: dict[tuple[str, str | None], Any] = {}
    for name, net, seed in setups():
        row = {"set": name, "net": net, "seed": seed}
        if all(rows.key_of(row | {"check": check}) in rows.done for check in checks):
            continue
        config = config_of(name, net, seed, place)
        where = name, config.resize
        if where not in read:
            read[where] = load_data(config)
        try:
            subject = subject_of(prepare(config, understand(config), read[where]))
        except PellucidError as fault:
            for check in checks:
                rows.add(row | {"check": check}, lambda fault=fault: {"status": "absent", "meaning": str(fault)})
            continue
        for check in checks:
            rows.add(row | {"check": check}, lambda check=check, subject=subject: said(check, subject))


def said(check: str, subject: Subject) -> Row:
    """What one check says, as a row keeps it."""
    found = tried(check, NETWORK[check], subject)
    told = {} if found.status == "pass" else {"meaning": found.meaning}
    return {"status": found.status, "value": found.value} | told


def faults(rows: Rows, place: Path) -> None:
    """Plant what is not planted yet: in small networks, in real set-ups, and those that tests/checks know."""
    names = {kind.__name__: kind for kind in ARITHMETIC}
    for seed in FAULT_SEEDS:
        for kind in KINDS:
            row = {"set": "digits", "net": f"small, with {kind}", "seed": seed, "fault": "arithmetic"}
            rows.add(row, lambda kind=kind, seed=seed: {"tried": list(tried_faults(small(kind, seed), [names[kind]]))})
    for name, net in REAL:
        config = config_of(name, net, 0, place)
        row = {"set": name, "net": net, "seed": 0, "fault": "arithmetic"}
        if rows.key_of(row) not in rows.done:
            whole = subject_of(prepare(config, understand(config)))
            rows.add(row, lambda whole=whole: {"tried": list(tried_faults(whole, kinds_of(whole.graph)))})
    for seed in KNOWN_SEEDS:
        for fault in FAULTS:
            row = {"set": "digits", "net": fault.check, "seed": seed, "fault": fault.what}
            rows.add(row, lambda fault=fault, seed=seed: {"tried": [known(fault, seed)]})


def known(fault: Fault, seed: int) -> Row:
    """What the check says of a fault of tests/checks; caught is as loudly as it must."""
    found = finding(fault.check, fault.plant(seed))
    return {"kind": fault.check, "where": "known", "fault": fault.what, "status": found.status, "value": found.value,
            "caught": found.status == fault.status}  # fmt: skip


def counted(rows: list[Row]) -> dict[str, Any]:
    """By check: set-ups, alarms, the number of the worst; and every alarm in full."""
    made = [row for row in rows if row["status"] != "absent"]
    checks = {}
    for check in NETWORK:
        found = [row for row in made if row["check"] == check]
        told = [row for row in found if row["status"] != "pass"]
        values = [row["value"] for row in found if row["value"] is not None]
        by_net = {net: sum(row["net"] == net for row in found) for net in NETS}
        checks[check] = {"set_ups": len(found), "by_net": by_net, "alarms": len(told),
                         "largest_value": max(values, default=None)}  # fmt: skip
    pairs = {f"{row['set']} x {row['net']}" for row in rows if row["status"] == "absent"}
    return {
        "checks": checks,
        "set_ups_with_every_check": len(set.intersection(*({(row["set"], row["net"], row["seed"]) for row in made
                                                             if row["check"] == check} for check in NETWORK))),
        "alarms": [row | {"explained": EXPLAINED.get((row["set"], row["net"], row["seed"], row["check"]), "not yet")}
                   for row in made if row["status"] != "pass"],
        "pairs": len({(row["set"], row["net"]) for row in made}), "pairs_that_do_not_build": sorted(pairs),
    }  # fmt: skip


def caught(rows: list[Row]) -> dict[str, Any]:
    """By kind of fault: how many were planted and caught; and every one that was missed."""
    every = [one | {"set": row["set"], "net": row["net"], "seed": row["seed"]} for row in rows for one in row["tried"]]
    tried_ones = [one for one in every if one.get("effect", True)]
    groups: dict[str, list[Row]] = {}
    for one in tried_ones:
        name = "known to tests/checks" if one["where"] == "known" else f"{one['fault']}, {one['where']}"
        groups.setdefault(name, []).append(one)
    return {
        "planted": len(tried_ones), "caught": sum(one["caught"] for one in tried_ones),
        "by_fault": {name: {"planted": len(ones), "caught": sum(one["caught"] for one in ones),
                            "failures": sum(one["status"] == "failure" for one in ones)}
                     for name, ones in groups.items()},
        "kinds_of_layers": kinds(tried_ones),
        "without_effect": [one for one in every if not one.get("effect", True)],
        "missed": [one for one in tried_ones if not one["caught"]],
    }  # fmt: skip


def kinds(planted: list[Row]) -> dict[str, Any]:
    """The kinds of layers whose arithmetic was at fault: those with a small network each, those of real ones alone."""
    small = {one["kind"] for one in planted if one["set"] == "digits" and one["where"] != "known"}
    real = {one["kind"] for one in planted if one["set"] != "digits"}
    alone = sorted(real - small)
    return {"count": len(small | real), "in_small_networks": sorted(small), "in_real_set_ups_only": alone}


def write(alarms: Rows, planted: Rows) -> None:
    """The result of what has been done so far."""
    result = {
        "command": "python -m benchmarks.verdicts",
        "commit": commit(), "date": time.strftime("%Y-%m-%d"), "environment": environment_of(ReferenceEngine()),
        "mended": MENDED, "limit": LIMIT, "seeds_of_the_whole_table": {net: len(seeds) for net, seeds in SEEDS.items()},
        "false_alarms": counted(alarms.found), "faults": caught(planted.found),
    }  # fmt: skip
    RESULT.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main() -> int:
    """Go on with both parts and write the result."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--place", type=Path, default=ROOT / "build" / "verdicts")
    words.add_argument("--checks", default=",".join(NETWORK))
    given = words.parse_args()
    given.place.mkdir(parents=True, exist_ok=True)
    made = Rows(given.place / "alarms.jsonl", ("set", "net", "seed", "check"))
    planted = Rows(given.place / "faults.jsonl", ("set", "net", "seed", "fault"))
    with limited_threads(1):
        alarms(made, given.place, tuple(given.checks.split(",")))
        faults(planted, given.place)
    write(made, planted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
