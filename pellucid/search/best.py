"""The best trial as an ordinary run folder: its own weights, now scored on the test part, the only time it is read.

The trial's folder is copied and finished as a run is that was stopped after its last step. Where the trial ran on
another machine, it is trained anew with the same settings.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from pellucid.data.choosing import AUTO
from pellucid.engines.threads import limited_threads
from pellucid.errors import FileError
from pellucid.runs.commands import command_of
from pellucid.runs.config import RunConfig, read_record
from pellucid.runs.experiment import beginning_record, prepare_alone, run
from pellucid.runs.preparation import understand
from pellucid.search.settings import config_of
from pellucid.search.trial import Bench
from pellucid.search.trials import Trial
from pellucid.storage.checkpoint import read_checkpoint
from pellucid.storage.reading import read_bytes, read_json
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.writer import remove_files, write_bytes, write_json
from pellucid.tasks.stored import headline_in

ANEW = "Remove it to have the best scored anew"


def make_best(bench: Bench, trial: Trial) -> dict[str, Any]:
    """Write the run folder of the best trial and return its scores; one that is there already is left as it is."""
    folder, source = bench.folder.best, bench.folder.trial(trial.number)
    RunFolder.create(folder.path, exist_ok=True)
    with folder.claimed():
        return made(bench, trial, folder, source)


def made(bench: Bench, trial: Trial, folder: RunFolder, source: RunFolder) -> dict[str, Any]:
    """The same, in a folder that is ours."""
    from pellucid.storage.records.checking import checked
    from pellucid.storage.records.runs import MetricsRecord

    config = config_of(bench.plan.base, trial.values, trial.epochs)
    if is_finished(folder, config):
        known = dict(checked(read_json(folder.metrics), MetricsRecord, folder.metrics, ANEW))
        if headline_in(known) is None:
            raise FileError(f"{folder.metrics} is damaged: it has no score. {ANEW}.")
        return known
    remove_files(folder.files)
    folder.sweep()
    prepared, threads = prepare_alone(config, understand(config), bench.dataset)
    if source.last.exists() and source.model.exists() and of_run(source, config):
        for name in ("config", "model", "history", "steps", "last"):
            write_bytes(getattr(folder, name), read_bytes(getattr(source, name)))
        record = read_record(folder)
        with limited_threads(int(record["environment"]["threads"])):
            return run(prepared, folder, record, None, checkpoint=read_checkpoint(folder.last)).metrics
    with limited_threads(threads):
        record = beginning_record(prepared, command_of(config), threads)
        write_json(folder.config, record)
        return run(prepared, folder, record, None, checkpoint=None).metrics


def is_finished(folder: RunFolder, config: RunConfig) -> bool:
    """Whether a folder holds the finished run of these settings."""
    return folder.metrics.exists() and folder.report.exists() and of_run(folder, config)


def of_run(folder: RunFolder, config: RunConfig) -> bool:
    """Whether a folder's run has these settings; where the data lie and how many threads there are is no matter.

    What was left to the data has been chosen in the folder's run.
    """
    if not folder.config.exists():
        return False
    before = RunConfig.from_json(read_record(folder)["settings"], str(folder.config))
    left = {each.name: value for each in fields(config) if (value := getattr(config, each.name)) in (None, AUTO)}
    elsewhere = {"data": config.data, "data_dir": config.data_dir, "threads": config.threads}
    return replace(before, **{**left, **elsewhere}) == config
