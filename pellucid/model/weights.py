"""Where a network's weights are: on its layers, in the state of a run, in an engine's own form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from pellucid.engines.drawing import draw
from pellucid.engines.protocol import Again, Engine
from pellucid.errors import ShapeError, describe
from pellucid.graph.build import Built
from pellucid.graph.holding import Undrawn
from pellucid.graph.layer import Layer
from pellucid.graph.rebuild import homes
from pellucid.keys import Key
from pellucid.model.bounds import refuse_huge
from pellucid.training.events import Progress
from pellucid.training.program import averaged

SECTIONS = ("params", "state")
DTYPE = np.dtype(np.float32)  # of weights that are drawn
MOST = 16 << 20  # bytes


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
    return held_at(homes(built.graph, built.layers))


def held_at(places: Mapping[str, tuple[Layer, str]]) -> dict[str, np.ndarray]:
    """What hangs at each of these places, drawn where nobody has asked for it yet."""
    found = {key: layer.held[short] for key, (layer, short) in places.items()}
    undrawn = [key for key, value in found.items() if isinstance(value, Undrawn)]
    return found | {key: places[key][0].weights[places[key][1]] for key in undrawn}


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
    return natively(built, by_key(built), engine)


def natively(built: Built, values: Mapping[str, np.ndarray], engine: Engine) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same of arrays that were looked up already."""
    moves = {key: weight.name.startswith("moving_") for key, weight in built.graph.weights.items()}
    params, state = ({key: value for key, value in values.items() if moves[key] is part} for part in (False, True))
    return engine.put(params), engine.put(state)


@dataclass(frozen=True)
class Resting:
    """Weights in an engine's own form, kept from one prediction to the next for as long as not a byte of them changes.

    Making them anew is a fifth of a prediction of a small network. Those of more than MOST bytes are not kept.
    """

    built: Built
    engine: Engine
    places: dict[str, tuple[Layer, str]]
    values: dict[str, np.ndarray]                       # that hung there, some of which the engine may share
    seen: list[tuple[Any, ...]]                         # dtype, shape and bytes of each
    native: tuple[dict[str, Any], dict[str, Any]]       # nobody may write to these
    again: Again | None = None                          # from the second prediction on, where the engine has it
    asked: bool = False

    @classmethod
    def of(cls, built: Built, engine: Engine, before: Resting | None) -> Resting:
        """The weights as they are now, those of `before` where they are still the same."""
        known = before if before is not None and before.built is built and before.engine is engine else None
        places = known.places if known else homes(built.graph, built.layers)
        values = held_at(places)
        if known and known.seen and known.unchanged(values):
            return known if known.asked else replace(known, asked=True, again=engine.repeated(built.graph, values))
        small = sum(value.nbytes for value in values.values()) <= MOST
        seen = [looks(value) for value in values.values()] if small else []
        return cls(built, engine, places, values, seen, natively(built, values, engine))

    def unchanged(self, values: Mapping[str, np.ndarray]) -> bool:
        """Whether the same arrays hang there, and hold the same: one after another, for all copies at once leave the
        processor's cache."""
        return all(value is self.values[key] for key, value in values.items()) and all(
            looks(value) == seen for value, seen in zip(values.values(), self.seen, strict=True))


def looks(value: np.ndarray) -> tuple[Any, ...]:
    """dtype, shape and bytes of an array."""
    return value.dtype, value.shape, value.tobytes()


def hang(built: Built, progress: Progress) -> None:
    """Hang the arrays of a run on the layers; of weights their moving averages, where the rule has them."""
    own, state = homes(built.graph, built.layers), averaged(progress.state)
    for section in SECTIONS:
        for key, value in progress.engine.get(state[section]).items():
            layer, short = own[key]
            layer.held[short] = value
