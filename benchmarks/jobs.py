"""Kill workers (kill -9) at 20 random moments of 1,000 jobs: every job has one result, none was written over.

    python -m benchmarks.jobs [--jobs 1000] [--kills 20] [--queue folder|redis]

Two workers share a spool; every time one is killed another is begun. Among the predictions is a training, whose run
must end with the bits of one that was never stopped. Writes benchmarks/results/jobs-QUEUE.json; exit code 1 when
anything is lost, double or different.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.engines import machine
from benchmarks.serving_servers import ONE_THREAD, ROOT, free_port
from tests.jobs.conftest import leave, leave_predictions, results
from tests.resume.comparing import differences

SETTINGS = {"model": "conv_8,pool,FC_32", "limit": 400, "epochs": 12, "augment": "shift=1", "seed": 3,
            "engine": "reference", "no_checks": True}  # fmt: skip
TRAINING = {"id": "training", "kind": "train", "data": "digits", "settings": SETTINGS}


def worker(place: Path, *words: str) -> subprocess.Popen[str]:
    """A worker as one types it."""
    return subprocess.Popen(
        [sys.executable, "-m", "pellucid", "work", "spool", "--model", "run", "--until-empty", *words], cwd=place,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)}, text=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip


def prepared(place: Path, jobs: int) -> None:
    """The run that is asked, and the run that a training which nobody stops comes to."""
    train = [sys.executable, "-m", "pellucid", "train", "digits", "--no-checks", "--engine", "reference"]
    flags = [word for name, value in SETTINGS.items() if name not in ("engine", "no_checks")
             for word in (f"--{name}", str(value))]  # fmt: skip
    for words in ([*train, "--model", "conv_4,pool,FC_16", "--limit", "200", "--epochs", "1", "--out", "run"],
                  [*train, *flags, "--out", "whole"]):  # fmt: skip
        subprocess.run(words, check=True, cwd=place, stdout=subprocess.DEVNULL,
                       env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)})  # fmt: skip
    leave(place / "spool", "training", TRAINING)
    leave_predictions(place / "spool", jobs)


@contextmanager
def redis_with(spool: Path) -> Iterator[list[str]]:
    """A Redis that has what lies in the spool; the flag that leads there."""
    import redis

    port = free_port()
    program = shutil.which("redis-server")
    if program is None:
        sys.exit("redis-server is not installed. Type: apt-get install redis-server")
    server = subprocess.Popen([program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
                              stdout=subprocess.DEVNULL)  # fmt: skip
    try:
        client = redis.Redis(port=port)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with suppress(redis.ConnectionError):
                client.ping()
                break
            time.sleep(0.05)
        for path in (spool / "incoming").iterdir():
            client.xadd("pellucid:jobs", {"job": json.dumps({**json.loads(path.read_text()), "id": path.stem})})
            path.unlink()
        yield ["--redis", f"redis://127.0.0.1:{port}/0"]
        client.close()
    finally:
        server.terminate()
        server.wait()


def killed(place: Path, kills: int, chance: random.Random, words: list[str], jobs: int) -> dict[str, Any]:
    """Work until all is done; one of two workers is killed whenever so many results are there. What was seen."""
    crew = [worker(place, *words) for _ in range(2)]
    moments = sorted(chance.sample(range(jobs), kills))
    folder, seen = place / "spool" / "results", dict[str, int]()
    begun, overwritten, at, began = len(crew), 0, list[int](), time.monotonic()
    while crew:
        time.sleep(chance.uniform(0.001, 0.02))
        for process in [each for each in crew if each.poll() is not None]:
            crew.remove(process)
        names = os.listdir(folder) if folder.exists() else []
        if crew and len(at) < kills and len(names) >= moments[len(at)]:
            victim = crew.pop(chance.randrange(len(crew)))
            victim.kill()
            victim.wait()
            now = stamps(folder)
            overwritten += sum(now.get(name) != stamp for name, stamp in seen.items())
            seen = now
            at.append(len(now))
            crew.append(worker(place, *words))
            begun += 1
    now = stamps(folder)
    overwritten += sum(now.get(name) != stamp for name, stamp in seen.items())
    return {"kills": len(at), "results_at_each_kill": at, "workers": begun, "written_over": overwritten,
            "seconds": round(time.monotonic() - began, 1)}  # fmt: skip


def stamps(folder: Path) -> dict[str, int]:
    """When each result was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.json")} if folder.exists() else {}


def judged(place: Path, jobs: int) -> dict[str, Any]:
    """What is lost, double, failed or different."""
    found = results(place / "spool")
    wanted = {"training", *(f"j{number}" for number in range(jobs))}
    same = all(found[f"j{number}"]["predictions"] == found[f"j{number % 5}"]["predictions"]
               for number in range(jobs) if f"j{number}" in found)  # fmt: skip
    return {
        "jobs": jobs + 1, "results": len(found), "lost": len(wanted - found.keys()),
        "beside": len(found.keys() - wanted), "failed": sum(each["state"] != "done" for each in found.values()),
        "same_answers": same, "left_waiting": len(list((place / "spool" / "incoming").iterdir())),
        "training_differs_in": differences(place / "whole", place / "spool" / "runs" / "training"),
    }  # fmt: skip


def main() -> int:
    """Kill, judge, write; 0 when nothing is lost, double or different."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--queue", choices=("folder", "redis"), default="folder")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        prepared(place, given.jobs)
        chance = random.Random(given.seed)
        if given.queue == "redis":
            with redis_with(place / "spool") as words:
                seen = killed(place, given.kills, chance, words, given.jobs)
        else:
            seen = killed(place, given.kills, chance, [], given.jobs)
        found = judged(place, given.jobs)
    good = (found["lost"], found["beside"], found["failed"], found["left_waiting"], seen["written_over"]) == (0,) * 5
    good = good and found["same_answers"] and not found["training_differs_in"] and seen["kills"] == given.kills
    known = {name: value for name, value in machine().items() if not name.startswith(("jax", "keras"))}
    result = {**seen, **found, "good": good, "date": date.today().isoformat(), "seed": given.seed, "machine": known,
              "command": f"python -m benchmarks.jobs --queue {given.queue}"}  # fmt: skip
    path = ROOT / "benchmarks" / "results" / f"jobs-{given.queue}.json"
    path.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1, sort_keys=True))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
