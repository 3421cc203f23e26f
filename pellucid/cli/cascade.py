"""pellucid cascade: classifiers that learn hard negatives from background pictures, round by round."""

from __future__ import annotations

import logging
import shlex
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from pellucid.cli.app import app
from pellucid.cli.help import GroupedCommand
from pellucid.cli.options import Data, Given, option, with_settings
from pellucid.cli.output import JSON_FLAG, print_json, show_lines
from pellucid.cli.train import console_for, default_name
from pellucid.runs.config import RunConfig
from pellucid.settings import RUN
from pellucid.tasks.registry import settings_of_task

CASCADE = "The cascade"
LEFT_OUT = ("task", "also_split", "train_dev_fraction", "new_head", "join_validation")


def of_classes() -> tuple[type, ...]:
    """The lists of settings that a run of classes has."""
    return RunConfig, settings_of_task("classification")


@app.command(cls=GroupedCommand)
@with_settings(of_classes, without=LEFT_OUT)
def cascade(
    data: Data,
    *,
    background: Annotated[
        str, option(CASCADE, "A folder of pictures without an object, as large as they come; a fifth of them is kept "
                             "for validation, another for the test.")],
    models: Annotated[
        str | None, option(CASCADE, "A network a round, cheap ones first: 'linear|conv_8,pool|lenet5'; default: "
                                    "--model in all rounds.")] = None,
    rounds: Annotated[int | None, option(CASCADE, "How many; default: 3, or one a network of --models.")] = None,
    recall: Annotated[
        float, option(CASCADE, "The share of the validation part's objects that the last stage keeps; those before it "
                               "lose a tenth as many.")] = 0.99,
    negatives: Annotated[float, option(CASCADE, "Negatives of a round, as a share of the objects.")] = 1.0,
    crops: Annotated[int, option(CASCADE, "Windows that a round looks at for them, at most.")] = 100_000,
    step: Annotated[int, option(CASCADE, "Pixels between two windows of a picture that is searched.")] = 4,
    scales: Annotated[
        int, option(CASCADE, "Sizes at which a picture is searched: its own, and each 3/4 of the one before.")] = 1,
    out: Annotated[str | None, option(RUN, "The cascade's folder, one that was begun to go on with it; default: "
                                           "runs/cascade-DATA-DATE-TIME.")] = None,
    settings: Given,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Learn to tell objects from background by hard negatives. Each round learns what those before it mistook.

    DATA are pictures of objects in classes, each filling its picture; pellucid predict DIR finds them in larger ones.
    """
    from pellucid.cascades.plan import Plan, models_of
    from pellucid.cascades.rounds import begun, carry_out
    from pellucid.engines.memory import keep_freed_memory
    from pellucid.runs.places import refuse_among_data

    logger = show_lines(as_json)
    base = settings.of_run(data)
    plan = Plan(base.changed(task="classification"), background, models_of(models, rounds, base.model), recall,
                negatives, crops, step, scales)  # fmt: skip
    named = out or f"runs/cascade-{default_name(data)}"
    for place in (data, background):
        refuse_among_data("cascade", named, place, base.data_dir)
    keep_freed_memory()
    command = shlex.join(["pellucid", *sys.argv[1:]])
    record = carry_out(begun(plan, named, command, console_for(logger, as_json)))
    if record is None:
        logger.info("stopped; the same command with --out %s continues", shlex.quote(named))
        raise typer.Exit(1)
    tell(record, logger)
    logger.info("cascade %s", named)
    if as_json:
        print_json(record)


def tell(record: Mapping[str, Any], logger: logging.Logger) -> None:
    """A line a round on the test part, and of several how much faster all of them are than the last."""
    for row in record["measured"]:
        alone, both = row["alone"], row["cascade"]
        logger.info("round %d  alone: recall %.4f, %.2f false alarms a picture; after those before it: recall %.4f, "
                    "%.2f", row["round"], alone["recall"], alone["alarms"], both["recall"], both["alarms"])  # fmt: skip
    last = record["measured"][-1]
    if last["round"] > 1:
        logger.info("%.0f windows of a background picture in %.1f ms, by the last round alone in %.1f ms: %.1f times "
                    "as fast", last["cascade"]["windows"], 1e3 * last["cascade"]["seconds"],
                    1e3 * last["alone"]["seconds"],
                    last["alone"]["seconds"] / max(last["cascade"]["seconds"], 1e-9))  # fmt: skip
