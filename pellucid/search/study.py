"""The studies of a search in their database, one a round: which places of a round are filled, and by whom.

A place is one trial that the round must have. Its study holds a queue of places; a worker takes the next one, writes
who it is, and what came of it. Where a worker died, its place is put into the queue again, so nothing is lost: on this
machine as soon as its process is gone, on another one when its heartbeat has been silent for GRACE seconds. A place
whose process died MOST_DEATHS times is given up.
"""

from __future__ import annotations

import os
import platform
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pellucid.errors import UsageError
from pellucid.reports.scores import MORE
from pellucid.search.records import damaged, reading, refuse_damaged, where_of
from pellucid.search.sampling import LEARNING, drawn
from pellucid.search.settings import Plan
from pellucid.search.space import Choice, Parameter, Space, Value
from pellucid.search.storage import GRACE
from pellucid.search.trials import LOST, Trial

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.storages import RDBStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial
    from optuna.trial import Trial as Running

    from pellucid.keys import Key

MOST_DEATHS = 3
PATIENCE, POLL = 5.0, 0.05  # seconds: for another process to fill the queue, between two looks
PRUNE_FROM, PRUNE_AFTER = 2, 4  # epochs learnt, and complete trials, before any is pruned


class Round:
    """One round: its study, its space, and what has become of its places."""

    def __init__(self, storage: RDBStorage, plan: Plan, name: str, number: int, space: Space, key: Key) -> None:
        self.plan, self.number, self.space, self.key = plan, number, space, key
        self.places, self.epochs = plan.shares[number], plan.rounds[number]
        self.checked: set[int] = set()
        self.offset = sum(plan.shares[:number])
        self.where = where_of(storage)
        self.study, made = study_named(f"{name}-round-{number + 1}", storage, plan, key.fold("learning"))
        if not made:
            self._wait_for_its_maker()
        self.fill(self.look())

    def _wait_for_its_maker(self) -> None:
        """Another process that has just made the study is filling it; if it stays away, this one does."""
        filled, since = -1, time.monotonic()
        while time.monotonic() - since < PATIENCE:
            known = held(self.look())
            if len(known) >= self.places or any(trial.state.is_finished() for trial in known.values()):
                return  # it is full, or no new one: what is missing was lost
            if len(known) > filled:
                filled, since = len(known), time.monotonic()
            time.sleep(POLL)

    def look(self) -> list[FrozenTrial]:
        """Everything the study holds now, in the order it was begun."""
        with reading(self.where):
            trials: list[FrozenTrial] = self.study.get_trials(deepcopy=False)
            if [trial.number for trial in trials] != list(range(len(trials))):
                raise damaged(self.where, "its trials are not numbered one by one")
            for trial in trials:
                if trial.number not in self.checked:
                    refuse_damaged(trial, self.plan.space, self.space, self.plan.judged_by, self.where)
                if trial.state.is_finished():  # it is the same for ever
                    self.checked.add(trial.number)
        return trials

    def fill(self, trials: list[FrozenTrial]) -> bool:
        """Put every place that nobody holds into the queue; False when there was none."""
        taken = held(trials).keys() | given_up(trials).keys()
        free = [place for place in range(self.places) if place not in taken]
        for place in free:
            self.study.enqueue_trial(self._values_for(place, trials), user_attrs={"place": place})
        return bool(free)

    def _values_for(self, place: int, trials: list[FrozenTrial]) -> dict[str, Value]:
        """The values of a place; those of a method that learns are known only once a process has begun it."""
        if self.plan.method != LEARNING:
            return drawn(self.plan.method, self.space, self.key, place)
        names = {parameter.name for parameter in self.space}
        begun = [trial.params for trial in trials
                 if trial.user_attrs.get("place") == place and trial.params.keys() == names]  # fmt: skip
        return dict(begun[-1]) if begun else {}

    def revive(self) -> list[FrozenTrial]:
        """Free the places of processes that are gone and fill the queue again; return what the study holds then."""
        from optuna.exceptions import ExperimentalWarning
        from optuna.storages import fail_stale_trials
        from optuna.trial import TrialState

        with warnings.catch_warnings(), reading(self.where):
            warnings.simplefilter("ignore", ExperimentalWarning)
            fail_stale_trials(self.study)
        trials = self.look()
        gone = [trial for trial in trials if trial.state == TrialState.RUNNING and is_gone(trial)]
        for trial in gone:
            self.study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
        if gone:
            trials = self.look()
        return self.look() if self.fill(trials) else trials

    def is_done(self, trials: list[FrozenTrial]) -> bool:
        """Whether every place has come to something."""
        finished = [trial for trial in held(trials).values() if trial.state.is_finished()]
        return len(finished) + len(given_up(trials)) >= self.places

    def outcomes(self, trials: list[FrozenTrial]) -> list[Trial]:
        """What the places came to, in their order; unfinished ones are left out."""
        known = {place: trial for place, trial in held(trials).items() if trial.state.is_finished()}
        known |= given_up(trials)
        return [self.read(known[place]) for place in sorted(known)]

    def read(self, trial: FrozenTrial) -> Trial:
        """A finished trial of the database in our words."""
        from pellucid.storage.records.runs import OutcomeRecord

        said = trial.user_attrs.get("came_to") or {"state": LOST, "reason": f"its process died {MOST_DEATHS} times"}
        by = self.plan.judged_by
        curve = tuple((step, value) for step, value in sorted(trial.intermediate_values.items()))
        number = self.offset + trial.user_attrs["place"]
        known = {name: said[name] for name in OutcomeRecord.__struct_fields__ if name in said}
        return Trial(number, self.number, self.epochs, dict(trial.params), score=said.get(by.name), curve=curve, by=by,
                     **known)  # fmt: skip

    def work(self, objective: Callable[[Running], float], catch: tuple[type[Exception], ...]) -> None:
        """Take one place from the queue and carry it out."""
        self.study.optimize(objective, n_trials=1, catch=catch)


def held(trials: list[FrozenTrial]) -> dict[int, FrozenTrial]:
    """The trial that fills, or will fill, each place; those that came to nothing are left out."""
    found: dict[int, FrozenTrial] = {}
    for trial in trials:
        place = trial.user_attrs.get("place")
        if place is not None and not is_void(trial):
            found.setdefault(place, trial)
    return found


def given_up(trials: list[FrozenTrial]) -> dict[int, FrozenTrial]:
    """The last trial of each place whose processes died too often."""
    dead: dict[int, list[FrozenTrial]] = {}
    for trial in trials:
        if is_void(trial) and "place" in trial.user_attrs and not trial.user_attrs.get("stopped"):
            dead.setdefault(trial.user_attrs["place"], []).append(trial)
    filled = held(trials)
    return {place: died[-1] for place, died in dead.items() if len(died) >= MOST_DEATHS and place not in filled}


def is_waiting(trials: list[FrozenTrial]) -> bool:
    """Whether a place is in the queue."""
    from optuna.trial import TrialState

    return any(trial.state == TrialState.WAITING for trial in trials)


def is_void(trial: FrozenTrial) -> bool:
    """Whether a trial came to nothing: its process died or was stopped, or its place was taken twice."""
    from optuna.trial import TrialState

    return bool(trial.state == TrialState.FAIL) and "came_to" not in trial.user_attrs


def is_gone(trial: FrozenTrial) -> bool:
    """Whether the process that runs a trial has ended; of other machines only their heartbeat tells."""
    host, process = trial.user_attrs.get("owner") or (None, None)
    if process is None:  # it died between taking the place and saying who it is
        return trial.datetime_start is not None and (datetime.now() - trial.datetime_start).total_seconds() > GRACE
    return bool(host == platform.node()) and (process == os.getpid() or not is_alive(process))


def is_alive(process: int) -> bool:
    """Whether a process of this machine exists."""
    if os.name == "nt":  # there signal 0 is Ctrl-C; the heartbeat must do
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def suggest(trial: Running, parameter: Parameter) -> Value:
    """The value of a parameter in a trial: from the queue, or as the sampler says."""
    value: Any
    if isinstance(parameter, Choice):
        value = trial.suggest_categorical(parameter.name, parameter.words)
    elif parameter.whole:
        value = trial.suggest_int(parameter.name, int(parameter.low), int(parameter.high), log=parameter.log)
    else:
        value = trial.suggest_float(parameter.name, parameter.low, parameter.high, log=parameter.log)
    chosen: Value = value
    return chosen


def study_named(name: str, storage: RDBStorage, plan: Plan, key: Key) -> tuple[Study, bool]:
    """The study of that name, and whether this call made it."""
    import optuna

    from pellucid.search.sampler import sampler_of

    options: dict[str, Any] = {"sampler": sampler_of(plan, key), "pruner": pruner_of(plan.pruner), "storage": storage}
    best = optuna.study.StudyDirection
    direction = best.MAXIMIZE if plan.judged_by.better == MORE else best.MINIMIZE
    try:
        return optuna.create_study(study_name=name, direction=direction, **options), True
    except optuna.exceptions.DuplicatedStudyError:
        pass
    where = where_of(storage)
    with reading(where):
        study = optuna.load_study(study_name=name, **options)
        if study.directions != [direction]:
            raise damaged(where, "it was judged by something else")
    return study, False


def pruner_of(name: str) -> BasePruner:
    """Which trials are hopeless: worse than the median of the others at the same epoch, or not among the best third."""
    from optuna import pruners

    if name == "median":
        return pruners.MedianPruner(n_startup_trials=PRUNE_AFTER, n_warmup_steps=PRUNE_FROM)
    if name == "halving":
        return pruners.SuccessiveHalvingPruner(min_resource=PRUNE_FROM, reduction_factor=3)
    return pruners.NopPruner()


@contextmanager
def optuna_at_hand() -> Iterator[None]:
    """Optuna without its own lines on the terminal; raises UsageError when it is not installed."""
    try:
        import optuna
    except ModuleNotFoundError as fault:
        raise UsageError('search: Optuna must be installed. Type: pip install "pellucid[search]"') from fault
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
