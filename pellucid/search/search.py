"""A search from its settings to its best run: coarse to fine, in one process or several, and on where it stopped."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.errors import FileError, TrainingError
from pellucid.runs.announcing import announce_data, announce_engine
from pellucid.runs.networks import sha256_of_model
from pellucid.runs.preparation import prepare, understand
from pellucid.search.best import make_best
from pellucid.search.borders import at_borders
from pellucid.search.folder import SearchFolder
from pellucid.search.page import write_page
from pellucid.search.picture import draw_search
from pellucid.search.records import study_names
from pellucid.search.rounds import carry_out_rounds, read_rounds
from pellucid.search.settings import Plan, config_of, digest, legal
from pellucid.search.space import Choice, Space, Value, as_words
from pellucid.search.storage import address_of, opened, sqlite_url, told
from pellucid.search.study import optuna_at_hand
from pellucid.search.table import as_json, line_of, round_line, write_table
from pellucid.search.trial import Bench, with_one_thread
from pellucid.search.trials import Trial, ranked
from pellucid.search.workers import carry_out_together
from pellucid.storage.writer import write_bytes, write_json
from pellucid.words import hidden

if TYPE_CHECKING:
    from optuna.storages import RDBStorage

LOG = logging.getLogger("pellucid")
PREFIX = "pellucid-"


@dataclass(frozen=True)
class Found:
    """What a search came to; `metrics` are those of the best run, None for a search that was stopped."""

    plan: Plan
    folder: SearchFolder
    trials: list[Trial]
    spaces: list[Space]  # of the rounds that were begun
    best: Trial | None
    borders: list[str]
    metrics: dict[str, Any] | None
    stopped: bool

    def to_json(self) -> dict[str, Any]:
        """As --json prints it and search.json keeps it: the scores of the best run, and every trial."""
        return (self.metrics or {}) | {
            "best": None if self.best is None else as_json(self.best),
            "trials": [as_json(trial) for trial in self.trials],
            "warnings": self.borders,
            "search": self.folder.path.as_posix(),
            "state": "stopped" if self.stopped else "finished",
        }


def search(plan: Plan, out: str | Path, *, storage: str | None = None, command: str = "pellucid search") -> Found:
    """Carry a search out, or on; its folder is `out`, its database there too unless `storage` is an address.

    Raises UsageError for settings that mean nothing, FileError for a folder or a database that is another search's,
    locked or out of reach, TrainingError when not one trial came through, KeyboardInterrupt for a second Ctrl-C.
    """
    with optuna_at_hand():
        address = address_of(storage) if storage else sqlite_url(SearchFolder(Path(out)).study)
        words = understand(plan.base)
        announce_engine(words.engine)
        plan = with_one_thread(replace(plan, base=replace(plan.base, engine=words.engine.name)))
        folder = SearchFolder(Path(out))
        bench = Bench.open(plan, folder)
        plan = bench.plan
        announce_data(bench.dataset)
        rehearse(bench)
        identity = plan.identity(bench.dataset.fingerprint, sha256_of_model(plan.base))
        known = folder.claim(identity)
        name = PREFIX + digest(identity)
        with opened(address) as database:
            refuse_foreign(database, name, plan, shared=storage is not None, where=hidden(address))
            announce_search(plan, database, name, known)
            stopped = not went_through(bench, database, name, address)
            with told(address), bench.noted:
                trials, spaces, done = read_rounds(plan, name, database)
        if bench.noted.insisted:
            raise KeyboardInterrupt
        stopped = stopped or not done or bool(bench.noted.received)
        return conclude(bench, trials, spaces, stopped=stopped, command=command, identity=identity,
                        where=hidden(address) if storage else folder.study.name)  # fmt: skip


def rehearse(bench: Bench) -> None:
    """Build the network once, and what each word and each end of a range asks for: a slip of the pen costs no trial."""
    plan = bench.plan
    first: dict[str, Value] = {parameter.name: parameter.at(0.0) for parameter in plan.space}
    config = config_of(plan.base, first, plan.rounds[0])
    prepare(config, understand(config), bench.dataset)
    for parameter in plan.space:
        values = parameter.words if isinstance(parameter, Choice) else (parameter.at(0.0), parameter.at(1.0))
        for value in values:
            config = config_of(plan.base, first | {parameter.name: value}, plan.rounds[0])
            words = understand(config)
            if isinstance(parameter, Choice) or parameter.whole:
                prepare(config, words, bench.dataset)


def refuse_foreign(database: RDBStorage, name: str, plan: Plan, *, shared: bool, where: str) -> None:
    """Raise FileError when a database that should be this search's alone holds others only."""
    names = study_names(database)
    if names and not shared and not any(known.startswith(name) for known in names):
        raise FileError(f"the study {where.removeprefix('sqlite:///')} is of a search of another model, on other data "
                        "or over another space. Bring back its own, or choose another --out.")  # fmt: skip


def announce_search(plan: Plan, database: RDBStorage, name: str, known: bool) -> None:
    """What is searched, and how far it has come."""
    epochs = ", then ".join(f"{n} of {epochs} epoch{'s' if epochs > 1 else ''}"
                            for n, epochs in zip(plan.shares, plan.rounds, strict=True))  # fmt: skip
    LOG.info("search %s", as_words(plan.space))
    LOG.info("       %d trial%s (%s), method %s, pruner %s", plan.trials, "s" if plan.trials > 1 else "", epochs,
             plan.method, plan.pruner)  # fmt: skip
    begun = known and any(known.startswith(name) for known in study_names(database))
    if begun:
        LOG.info("       going on with %d trials that are done", len(read_rounds(plan, name, database)[0]))


def went_through(bench: Bench, database: RDBStorage, name: str, address: str) -> bool:
    """Carry out what is left; False when it was stopped by Ctrl-C or SIGTERM, KeyboardInterrupt for a second one."""
    plan = bench.plan

    def say(word: tuple[str, int, Space] | Trial) -> None:
        LOG.info("%s", line_of(word) if isinstance(word, Trial) else round_line(plan, word[1], word[2]))

    if plan.workers > 1:
        return carry_out_together(plan, name, address, bench.folder, say)
    try:
        with told(address):
            carry_out_rounds(plan, name, database, bench, say)
    except KeyboardInterrupt:
        if bench.noted.insisted:
            raise
        return False
    return True


def conclude(
    bench: Bench, trials: list[Trial], spaces: list[Space], *, stopped: bool, command: str, identity: dict[str, Any],
    where: str,
) -> Found:
    """Finish the best run unless the search was stopped, and write table, picture, page and record."""
    plan, folder = bench.plan, bench.folder
    order = ranked(trials)
    best = order[0] if order else None
    write_table(folder.table, plan, trials)
    if best is None and not stopped:
        raise TrainingError(nothing_came_through(trials))
    metrics = make_best(bench, best) if best is not None and not stopped else None
    borders = [] if best is None else [
        border.text for border in at_borders(plan.space, best.values, lambda *given: legal(plan.base, *given))
    ]  # fmt: skip
    found = Found(plan, folder, trials, spaces, best, borders, metrics, stopped)
    if trials:
        png, picture = draw_search(plan.space, spaces, trials)
        write_bytes(folder.picture, png)
        write_page(folder, plan, trials, best, metrics, borders, picture=picture, command=command,
                   fingerprint=identity["data"])  # fmt: skip
    result = {key: value for key, value in found.to_json().items() if key in ("best", "warnings", "state")}
    write_json(folder.record, {"format": 1, "identity": identity, "storage": where, **result})
    return found


def nothing_came_through(trials: list[Trial]) -> str:
    """One sentence for a search of which nothing is left."""
    first = next((trial.reason for trial in trials if trial.reason), "nothing is known of the reason")
    return (f"search: none of {len(trials)} trials came through. Of the first it is said: {first} "
            "Search lower rates, e.g. --range lr=1e-6:1e-2:log, with another --out.")  # fmt: skip
