"""Whether the published recipes still train as they did when their figures were measured.

Run with   python -m benchmarks.same_published [NAME ...]   (a few minutes of one core)
Each recipe of benchmarks/published/ that is a `pellucid train` command is carried out twice on this machine, by the
commit that its committed result names and by this checkout, on `IMAGES` pictures to learn from and `TESTED` to test,
for at most two epochs, and every tensor, row and figure is compared as `benchmarks.same` does. A recipe that trains
to the same bits has the figure that it had: the whole trainings take hours, this takes minutes.
What `benchmarks.same` types for defaults changed on purpose since is typed here too. Prints a row a recipe,
ends with exit code 1 on any difference, and writes benchmarks/results/same-published.json after a run of all.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.same import row, words_for
from benchmarks.same_bits import Found, compare
from benchmarks.same_recipes import RUN
from benchmarks.same_trees import ROOT, SHARED, Failed, Tree, checked_out
from pellucid.data.opening import open_dataset
from pellucid.engines.threads import limited_threads
from pellucid.runs.environment import environment_of
from pellucid.training.session import engine_named

RESULT = ROOT / "benchmarks" / "results" / "same-published.json"
RECIPES = ROOT / "benchmarks" / "published"
IMAGES, TESTED = 1_500, 300
EPOCHS = 2
KIND = "model.safetensors: training.model.kind was sequential, is functional"  # the class that built it, since renamed


def written(name: str, place: Path) -> Path:
    """A cut of a known set as one .npz, taken evenly over the set in its order."""
    path = place / f"{name}.npz"
    if not path.exists():
        dataset, arrays = open_dataset(name, data_dir=SHARED), {}
        for short, part, count in (("train", dataset.part("train"), IMAGES), ("test", dataset.part("test"), TESTED)):
            rows = np.linspace(0, len(part) - 1, count).astype(int)
            arrays[f"x_{short}"], arrays[f"y_{short}"] = part.images.take(rows), part.labels[rows]
        np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def command_of(path: Path) -> str:
    """What a recipe types."""
    return str(tomllib.loads(path.read_text(encoding="utf-8"))["command"])


def words_of(command: str) -> tuple[str, tuple[str, ...]]:
    """The data of a recipe and its other words, with few epochs; seeds and output are the comparison's."""
    data, *words = shlex.split(command.replace("--seed {seed} --out {out} --json", ""))[2:]
    words[words.index("--epochs") + 1] = str(min(EPOCHS, int(words[words.index("--epochs") + 1])))
    return data, tuple("" if word == "none" else word for word in words)  # "none" is a later word for no changes


def compare_recipe(name: str, place: Path) -> tuple[Found, dict[str, float], dict[str, Any]]:
    """A recipe by the commit of its committed result and by this checkout."""
    measured = json.loads((RESULT.parent / f"published-{name}.json").read_text(encoding="utf-8"))
    data, words = words_of(command_of(RECIPES / f"{name}.toml"))
    folder = place / name
    folder.mkdir()
    with checked_out(measured["commit"], folder / "tree") as source:
        trees = (Tree.of("before", source, folder / "before"), Tree.of("now", ROOT, folder / "now"))
        said, seconds = [], {}
        for tree in trees:
            began = time.perf_counter()
            tree.run(tree.folder, "train", str(written(data, place)), *words_for(words, tree, trees), "--out", RUN)
            said.append(json.loads(tree.run(tree.folder, "evaluate", RUN, "--json")))
            seconds[tree.name] = round(time.perf_counter() - began, 1)
        found = compare(trees[0].folder / RUN, trees[1].folder / RUN, (said[0], said[1]))
        typed = " ".join(words_for(words, trees[1], trees))
    found.differences = [sentence for sentence in found.differences if sentence != KIND]
    return found, seconds, {"before": trees[0].commit, "data": data, "words": typed}


def main() -> int:
    """Compare the named recipes, or all; 0 when all is the same."""
    known = sorted(path.stem for path in RECIPES.glob("*.toml") if command_of(path).startswith("pellucid train"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*known, []], help="recipes; nothing is written then")
    names = parser.parse_args().names or known
    results = {}
    with tempfile.TemporaryDirectory() as place:
        for name in names:
            try:
                found, seconds, rest = compare_recipe(name, Path(place).resolve())
            except Failed as failure:
                found, seconds, rest = Found([str(failure)]), {}, {}
            print(row(name, found, seconds), flush=True)
            results[name] = rest | {"same": found.counted, "differences": found.differences, "gained": found.gained}
    different = [name for name, result in results.items() if result["differences"]]
    print(f"{len(names) - len(different)} of {len(names)} published recipes train to the same bits and figures")
    if names == known:
        with limited_threads(1):
            environment = environment_of(engine_named("reference", "float32", None))
        result = {"recipes": results, "images": IMAGES, "tested": TESTED, "date": time.strftime("%Y-%m-%d"),
                  "command": "python -m benchmarks.same_published", "environment": environment,
                  "renamed": KIND}  # fmt: skip
        RESULT.write_text(json.dumps(result, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
