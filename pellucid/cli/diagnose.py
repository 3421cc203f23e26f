"""pellucid diagnose: what is wrong with a trained network, how sure that is, and what to do next."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.app import app
from pellucid.cli.options import EngineOfTheRun, Given, with_settings
from pellucid.cli.output import JSON_FLAG, in_words, print_json, say, show_lines
from pellucid.runs.config import RunConfig
from pellucid.settings import listed
from pellucid.tasks.registry import wishes_kinds
from pellucid.using.reopening import MOST_TRAINING_IMAGES, Reopening


def of_a_diagnosis() -> tuple[type, ...]:
    """The lists that a diagnosis takes flags from: where the data lie, and what each task's own can be asked for."""
    return (RunConfig, *wishes_kinds())


def taken() -> tuple[str, ...]:
    """Of those lists the names."""
    return ("data_dir", *(known.name for kind in wishes_kinds() for known in listed(kind)))


@app.command()
@with_settings(of_a_diagnosis, only=taken)
def diagnose(
    run: Annotated[str, typer.Argument(help="A run folder.")],
    *,
    data: Annotated[str | None, typer.Option(help="Where the run's data lie now; default: where they lay.")] = None,
    settings: Given,
    engine: EngineOfTheRun = None,
    train_sample: Annotated[int, typer.Option(help="Training images scored, at most; 0: all.")] = MOST_TRAINING_IMAGES,
    no_images: Annotated[
        bool, typer.Option("--no-images", help="Leave images of the data out of the page, to pass it on.")
    ] = False,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Say what is wrong with a run and what to do next. Bias, variance, mismatch; curves; mistakes."""
    from pellucid.engines.memory import keep_freed_memory
    from pellucid.using.diagnosing import diagnose_run

    keep_freed_memory()
    reopening = Reopening(data, engine=engine, train_sample=train_sample, **settings.values(RunConfig))
    wishes = {name: settings.typed[name] for name in settings.foreign(RunConfig)}
    account = diagnose_run(run, reopening, images=not no_images, before_training=lambda: show_lines(as_json), **wishes)
    if as_json:
        print_json(account.found)
    else:
        say("\n".join(map(in_words, account.sections)))
