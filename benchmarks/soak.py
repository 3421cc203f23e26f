"""Kill a training run at 50 random moments, half of them during a write, resume it, and compare every byte.

Run with   python -m benchmarks.soak [--moments 50] [--seed 0]          (about two minutes on two cores)
Prints a row a moment and ends with exit code 1 when any run differs from one that was never stopped.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.resume.comparing import ANNEALED, SETTINGS, STEPS, differences, write_network
from tests.resume.driver import Driver

MOMENTS = ("half", "written", "renamed")
KINDS = {"plateau": SETTINGS, "cosine": ANNEALED}
WRITES = {"last.safetensors": 4, "model.safetensors": 2, "history.csv": 5}  # how often a run writes each, at the least


def random_fault(number: int, random_numbers: random.Random) -> tuple[dict[str, Any], str]:
    """A fault and its words: in a step, or in a write, of the checkpoint mostly."""
    if number % 2 == 0:
        step = random_numbers.randint(1, STEPS)
        return {"signal": 9, "step": step}, f"in step {step}"
    file = random_numbers.choice(["last.safetensors"] * 3 + list(WRITES))
    count, moment = random_numbers.randint(1, WRITES[file]), random_numbers.choice(MOMENTS)
    return {"signal": 9, "file": file, "count": count, "moment": moment}, f"{file}, write {count}, {moment}"


def try_moment(driver: Driver, kind: str, number: int, fault: dict[str, Any], every: int) -> list[str]:
    """Kill a run, resume it until it is done, and say what differs from the whole one."""
    name = f"run-{number}"
    words = ["train", "digits", *KINDS[kind], "--checkpoint-every", str(every), "--out", name]
    answer = driver.command(*words, fault=fault)
    if answer.code != -9:
        return [f"the fault did not come (exit code {answer.code} {answer.err.strip()})"]
    answer = driver.command("train", "--resume", name)
    if answer.code != 0:
        return [f"the resume ended with exit code {answer.code}: {answer.err.strip()}"]
    return differences(driver.folder / kind, driver.folder / name)


def main() -> int:
    """Run the soak; 0 when every run is the same to the bit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    random_numbers, bad = random.Random(given.seed), 0
    with tempfile.TemporaryDirectory() as place:
        write_network(Path(place) / "seed.safetensors")
        driver = Driver(Path(place))
        for kind, settings in KINDS.items():
            answer = driver.command("train", "digits", *settings, "--out", kind)
            if answer.code != 0:
                print(f"the run that is not stopped failed: {answer.err.strip()}", file=sys.stderr)
                return 1
        print(f"{'moment':>6}  {'killed':<38}  {'rate':<7}  {'checkpoint every':>16}  same bits")
        for number in range(given.moments):
            fault, words = random_fault(number, random_numbers)
            every, kind = random_numbers.choice([0, 1, 3, 4, 7]), random_numbers.choice(list(KINDS))
            found = try_moment(driver, kind, number, fault, every)
            bad += bool(found)
            verdict = "NO: " + "; ".join(found) if found else "yes"
            print(f"{number + 1:>6}  {words:<38}  {kind:<7}  {every:>16}  {verdict}", flush=True)
        driver.close()
    print(f"{given.moments - bad} of {given.moments} runs continued to the same bits")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
