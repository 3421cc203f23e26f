"""The update rule that a run's settings ask for: --optimizer, and all that can be said beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pellucid.errors import UsageError
from pellucid.runs.config import RunConfig, named
from pellucid.settings import flag_of
from pellucid.spec.base import rules
from pellucid.spec.optimizers import CLIPS, OPTIMIZERS, OptimizerSpec

OF_SOME = ("momentum", "nesterov", "amsgrad")  # which only some rules have
UNDECAYED = ("bias", "gamma", "beta", "alpha")  # a run's decay shrinks kernels: the others hold no more than a shift


def rule_of(config: RunConfig) -> OptimizerSpec:
    """The rule at its own learning rate. Raises UsageError, with the flag, for what does not go together."""
    with named("--optimizer"):
        rule = OPTIMIZERS.named(config.optimizer)
    asked: dict[str, Any] = {name: getattr(config, name) for name in OF_SOME if getattr(config, name)}
    for name in asked:
        if name not in rules(type(rule)):
            able = ", ".join(owner.__name__.lower() for owner in OPTIMIZERS if name in rules(owner))
            raise UsageError(f"train: {flag_of(name)} goes with {able}, not with {config.optimizer}. Leave it out.")
    if config.nesterov and not config.momentum:
        raise UsageError("train: --nesterov goes with --momentum, e.g. --momentum 0.9.")
    clips = [name for name in CLIPS if getattr(config, name) is not None]
    if len(clips) > 1:
        raise UsageError(f"train: {flag_of(clips[0])} and {flag_of(clips[1])} are two ways to clip. Type one of them.")
    asked |= {name: getattr(config, name) for name in clips}
    if config.weight_decay is not None:
        asked |= dict.fromkeys({"weight_decay", "adam_weight_decay"} & set(rules(type(rule))), config.weight_decay)
    if config.gradient_accumulation_steps > 1:
        asked["gradient_accumulation_steps"] = config.gradient_accumulation_steps
    if config.use_ema:
        asked |= {"use_ema": True, "ema_momentum": config.ema_momentum}
    return replace(rule, **asked, undecayed=UNDECAYED)
