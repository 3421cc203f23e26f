"""--pretrained NAME: the network, the weights, the preprocessing, the size and the freezing that go with known weights.

What was typed beside it stays; what was not is filled in before a run begins, so that its record holds plain settings.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from pellucid.architectures.pretrained import find, known
from pellucid.errors import UsageError
from pellucid.graph.selecting import ALL_BUT_HEAD
from pellucid.runs.config import RunConfig
from pellucid.runs.deciding import task_of
from pellucid.settings import flag_of


def with_pretrained(config: RunConfig, typed: Collection[str]) -> RunConfig:
    """The settings with what --pretrained means. Raises UsageError for flags that say another thing."""
    if config.pretrained is None:
        return config
    for name in ("model", "weights"):
        if name in typed:
            raise UsageError(f"train: {flag_of(name)} and --pretrained both say what a run begins with. Leave one out.")
    weights = known(config.pretrained)
    meant: dict[str, Any] = {
        "model": weights.model, "weights": str(find(weights, config.data_dir)), "preprocess": weights.preprocess,
        "channels": "rgb", "resize": "x".join(map(str, weights.size)), "freeze": ALL_BUT_HEAD,
    }  # fmt: skip
    return replace(config, **{name: value for name, value in meant.items() if name not in typed})


def head_alone(config: RunConfig) -> bool:
    """Whether a head alone is trained on known weights: what these make of unchanged pictures is made once."""
    return config.pretrained is not None and config.freeze == ALL_BUT_HEAD and not config.unfreeze_after


def with_rate_of_head(config: RunConfig, pictures: int) -> RunConfig:
    """The settings with the network, rate, epochs and task's words that a new head takes; all stay with a said rate."""
    if config.pretrained is None or not head_alone(config) or config.lr is not None or config.optimizer != "adam":
        return config
    weights, epochs = known(config.pretrained), config.epochs
    if epochs is None and weights.steps is not None:
        epochs = max(config.epochs_for(pictures), config.epochs_of(weights.steps, pictures))
    headed: dict[str, Any] = {}
    if weights.headed and config.model == weights.model:
        headed = {"model": weights.headed, "new_head": True, "own": task_of(config).with_new_head(config.own)}
    return config.changed(lr=weights.rate, epochs=epochs, **headed)


def shown_as_learnt(config: RunConfig) -> bool:
    """Whether known weights are shown pictures in the way they were learnt from."""
    return config.pretrained is not None and config.preprocess == known(config.pretrained).preprocess
