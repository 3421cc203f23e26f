"""How long grouping takes: pictures of six people, from heat maps to candidates and from candidates to people.

Run with   OMP_NUM_THREADS=1 python -m benchmarks.grouping                   (about half a minute of one core)
pictures   drawn scenes of 368x496 with six figures each, their exact maps and fields of 92x124 places
rates      CPU seconds of this process, for a machine that others use as well: the median over the pictures of the best
           of ROUNDS rounds, and the largest
candidates the same for 1 to 20 people: pairs that are asked and milliseconds
exact      pictures whose figures come back as they are, of SEEDS with 1 to 20 figures, hidden joints and crossing limbs
           (tests/tasks/pose/figures.py says which are drawn anew)
Writes benchmarks/results/grouping.json.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.published import ROOT, commit
from pellucid.data.scenes.figures import EDGES
from pellucid.data.scenes.scene import scene
from pellucid.runs.environment import environment_of
from pellucid.tasks.pose.affinity import affinity_fields, ends_of
from pellucid.tasks.pose.grouping import GREEDY, HUNGARIAN, Rules, admitted, group
from pellucid.tasks.pose.heatmaps import joint_maps
from pellucid.tasks.pose.peaks import peaks
from pellucid.training.session import engine_named
from tests.tasks.pose.figures import expected, figures, told

RESULT = ROOT / "benchmarks" / "results" / "grouping.json"
SIZE, STRIDE, SIGMA, WIDTH = (368, 496), 4, 6.0, 4.0
PICTURES, ROUNDS, SEEDS = 20, 15, 300
LEAST, PART = 0.3, 3


def best(work: Callable[[], object]) -> float:
    """CPU milliseconds of the quickest of ROUNDS calls."""
    found = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return 1000 * min(found)


def maps_of(number: int, people: int) -> tuple[np.ndarray, np.ndarray]:
    """Exact maps and fields of a drawn scene."""
    xy, alone = scene(0, number, people=(people, people), size=SIZE).xy, np.zeros(people, np.int64)
    shape = (SIZE[0] // STRIDE, SIZE[1] // STRIDE)
    fields = affinity_fields(*ends_of(xy, EDGES), alone, count=1, shape=shape, stride=STRIDE, width=WIDTH)
    return joint_maps(xy, alone, count=1, shape=shape, stride=STRIDE, sigma=SIGMA)[0], fields[0]


def timed(people: int, pictures: int) -> dict[str, Any]:
    """Milliseconds of candidates and of grouping, and pairs asked, of pictures with so many people."""
    rows: dict[str, list[float]] = {"candidates": [], GREEDY: [], HUNGARIAN: [], "pairs": []}
    for number in range(pictures):
        maps, fields = maps_of(number, people)
        found = peaks(maps, stride=STRIDE, least=LEAST, sigma=SIGMA / STRIDE)
        rows["candidates"].append(best(lambda maps=maps: peaks(maps, stride=STRIDE, least=LEAST, sigma=SIGMA / STRIDE)))
        for how in (GREEDY, HUNGARIAN):
            rules = Rules(how)
            rows[how].append(best(lambda f=found, p=fields, r=rules: group(f, p, EDGES, joints=14, stride=STRIDE,
                                                                           rules=r)))  # fmt: skip
        rows["pairs"].append(admitted(found, fields, EDGES, stride=STRIDE).asked)
    return {name: {"median": round(statistics.median(values), 3), "largest": round(max(values), 3)}
            for name, values in rows.items()}


def exact() -> dict[str, Any]:
    """How many pictures of random figures are grouped without a fault, each way."""
    right: dict[str, int] = {GREEDY: 0, HUNGARIAN: 0}
    for seed in range(SEEDS):
        made = figures(np.random.default_rng(seed), 1 + seed % 20, hidden=(0.0, 0.1, 0.2)[seed % 3])
        found, people = peaks(made.maps, stride=STRIDE, least=LEAST, sigma=SIGMA / STRIDE), expected(made.xy, PART)
        for how in right:
            grouped = group(found, made.fields, EDGES, joints=14, stride=STRIDE, rules=Rules(how, joints=PART))
            right[how] += told(grouped, made.xy) == people
    return {"pictures": SEEDS, **right}


def main() -> None:
    """Measure everything and write the result file."""
    engine = engine_named("reference", "float32", None)
    found = {"command": "OMP_NUM_THREADS=1 python -m benchmarks.grouping", "commit": commit(),
             "date": time.strftime("%Y-%m-%d"),
             "environment": environment_of(engine), "milliseconds": timed(6, PICTURES),
             "by_people": {str(count): timed(count, 3) for count in (1, 2, 4, 8, 12, 20)}, "exact": exact()}
    RESULT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(json.dumps({name: found[name] for name in ("milliseconds", "by_people", "exact")}, indent=1))


if __name__ == "__main__":
    main()
