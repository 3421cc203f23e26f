"""Whether the checkout trains to the same bits as an older commit: six recipes on both, every figure compared.

Run with   make same REV=bb7cef8   or   python -m benchmarks.same REV [--only RECIPE]   (two minutes of one core)
REV is checked out by `git worktree` into a temporary folder; the checkout itself is only read. Both are run by the same
interpreter with PYTHONPATH at one tree or the other, in folders of the same names, one thread each.
A flag that REV does not know is left out for both. Where a default was changed on purpose since, `AS_BEFORE` types the
old meaning for the tree that knows the flag, if the other does not.
Data is looked for in $PELLUCID_SHARED, or ../shared/data beside the repository. Prints a row a recipe, ends with exit
code 1 on any difference, and writes benchmarks/results/same.json after a run of all six.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.same_bits import Found, compare
from benchmarks.same_recipes import COMMON, MAKERS, RECIPES, RUN, Recipe
from benchmarks.same_trees import ROOT, SHARED, Failed, Tree, checked_out, git
from pellucid.engines.threads import limited_threads
from pellucid.runs.environment import environment_of
from pellucid.training.session import engine_named

RESULT = ROOT / "benchmarks" / "results" / "same.json"
AS_BEFORE = {"--alpha": "drop", "--copies": "apart", "--keep-epoch": "best"}
COUNTED = ("tensors", "epochs", "steps", "figures")
SHOWN = 8  # differences of a recipe that are printed
Results = dict[str, tuple[Found, dict[str, float]]]  # a recipe to what was found and the seconds of each tree


def words_for(words: tuple[str, ...], tree: Tree, trees: tuple[Tree, Tree]) -> list[str]:
    """`words` as pairs of flag and value, less the flags that REV lacks, with what a new default meant before."""
    given = [*COMMON, *words]
    kept, place = [], 0
    while place < len(given):
        value = [] if place + 1 == len(given) or given[place + 1].startswith("--") else [given[place + 1]]
        if given[place] in trees[0].flags:
            kept += [given[place], *value]
        place += 1 + len(value)
    for flag, value_before in AS_BEFORE.items():
        if flag in tree.flags and any(flag not in each.flags for each in trees):
            kept += [flag, value_before]
    return kept


def train(recipe: Recipe, name: str, tree: Tree, trees: tuple[Tree, Tree]) -> tuple[Path, dict[str, Any], float]:
    """Carry out a recipe with the code of a tree: the run's folder, what evaluation said of it, seconds."""
    place, began = tree.folder / name, time.perf_counter()
    place.mkdir()
    if recipe.before:
        data, *words = recipe.before
        tree.run(place, "train", data, *words_for(tuple(words), tree, trees), "--out", "first")
    data = str(tree.folder.parent / recipe.data) if recipe.data in MAKERS else recipe.data
    run = tree.run_stopped if recipe.stopped else tree.run
    run(place, "train", data, *words_for(recipe.words, tree, trees), "--out", RUN)
    evaluated = json.loads(tree.run(place, "evaluate", RUN, "--json"))
    return place / RUN, evaluated, time.perf_counter() - began


def run_recipe(name: str, trees: tuple[Tree, Tree]) -> tuple[Found, dict[str, float]]:
    """Both trees on one recipe, and what differs."""
    recipe = RECIPES[name]
    data = trees[0].folder.parent / recipe.data
    if recipe.data in MAKERS and not data.exists():
        MAKERS[recipe.data](data, SHARED)
    try:
        done = [train(recipe, name, tree, trees) for tree in trees]
    except Failed as failure:
        return Found([str(failure)]), {}
    found = compare(done[0][0], done[1][0], (done[0][1], done[1][1]))
    return found, {tree.name: round(seconds, 1) for tree, (_, _, seconds) in zip(trees, done, strict=True)}


def row(name: str, found: Found, seconds: dict[str, float]) -> str:
    """A recipe in one line, and the first differences, a line each."""
    counted = "".join(f"{found.counted.get(what, 0):>9}" for what in COUNTED)
    times = "".join(f"{seconds.get(tree, 0):>8.1f} s" for tree in ("before", "now"))
    verdict = f"NO, differences: {len(found.differences)}" if found.differences else "yes"
    lines = [f"{name:<12}{counted}{times}  {verdict}"]
    lines += [f"    {sentence}" for sentence in found.differences[:SHOWN]]
    left = len(found.differences) - SHOWN
    return "\n".join([*lines, *([f"    and {left} more"] if left > 0 else [])])


def main() -> int:
    """Run the recipes on both trees; 0 when all is the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revision", metavar="REV", help="the commit to compare with")
    parser.add_argument("--only", choices=tuple(RECIPES), help="one recipe; nothing is written then")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the commit's folder goes then too
    names = [given.only] if given.only else list(RECIPES)
    load, changed = os.getloadavg()[0], bool(git("status", "--porcelain", "--untracked-files=no"))
    with tempfile.TemporaryDirectory() as place, checked_out(given.revision, Path(place).resolve() / "tree") as source:
        trees = (Tree.of("before", source, source.parent / "before"), Tree.of("now", ROOT, source.parent / "now"))
        head = "".join(f"{what:>9}" for what in COUNTED)
        print(f"{'recipe':<12}{head}{trees[0].commit:>10}{trees[1].commit:>10}  the same", flush=True)
        results: Results = {}
        for name in names:
            results[name] = run_recipe(name, trees)
            print(row(name, *results[name]), flush=True)
    different = [name for name, (found, _) in results.items() if found.differences]
    print(f"{len(names) - len(different)} of {len(names)} recipes came to the same bits and figures")
    if not given.only:
        write(given.revision, trees, results, {"load_before": round(load, 2), "changed_since_the_commit": changed})
    return 1 if different else 0


def write(revision: str, trees: tuple[Tree, Tree], results: Results, at_first: dict[str, Any]) -> None:
    """Leave the result with all that it takes to repeat it."""
    with limited_threads(1):
        environment = environment_of(engine_named("pytorch", "float32", None))
    asked = {word for recipe in RECIPES.values() for word in (*COMMON, *recipe.words) if word.startswith("--")}
    typed = {flag: value for flag, value in AS_BEFORE.items() if flag in trees[1].flags - trees[0].flags}
    recipes = {
        name: {"covers": RECIPES[name].covers, "data": RECIPES[name].data, "seconds": seconds, "same": found.counted,
               "words": " ".join(words_for(RECIPES[name].words, trees[1], trees)), "gained": found.gained,
               "differences": found.differences}
        for name, (found, seconds) in results.items()
    }  # fmt: skip
    result = {
        "recipes": recipes, "before": trees[0].commit, "now": trees[1].commit, "as_before": typed,
        "flags_left_out": sorted(asked - trees[0].flags), "command": f"make same REV={revision}",
        "environment": environment, "date": time.strftime("%Y-%m-%d"), **at_first,
    }  # fmt: skip
    RESULT.write_text(json.dumps(result, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
