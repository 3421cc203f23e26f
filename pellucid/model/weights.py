"""Where a network's weights are: on its layers, in the state of a run, in an engine's own form."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from pellucid.engines.drawing import draw
from pellucid.engines.protocol import Engine
from pellucid.errors import ShapeError, describe
from pellucid.graph.build import Built
from pellucid.graph.holding import Undrawn
from pellucid.graph.rebuild import homes
from pellucid.keys import Key
from pellucid.model.bounds import refuse_huge
from pellucid.training.events import Progress
from pellucid.training.program import averaged

SECTIONS = ("params", "state")
DTYPE = np.dtype(np.float32)  # of weights that are drawn


def promise_missing(built: Built, key: Key) -> None:
    """Every layer that has no weights yet will draw its first ones when asked, each from a key of its own.

    Raises ArgumentError for a network larger than the limits.
    """
    refuse_huge(built.graph, "the network")
    for name, (layer, short) in homes(built.graph, built.layers).items():
        if short not in layer.held:
            layer.held[short] = Undrawn(partial(draw, built.graph.weights[name], key.fold("init", name), DTYPE))


def by_key(built: Built) -> dict[str, np.ndarray]:
    """Every weight by "layer/kernel", in Keras's order; the arrays themselves."""
    return {key: layer.weights[short] for key, (layer, short) in homes(built.graph, built.layers).items()}


def take(built: Built, where: str, values: Mapping[str, Any]) -> None:
    """Hang copies of these on the layers; raises ShapeError, before any is replaced, that names what does not fit."""
    own = homes(built.graph, built.layers)
    arrays = {key: np.asarray(values[key]) for key in own}
    for key in own:
        wanted, given = built.graph.weights[key].shape, arrays[key].shape
        if wanted != given:
            raise ShapeError(describe(where, f"weight '{key}'", f"of shape {wanted}", str(given)))
    for key, (layer, short) in own.items():
        layer.held[short] = np.array(arrays[key], getattr(layer.held[short], "dtype", DTYPE), order="C")


def native(built: Built, engine: Engine) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters and moving statistics as the engine's arrays."""
    values = by_key(built)
    moves = {key: weight.name.startswith("moving_") for key, weight in built.graph.weights.items()}
    params, state = ({key: value for key, value in values.items() if moves[key] is part} for part in (False, True))
    return engine.put(params), engine.put(state)


def hang(built: Built, progress: Progress) -> None:
    """Hang the arrays of a run on the layers; of weights their moving averages, where the rule has them."""
    own, state = homes(built.graph, built.layers), averaged(progress.state)
    for section in SECTIONS:
        for key, value in progress.engine.get(state[section]).items():
            layer, short = own[key]
            layer.held[short] = value
