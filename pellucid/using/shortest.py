"""The least that must be typed to train with some settings: the rest follows from the data all the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from pellucid.architectures.names import default_notation
from pellucid.data.dataset import Dataset
from pellucid.errors import PellucidError
from pellucid.keys import Key
from pellucid.runs.config import RunConfig
from pellucid.runs.networks import dropout_in_force
from pellucid.runs.preparation import TAUGHT, chosen, looks_of
from pellucid.runs.pretrained import with_pretrained
from pellucid.runs.rules import rule_of
from pellucid.settings import listed
from pellucid.training.schedules import patience_of

RULE = tuple(name for name in TAUGHT if name not in ("model", "pretrained", "weights"))
CHOSEN = ("weights", "model", "new_head", "preprocess", "channels", "resize", "freeze", *RULE, "epochs", "dropout",
          "patience", "augment", "keep_epoch", "own")  # settings that may follow from others and from the data


def to_type(config: RunConfig, dataset: Dataset) -> RunConfig:
    """The settings in force without those that would be chosen the same if nobody typed them."""
    looks = looks_of(dataset, Key.of(config.seed))
    defaults = {field.name: field.default for field in fields(RunConfig)}

    def comes_to(typed: RunConfig) -> dict[str, Any]:
        return in_force(chosen(with_pretrained(typed, typed.typed()), dataset, looks)[0], dataset)

    try:
        wanted = in_force(chosen(config, dataset, looks)[0], dataset)
        short = config.changed(**{name: defaults[name] for name in CHOSEN})
        for name in CHOSEN * 2:  # what is typed of one may change what another comes to
            if comes_to(short)[name] != wanted[name]:
                short = short.changed(**{name: getattr(config, name)})
        return short if comes_to(short) == wanted else config
    except PellucidError:  # a record that means nothing; known weights that lie elsewhere now: they are typed whole
        return config.changed(pretrained=None)


def in_force(config: RunConfig, dataset: Dataset) -> dict[str, Any]:
    """What the settings that may be chosen come to, by name."""
    network = default_notation(dataset.image_shape) if config.model is None else config.model
    return {name: getattr(config, name) for name in CHOSEN} | {
        "model": network, "epochs": config.epochs_for(len(dataset.part("train"))), "dropout": dropout_in_force(config),
        "lr": rule_of(config).learning_rate if config.lr is None else config.lr,
        "patience": patience_of(config.schedule, config.patience),
    }  # fmt: skip


def with_flags(config: RunConfig, flags: Sequence[str]) -> RunConfig:
    """The settings with those of (flag, word, flag, word) read as the command line reads them."""
    known = {known.flag: known for known in listed(RunConfig)}
    read = {known[flag].name: float(word) if "float" in known[flag].kind else int(word) if "int" in known[flag].kind
            else word for flag, word in zip(flags[::2], flags[1::2], strict=True)}  # fmt: skip
    return config.changed(**read)
