"""Initializers on numbers, and by word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.engines.drawing import draw
from pellucid.errors import ArgumentError, describe, shown
from pellucid.spec import initializers
from pellucid.spec.initializers import INITIALIZERS, Initializer
from pellucid.spec.layer import WeightSpec
from pellucid.spec.operations import fans
from pellucid.training.seed import ROOT


def drawn(spec: Initializer, shape: Any, dtype: Any = None) -> np.ndarray:
    """Fresh numbers of this shape."""
    sizes = (int(shape),) if isinstance(shape, int) else tuple(int(size) for size in shape)
    kind = np.dtype("float32" if dtype in (None, "bfloat16") else dtype)
    return draw(WeightSpec("weight", sizes, spec, fans(sizes)), ROOT.next_key(), kind)


def get(identifier: Any) -> Any:
    """The initializer that a word, a configuration or an initializer stands for; None stays None."""
    if identifier is None or isinstance(identifier, Initializer):
        return identifier
    if isinstance(identifier, str):
        return INITIALIZERS.named(identifier)
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Initializer):
        return identifier()
    if callable(identifier):
        return identifier
    if hasattr(identifier, "shape"):
        return initializers.Constant(identifier)
    wanted = "a word, a configuration or an initializer"
    raise ArgumentError(describe("initializers.get", "identifier", wanted, shown(repr(identifier))))


def serialize(initializer: Any) -> dict[str, Any]:
    """An initializer as JSON-ready data, in Keras's form."""
    return {"class_name": type(initializer).__name__, "config": initializer.get_config()}


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The initializer that `serialize` wrote, or its word."""
    if isinstance(config, str):
        return INITIALIZERS.named(config)
    own: dict[str, Any] = {owner.__name__: owner for owner in INITIALIZERS} | dict(custom_objects or {})
    name = config.get("class_name", config.get("type"))
    if name in own:
        return own[name](**config.get("config", {}))
    return INITIALIZERS.named(str(name))


initializers.ON_NUMBERS.append(drawn)
