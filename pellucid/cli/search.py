"""pellucid search: the settings that do best on the validation part, and the run that has them."""

from __future__ import annotations

import logging
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.app import app
from pellucid.cli.help import GroupedCommand
from pellucid.cli.options import Data, Given, of_a_run, option, with_settings
from pellucid.cli.output import JSON_FLAG, print_json, show_lines
from pellucid.cli.train import default_name
from pellucid.settings import RUN

if TYPE_CHECKING:
    from pellucid.search.search import Found

SEARCH = "The search"
# A search has words of its own for the first, and no use for the others.
LEFT_OUT = ("epochs", "checkpoint_every", "train_dev_fraction", "no_checks", "also_split")


@app.command(cls=GroupedCommand)
@with_settings(of_a_run, without=LEFT_OUT)
def search(
    data: Data,
    *,
    trials: Annotated[int, option(SEARCH, "How many, over all rounds.")] = 14,
    range: Annotated[
        list[str] | None,
        option(SEARCH, "NAME=LOW:HIGH, or NAME=LOW:HIGH:log, once for each number that varies; default: "
                       "lr=1e-5:1e-1:log, and in networks of words l2=1e-6:1e-3:log and dropout=0:0.6."),
    ] = None,
    choice: Annotated[
        list[str] | None,
        option(SEARCH, "NAME=ONE,OTHER, once for each setting that varies; of model, augment and preprocess, whose "
                       "words hold commas, NAME=ONE|OTHER."),
    ] = None,
    rounds: Annotated[
        str, option(SEARCH, "Epochs of each round; every round is half as large, around the best of the one before.")
    ] = "1,5,20",
    method: Annotated[
        str, option(SEARCH, "random, qmc (evenly spread) or tpe (learns from earlier trials).")
    ] = "random",
    pruner: Annotated[str, option(SEARCH, "median, halving or none: which hopeless trials are stopped.")] = "median",
    workers: Annotated[int, option(SEARCH, "Processes, of one thread each where there are several.")] = 1,
    storage: Annotated[
        str | None,
        option(SEARCH, "sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/NAME for several machines; "
                       "default: study.sqlite3 in the folder."),
    ] = None,
    keep: Annotated[str, option(RUN, "best or all: of which trials the weights are kept.")] = "best",
    out: Annotated[str | None, option(RUN, "The search's folder; default: runs/search-DATA-DATE-TIME.")] = None,
    settings: Given,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Find settings that do better. Trains many short runs, then fewer longer ones; the same command continues."""
    from pellucid.engines.memory import keep_freed_memory
    from pellucid.runs.places import refuse_among_data
    from pellucid.search.search import search as carry_out
    from pellucid.search.settings import Plan, parse_rounds, space_of
    from pellucid.storage.writer import new_folder

    logger = show_lines(as_json)
    base = settings.of_run(data)
    plan = Plan(base, space_of(base, range or [], choice or []), trials, parse_rounds(rounds), method, pruner, keep,
                workers)  # fmt: skip
    keep_freed_memory()
    command = shlex.join(["pellucid", *without_password(sys.argv[1:])])
    named = out or f"runs/search-{default_name(data)}"
    refuse_among_data("search", named, data, base.data_dir)
    path = Path(out or new_folder(named))
    try:
        found = carry_out(plan, path, storage=storage, command=command)
    finally:
        if out is None:
            with suppress(OSError):  # only a folder in which nothing came to be is empty
                path.rmdir()
    tell(found, logger)
    if as_json:
        print_json(found.to_json())
    if found.stopped:
        raise typer.Exit(1)


def without_password(words: list[str]) -> list[str]:
    """What was typed, fit for a page that others read."""
    from pellucid.words import hidden

    return [hidden(word) if "://" in word else word for word in words]


def tell(found: Found, logger: logging.Logger) -> None:
    """The last lines: the best trial, its score on new images, what to do about borders, where everything is."""
    from pellucid.search.space import spelled
    from pellucid.tasks.stored import headline_in

    best, metrics, folder = found.best, found.metrics, found.folder
    if best is not None:
        logger.info("best   trial %d: validation %s %s after %d epoch%s  %s", best.number, best.by.name, best.told,
                    best.epochs, "s" if best.epochs > 1 else "", spelled(best.values))  # fmt: skip
    headline = None if metrics is None else headline_in(metrics)
    if metrics is not None and headline is not None:
        logger.info("%s, read for the best run alone", headline.line(metrics["split"], metrics["n"]))
    for border in found.borders:
        logger.info("border %s", border)
    if found.stopped:
        logger.info("stopped after %d of %d trials; the same command with --out %s continues", len(found.trials),
                    found.plan.trials, shlex.quote(folder.path.as_posix()))  # fmt: skip
    elif metrics is not None:
        logger.info("run    %s", folder.best.path.as_posix())
        logger.info("page   %s", folder.page.as_posix())
