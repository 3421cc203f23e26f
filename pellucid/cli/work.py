"""pellucid work: predictions, evaluations and trainings that others leave in a folder, or in Redis."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.app import app
from pellucid.cli.options import EngineOfTheRun
from pellucid.cli.output import JSON_FLAG, print_json, show_lines
from pellucid.cli.train import gone_if_empty, kept_log

if TYPE_CHECKING:
    from pellucid.storage.run_folder import RunFolder


@app.command()
def work(
    spool: Annotated[str, typer.Argument(help="The folder of incoming/, results/, files/ and runs/; made if absent.")],
    *,
    model: Annotated[
        str | None, typer.Option(help="The run folder or model file that jobs ask; without it they may only train.")
    ] = None,
    redis: Annotated[
        str | None,
        typer.Option(envvar="PELLUCID_REDIS", help="redis://HOST:PORT/0: take the jobs from there, and answer there "
                                                   "too; default: from SPOOL/incoming."),
    ] = None,
    allow: Annotated[
        list[str] | None, typer.Option(help="A folder beside SPOOL/files that jobs may name files in; several times.")
    ] = None,
    until_empty: Annotated[
        bool, typer.Option("--until-empty", help="End when no job is left; else wait for more until stopped.")
    ] = False,
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Pixels one image may have; default: 50,000,000.")
    ] = None,
    engine: EngineOfTheRun = None,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Do the jobs that come into a folder or Redis, one result each. Several workers may share a spool."""
    from pellucid.engines.memory import keep_freed_memory
    from pellucid.jobs.asking import Oracle
    from pellucid.jobs.places import Places
    from pellucid.jobs.spool import FolderQueue, Spool
    from pellucid.jobs.worker import Queue, Worker
    from pellucid.training.interrupts import Noted

    keep_freed_memory()
    logger = show_lines(as_json)
    place = Spool.open(spool)
    oracle = Oracle(model, Places.of(place.files, allow or []), engine, max_pixels)
    if model is not None:
        oracle.open()
    queue: Queue = FolderQueue(place)
    if redis is not None:
        from pellucid.jobs.redis_queue import RedisQueue

        queue = RedisQueue.connect(redis, place)
    with Noted() as noted:
        worker = Worker(place, queue, oracle, lambda: bool(noted.received), lambda run: kept(logger, run))
        logger.info("working on %s", redis_or_folder(redis, spool))
        worker.work(until_empty=until_empty)
    logger.info("%d done, %d failed", worker.counts["done"], worker.counts["failed"])
    if as_json:
        print_json(worker.counts)


@contextmanager
def kept(logger: logging.Logger, run: RunFolder) -> Iterator[None]:
    """Keep the lines of a block in a run's log, and no folder in which nothing came to be."""
    with gone_if_empty(run), kept_log(logger, run):
        yield


def redis_or_folder(redis: str | None, spool: str) -> str:
    """Where jobs come from, without a password."""
    if redis is None:
        return spool
    from pellucid.words import hidden

    return f"{hidden(redis)}, results in {spool}"
