"""Carrying a search out in one process: round after round, until every place of each has come to something.

Any number of processes may do this with the same study at the same time, on this machine or others; each computes the
same rounds from the same trials.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pellucid.keys import Key
from pellucid.search.narrowing import narrowed
from pellucid.search.settings import Plan
from pellucid.search.space import Space
from pellucid.search.study import Round, held, is_void, is_waiting, suggest
from pellucid.search.trial import Bench, carry_out, drop_weights
from pellucid.search.trials import DIVERGED, FAILED, PRUNED, Trial, ranked

if TYPE_CHECKING:
    from optuna.storages import RDBStorage
    from optuna.trial import Trial as Running

WAIT = 0.2  # seconds between two looks when others hold all places that are left
Say = Callable[[tuple[str, int, Space] | Trial], None]


class TakenTwiceError(Exception):
    """A place that another process holds already."""


class RefusedError(Exception):
    """Values that the network or the data refuse."""


def carry_out_rounds(plan: Plan, name: str, storage: RDBStorage, bench: Bench, say: Say) -> None:
    """Work until the last round is done; `say` hears of every round begun and every trial finished here.

    Raises KeyboardInterrupt when a signal came or the process that began this one has died.
    """
    earlier: list[Trial] = []
    space = plan.space
    with bench.noted:
        for number in range(len(plan.rounds)):
            round = round_of(plan, name, storage, number, space)
            say(("round", number, space))
            work_on(round, earlier, bench, say)
            trials = round.outcomes(round.look())
            earlier += trials
            space = narrowed(plan.space, space, trials)


def read_rounds(plan: Plan, name: str, storage: RDBStorage) -> tuple[list[Trial], list[Space], bool]:
    """The finished trials, the space of each round that was begun, and whether all are done."""
    found: list[Trial] = []
    spaces = [plan.space]
    for number in range(len(plan.rounds)):
        round = round_of(plan, name, storage, number, spaces[-1])
        begun = round.look()
        trials = round.outcomes(begun)
        found += trials
        if not round.is_done(begun):
            return found, spaces, False
        if number + 1 < len(plan.rounds):
            spaces.append(narrowed(plan.space, spaces[-1], trials))
    return found, spaces, True


def round_of(plan: Plan, name: str, storage: RDBStorage, number: int, space: Space) -> Round:
    """One round, its random numbers from the seed and its number."""
    return Round(storage, plan, name, number, space, Key.of(plan.base.seed).fold("search", "round", number))


def work_on(round: Round, earlier: list[Trial], bench: Bench, say: Say) -> None:
    """Carry out what is left of a round, together with whoever else works on it."""
    while True:
        if bench.is_over():
            raise KeyboardInterrupt
        trials = round.revive()
        if round.is_done(trials):
            return
        if not is_waiting(trials):
            time.sleep(WAIT)
            continue
        begun: list[int] = []
        round.work(lambda trial: objective(round, bench, trial, begun), (TakenTwiceError, RefusedError))  # noqa: B023
        trials = round.look()
        finished = trials[begun[-1]]
        if is_void(finished):
            continue
        say(round.read(finished))
        if bench.plan.keep == "best":
            known = earlier + round.outcomes(trials)
            best = ranked(known)
            drop_weights(bench, [trial.number for trial in known], best[0].number if best else None)


def objective(round: Round, bench: Bench, trial: Running, begun: list[int]) -> float:
    """One trial for Optuna: the validation score of its best epoch, or one of the ways not to have one."""
    from optuna.exceptions import TrialPruned

    begun.append(trial.number)
    place = trial.user_attrs.get("place")
    if place is None or held(round.look())[place].number != trial.number:
        trial.set_user_attr("stopped", True)  # nobody died of it
        raise TakenTwiceError
    trial.set_user_attr("owner", [platform.node(), os.getpid()])
    values = {parameter.name: suggest(trial, parameter) for parameter in round.space}
    try:
        came_to = carry_out(bench, trial, round.offset + place, round.epochs, values)
    except KeyboardInterrupt:
        trial.set_user_attr("stopped", True)
        raise
    trial.set_user_attr("came_to", came_to)
    if came_to["state"] == FAILED:
        raise RefusedError
    if came_to["state"] in (PRUNED, DIVERGED):  # to a method that learns, weights that explode are a bad place
        raise TrialPruned
    return float(came_to[round.plan.judged_by.name])
