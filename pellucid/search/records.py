"""What a study's database says of its trials, held against what a search writes there, before any of it is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pellucid.errors import FileError, shown
from pellucid.reports.scores import Score
from pellucid.search.settings import MOST_TRIALS
from pellucid.search.space import Choice, Parameter, Space
from pellucid.search.study_file import REMEDY
from pellucid.words import hidden

if TYPE_CHECKING:
    from optuna.storages import RDBStorage
    from optuna.trial import FrozenTrial

ROUNDING = 1e-6  # of a range's width: how far beyond an end a value may be that was drawn at it


def where_of(storage: RDBStorage) -> str:
    """A database as messages name it."""
    return f"the study {hidden(str(storage.engine.url)).removeprefix('sqlite:///')}"


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Whatever goes wrong in the block is the fault of what the database holds, and FileError says so."""
    from pellucid.storage.records.checking import rebuilt

    with rebuilt(where, REMEDY):
        yield


def study_names(storage: RDBStorage) -> list[str]:
    """The studies of a database. Raises FileError for one that makes no sense."""
    with reading(where_of(storage)):
        return [str(study.study_name) for study in storage.get_all_studies()]


def refuse_damaged(trial: FrozenTrial, typed: Space, space: Space, by: Score, where: str) -> None:
    """Raise FileError for a trial that no search has written; `typed` is the whole space, `space` the round's.

    Raises TypeError, ValueError and the like for some, so call it in `reading`.
    """
    from optuna.trial import TrialState

    from pellucid.storage.records.checking import Finite, checked
    from pellucid.storage.records.runs import StudyCurve, TrialAttributes

    told = f"{where}: trial {trial.number}"
    checked(trial.user_attrs, TrialAttributes, told, REMEDY)
    checked(trial.intermediate_values, StudyCurve, told, REMEDY)
    for name, value in trial.system_attrs.items():
        if name.startswith("completed_rung_"):  # of the pruner `halving`
            checked(value, Finite, told, REMEDY)
    refuse_values(trial.system_attrs.get("fixed_params", {}), typed, told)
    refuse_values(trial.params, typed, told)
    for parameter in space:
        if parameter.name in trial.distributions and not fits(trial.distributions[parameter.name], parameter):
            raise damaged(told, f"{parameter.name} was drawn from something else")
    if trial.user_attrs.get("place", 0) >= MOST_TRIALS:
        raise damaged(told, "no search has so many places")
    came_to = trial.user_attrs.get("came_to")
    if came_to is None:
        if trial.state in (TrialState.COMPLETE, TrialState.PRUNED):
            raise damaged(told, "it has ended, and nothing says what it came to")
        return
    if trial.params.keys() != {parameter.name for parameter in space}:
        raise damaged(told, "it has not the values of its round")
    score = checked(came_to.get(by.name), Finite if came_to["state"] == "complete" else Finite | None, told, REMEDY)
    if trial.state == TrialState.COMPLETE and trial.values != [score]:
        raise damaged(told, f"its {by.name} is said twice and differs")


def refuse_values(values: Any, typed: Space, told: str) -> None:
    """Raise FileError for values that lie outside what was typed."""
    if not isinstance(values, Mapping):
        raise damaged(told, "it has no values")
    known = {parameter.name: parameter for parameter in typed}
    for name, value in values.items():
        if name not in known or not lies_in(known[name], value):
            raise damaged(told, f"{shown(name)} cannot be {shown(value)}")


def lies_in(parameter: Parameter, value: Any) -> bool:
    """Whether a parameter may have this value."""
    if isinstance(parameter, Choice):
        return value in parameter.words
    if type(value) not in ((int,) if parameter.whole else (int, float)) or (parameter.log and value <= 0):
        return False
    return -ROUNDING <= parameter.place(value) <= 1 + ROUNDING


def fits(distribution: Any, parameter: Parameter) -> bool:
    """Whether Optuna's description of a parameter is of this one's kind."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(parameter, Choice):
        return isinstance(distribution, CategoricalDistribution) and distribution.choices == parameter.words
    kind = IntDistribution if parameter.whole else FloatDistribution
    return isinstance(distribution, kind) and distribution.log == parameter.log


def damaged(told: str, why: str) -> FileError:
    """The error for what a search would not have written."""
    return FileError(f"{told} is damaged: {why}. {REMEDY}.")
