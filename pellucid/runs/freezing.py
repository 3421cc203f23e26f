"""Which layers of a run are trained, from when on, and at what share of the learning rate."""

from __future__ import annotations

from collections.abc import Callable

from pellucid.errors import UsageError
from pellucid.graph.graph import Graph
from pellucid.graph.selecting import ALL_BUT_HEAD, EVERY
from pellucid.graph.summary import summarize
from pellucid.model import Model
from pellucid.model.freezing import factors_by_key
from pellucid.runs.config import RunConfig, named
from pellucid.spec.layer import WeightSpec
from pellucid.training.preflight import refuse_nothing_trained
from pellucid.training.stages import Unfreeze


def freeze_layers(model: Model, config: RunConfig, epochs: int, trunk: Model | None = None) -> dict[str, float]:
    """Freeze what --freeze names; return the shares of the learning rate by weight. Raises UsageError.

    trunk: the part of the model that is another network's.
    """
    if config.unfreeze_after >= epochs:
        fault = f"--unfreeze-after {config.unfreeze_after} leaves no epoch, for there are {epochs}"
        raise UsageError(f"train: {fault}. Pass more --epochs.")
    with named("--freeze"):
        if config.freeze:
            model.freeze(meant(config.freeze, trunk))
        refuse_nothing_trained(model.graph)
    below = meant(ALL_BUT_HEAD, trunk)
    return factors_by_key(model.built, {below: config.trunk_rate}, "train") if config.trunk_rate != 1 else {}


def meant(words: str, trunk: Model | None) -> str:
    """The words of --freeze; all but the head of another network's layers are these layers."""
    return words if trunk is None or words != ALL_BUT_HEAD else ",".join(entry.name for entry in trunk.graph.layers)


def stage_of(model: Model, config: RunConfig) -> Unfreeze | None:
    """The later stage of the run, when there is one."""
    if not config.unfreeze_after:
        return None
    return Unfreeze(config.unfreeze_after, EVERY, config.unfreeze_rate, model=model)


def ever_trained(model: Model, config: RunConfig) -> list[str]:
    """The layers that are trained in any stage."""
    every = layers_with(model.graph, lambda weight: not weight.name.startswith("moving_"))
    return every if config.unfreeze_after else layers_with(model.graph, lambda weight: weight.trainable)


def layers_with(graph: Graph, wanted: Callable[[WeightSpec], bool]) -> list[str]:
    """The paths of layers that have such a weight."""
    return list(dict.fromkeys(key.rpartition("/")[0] for key, weight in graph.weights.items() if wanted(weight)))


def told_of_freezing(model: Model, config: RunConfig, trunk: Model | None) -> str:
    """One line on what is trained; empty when all of it is, at the full rate."""
    every = layers_with(model.graph, lambda weight: not weight.name.startswith("moving_"))
    trained = layers_with(model.graph, lambda weight: weight.trainable)
    told = []
    if len(trained) < len(every):
        summary = summarize(model.graph)
        told.append(f"{len(trained)} of {len(every)} layers, {summary.trainable:,} of {summary.total:,} parameters")
    if config.unfreeze_after:
        told.append(f"after {config.unfreeze_after} epochs all of them, at {config.unfreeze_rate:g} of the rate")
    if config.trunk_rate != 1:
        below = "all but the head" if trunk is None else "the backbone"
        told.append(f"{below} at {config.trunk_rate:g} of the rate")
    return "; ".join(told)
