"""Update rules by word, and what lets them move numbers; what calculates is imported at the first call."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

from pellucid.errors import ArgumentError, describe, shown
from pellucid.spec import optimizers, schedules
from pellucid.spec.optimizers import OPTIMIZERS, OptimizerSpec


def get(identifier: Any) -> Any:
    """The rule that a word in any case, a configuration or a rule stands for."""
    if isinstance(identifier, OptimizerSpec):
        return identifier
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if isinstance(identifier, str) and identifier.lower() in OPTIMIZERS.words:
        return replace(OPTIMIZERS.named(identifier))  # one that remembers for itself
    wanted = f"one of {', '.join(OPTIMIZERS.listed)}"
    raise ArgumentError(describe("optimizers.get", "identifier", wanted, shown(repr(identifier))))


def serialize(optimizer: OptimizerSpec) -> dict[str, Any]:
    """A rule as JSON-ready data, in Keras's form."""
    return {"class_name": type(optimizer).__name__, "config": optimizer.get_config()}


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The rule that `serialize` wrote, or its word."""
    if isinstance(config, str):
        return get(config)
    name = config.get("class_name", config.get("type"))
    own = dict(custom_objects or {})
    if name in own:
        return own[name].from_config(config.get("config", {}))
    if not isinstance(name, str) or name.lower() not in OPTIMIZERS.words:
        wanted = f"one of {', '.join(OPTIMIZERS.listed)}"
        raise ArgumentError(describe("optimizers.deserialize", "class_name", wanted, shown(repr(name))))
    return type(OPTIMIZERS.named(name)).from_config(config.get("config", {}))


def at_work(rule: OptimizerSpec) -> Any:
    """What a rule remembers on numbers."""
    return import_module("pellucid.eager.optimizers").at_work(rule)


optimizers.ON_NUMBERS.append(at_work)
sys.modules.setdefault("pellucid.optimizers.schedules", schedules)  # a page in a page, for `from ... import`
