"""Jobs that train: a run folder each, SPOOL/runs/ID, continued to the same bits when its worker was cut off."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from pellucid.errors import DataError, UsageError, shown
from pellucid.jobs.job import Train
from pellucid.jobs.places import Places
from pellucid.runs.commands import command_of
from pellucid.runs.config import RunConfig
from pellucid.runs.experiment import resume_run, start_run
from pellucid.runs.networks import FILES
from pellucid.runs.pretrained import with_pretrained
from pellucid.settings import listed, of_kind
from pellucid.storage.run_folder import RunFolder
from pellucid.tasks.registry import files_of_tasks, settings_kinds
from pellucid.training.console import EpochLines
from pellucid.words import nearest

LOG = logging.getLogger("pellucid")
ELSEWHERE = ("data_dir",)  # says where names are looked for, which is the worker's to say
Logged = Callable[[RunFolder], AbstractContextManager[None]]  # keeps the lines of a block in the run's log


def train(job: Train, folder: RunFolder, places: Places, logged: Logged) -> dict[str, Any] | None:
    """Begin the run of a job, or go on with it; None when it was stopped by a signal.

    Raises BusyError when another process trains there.
    """
    begun = folder.config.exists()
    config = None if begun else config_of(job, places)
    if config is not None:
        folder = RunFolder.create(folder.path, of_tasks=files_of_tasks())
    with logged(folder), folder.claimed(new=not begun):
        if config is None:
            outcome = resume_run(folder.path, allow_different=False, console=EpochLines(LOG.info))
        else:
            outcome = start_run(config, folder, command=command_of(config), console=EpochLines(LOG.info))
    if outcome.stopped:
        return None
    return {"run": f"runs/{folder.path.name}", "metrics": outcome.metrics}


def config_of(job: Train, places: Places) -> RunConfig:
    """The settings of a job's run. Raises DataError for one that there is not, or of another type."""
    lists = (RunConfig, *settings_kinds())
    known = {each.name: (kind, each) for kind in lists for each in listed(kind)
             if each.flag is not None and each.name not in ELSEWHERE}  # fmt: skip
    general, own = dict[str, Any](), dict[str, Any]()
    for name, value in job.settings.items():
        if name not in known:
            there = nearest(name, known)
            raise DataError(f"the job has the setting {shown(repr(name))}, and a training has none of that name. "
                            f"{there or 'pellucid train --help lists them.'}")
        kind, setting = known[name]
        if not of_kind(value, setting.kind):
            raise DataError(f"the job's setting {name} must be {setting.kind}, but it is {shown(repr(value))}.")
        (general if kind is RunConfig else own)[name] = value
    for name in ("model", "weights"):
        word = general.get(name)
        if word and (name == "weights" or "/" in word or word.lower().endswith(FILES)):
            general[name] = places.file(word)
    if general.get("pretrained") and {"model", "weights"} & general.keys():
        raise UsageError("the job's settings model and weights cannot stand beside pretrained. Leave them out.")
    return with_pretrained(RunConfig(data=places.data(job.data), own=own or None, **general), general)
