"""The settings of a search: which may vary, from a trial's values to the settings of its run, and back to a command."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.errors import PellucidError, UsageError, describe
from pellucid.reports.scores import Score
from pellucid.runs.config import RunConfig
from pellucid.runs.networks import FILES, in_words
from pellucid.runs.old_settings import deciding
from pellucid.search.sampling import METHODS
from pellucid.search.space import CHOICE, RANGE, Choice, Kind, Range, Space, Value, parse_choice, parse_range
from pellucid.settings import flag_of, listed
from pellucid.tasks.registry import AUTO, settings_kinds, settings_of_task
from pellucid.words import whole

# What the data are, what a score means and what the machine does is the same in every trial.
FIXED = frozenset({"data", "task", "engine", "epochs", "precision", "device", "seed", "split_seed", "val_fraction",
                   "join_validation", "group", "train_dev_fraction", "label", "where", "group_pattern", "copies",
                   "wells", "parts", "resize", "fit", "crop", "box_noise", "channels", "require_all_channels", "alpha",
                   "skip_broken", "max_pixels", "data_dir", "limit", "threads", "allow_leak", "no_checks",
                   "checkpoint_every", "compile", "head_by_name", "also_split"})  # fmt: skip
WITH_COMMAS = ("model", "augment", "preprocess")  # settings whose words hold commas themselves
HOLE = re.compile(r"\{(\w+)\}")  # a part of --model that varies: conv_{width},pool,FC_32
PRUNERS = ("median", "halving", "none")
KEEPS = ("best", "all")
MOST_TRIALS = 100_000
MOST_WORKERS, MOST_ROUNDS = 256, 100


@dataclass(frozen=True)
class Plan:
    """Everything that decides what a search does."""

    base: RunConfig
    space: Space
    trials: int
    rounds: tuple[int, ...]  # epochs of each
    method: str = "random"
    pruner: str = "median"
    keep: str = "best"
    workers: int = 1
    by: Score | None = None  # what trials are judged by; of no matter to the identity, as the data say it

    def __post_init__(self) -> None:
        for name, known in (("method", METHODS), ("pruner", PRUNERS), ("keep", KEEPS)):
            if getattr(self, name) not in known:
                raise UsageError(describe("search", f"--{name}", " or ".join(known), repr(getattr(self, name))))
        if self.trials < len(self.rounds):
            told = f"at least 1 for each of the {len(self.rounds)} rounds" if len(self.rounds) > 1 else "at least 1"
            raise UsageError(describe("search", "--trials", told, self.trials))
        for name, number, most in (("trials", self.trials, MOST_TRIALS), ("workers", self.workers, MOST_WORKERS),
                                   ("rounds", len(self.rounds), MOST_ROUNDS)):  # fmt: skip
            if number > most:
                raise UsageError(describe("search", f"--{name}", f"at most {most:,}", f"{number:,}"))
        if self.workers < 1:
            raise UsageError(describe("search", "--workers", "at least 1", self.workers))

    @property
    def judged_by(self) -> Score:
        """What trials are judged by, once the data have been read."""
        assert self.by is not None, "Bench.open, which reads the data, has said it"
        return self.by

    @property
    def shares(self) -> tuple[int, ...]:
        """Trials of each round: each has about half of the one before, and at least one."""
        parts = [2 ** (len(self.rounds) - 1 - number) for number in range(len(self.rounds))]
        counts = [max(1, self.trials * part // sum(parts)) for part in parts]
        counts[0] += self.trials - sum(counts)
        return tuple(counts)

    def identity(self, fingerprint: str, model_sha256: str | None) -> dict[str, Any]:
        """What must be the same for trials to be of one search, as plain values."""
        return {
            "data": fingerprint,
            "model file": model_sha256,
            "settings": deciding(self.base.to_json(), {"epochs"}),  # rounds say how many
            "space": {parameter.name: parameter.text for parameter in self.space},
            "rounds": list(self.rounds),
            "trials": self.trials if len(self.rounds) > 1 else None,  # one round may be made longer
            "method": self.method,
            "pruner": self.pruner,
        }


def digest(identity: Mapping[str, Any]) -> str:
    """The identity as a short word, for the names of the studies."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def kinds_of(base: RunConfig) -> dict[str, Kind]:
    """The settings that may vary, and the holes in --model, which may be anything."""
    kinds: dict[str, Kind] = {}
    for known in [known for each in (RunConfig, *own_kinds(base)) for known in listed(each)]:
        if known.name in FIXED:
            continue
        types = known.kind.split(" | ")
        kinds[known.name] = ("number" if "float" in types else "whole" if "int" in types
                             else "flag" if "bool" in types else "word")  # fmt: skip
    return kinds | dict.fromkeys(HOLE.findall(base.model or ""), "whole")


def own_kinds(base: RunConfig) -> tuple[type, ...]:
    """The settings of the task, where it is decided; of every task, where the data will say."""
    return settings_kinds() if base.task == AUTO else (settings_of_task(base.task),)


def named_by(base: RunConfig) -> Mapping[str, Any]:
    """The settings that are not at their default."""
    return base.typed() | ({"data": base.data} if base.data != RunConfig().data else {})


def default_space(base: RunConfig) -> Space:
    """What is searched when nobody says: the rate, and in networks of words the penalty and the dropout."""
    rate = Range("lr", 1e-5, 1e-1, log=True)
    if base.model is not None and (base.model.lower().endswith(FILES) or not in_words(base.model)):
        return (rate,)
    return (rate, Range("l2", 1e-6, 1e-3, log=True), Range("dropout", 0.0, 0.6))


def space_of(base: RunConfig, ranges: Sequence[str], choices: Sequence[str]) -> Space:
    """The ranges and choices as typed, or the default ones. Raises UsageError for what cannot be searched."""
    kinds = kinds_of(base)
    space: Space = (*(parse_range(text, kinds) for text in ranges),
                    *(parse_choice(text, kinds, WITH_COMMAS) for text in choices))  # fmt: skip
    space = space or default_space(base)
    names = [parameter.name for parameter in space]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"search: {name} is given twice. Leave one {RANGE} or {CHOICE} of it.")
        if name in named_by(base):
            told = f"{flag_of(name)} fixes what {RANGE} or {CHOICE} {name} varies"
            raise UsageError(f"search: {told}. Leave one of them.")
    unfilled = [hole for hole in HOLE.findall(base.model or "") if hole not in names]
    if unfilled:
        raise UsageError(f"search: --model has {{{unfilled[0]}}}, so say what it may be: {RANGE} {unfilled[0]}=8:64")
    for parameter in space:
        values = parameter.words if isinstance(parameter, Choice) else (parameter.low, parameter.high)
        for value in values:
            refuse_illegal(base, parameter.name, value)
    return space


def refuse_illegal(base: RunConfig, name: str, value: Value) -> None:
    """Raise UsageError when a setting may not have this value."""
    try:
        config_of(base, {name: value}, None)
    except PellucidError as fault:
        raise UsageError(f"search: {name} cannot be {value}. {fault}") from fault


def legal(base: RunConfig, name: str, value: Value) -> bool:
    """Whether a setting may have this value."""
    try:
        config_of(base, {name: value}, None)
    except PellucidError:
        return False
    return name not in HOLE.findall(base.model or "") or int(value) > 0


def config_of(base: RunConfig, values: Mapping[str, Value], epochs: int | None) -> RunConfig:
    """The settings of a trial's run."""
    holes = HOLE.findall(base.model or "")
    settings: dict[str, Any] = {name: value for name, value in values.items() if name not in holes}
    if holes:
        settings["model"] = HOLE.sub(lambda hole: str(values.get(hole[1], hole[0])), base.model or "")
    return base.changed(epochs=epochs, **settings)


def parse_rounds(text: str) -> tuple[int, ...]:
    """The epochs of each round, from `1,5,20`; raises UsageError for anything else."""
    parts = text.split(",")
    epochs = tuple(found for part in parts if (found := whole(part, 1)) is not None)
    if len(epochs) < len(parts):
        raise UsageError(describe("search", "--rounds", "the epochs of each round, e.g. 1,5,20", repr(text)))
    return epochs
