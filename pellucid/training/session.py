"""One call of fit or predict on a graph: which events its callbacks are, which engine, which outputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from pellucid.engines.protocol import Again, Arrays, Engine
from pellucid.errors import ArgumentError, describe, shown
from pellucid.graph.graph import Graph
from pellucid.training.arguments import one_of, word
from pellucid.training.callback import Callback, refuse_uncalled
from pellucid.training.callbacks import Calls
from pellucid.training.events import Event
from pellucid.training.loop import SILENCE, Around
from pellucid.training.stages import Unfreeze


def callbacks_of(where: str, callbacks: Any) -> list[Any]:
    """What a user passed as callbacks, listed; raises ArgumentError for anything that is none."""
    listed = list(callbacks) if isinstance(callbacks, (list, tuple)) else [] if callbacks is None else [callbacks]
    for callback in listed:
        known = isinstance(callback, (Event, Callback)) or hasattr(callback, "on_epoch_end")
        if isinstance(callback, type) or not known:
            remedy = f"Pass {callback.__name__}(...)." if isinstance(callback, type) else ""
            wanted = "callbacks from pellucid.callbacks"
            raise ArgumentError(describe(where, "callbacks", wanted, shown(repr(callback)), remedy))
        refuse_uncalled(callback)
    return listed


def events_of(callbacks: Sequence[Any], model: Any, verbose: int | str) -> list[Event]:
    """The events of callbacks. What one that is both adds to the logs is there before it reads them itself."""
    events: list[Event] = []
    for callback in callbacks:
        if isinstance(callback, Callback) or not isinstance(callback, Event):
            events.append(Calls(callback, model, verbose))
        elif isinstance(callback, Unfreeze):
            callback.set_model(model)
        if isinstance(callback, Event):
            events.append(callback)
    return events


ENGINES = ("auto", "reference", "pytorch", "packed")


def engine_named(name: str, precision: str, device: str | None, *, compiled: bool = False) -> Engine:
    """The engine of a word; 'auto' is PyTorch's where it is installed, else the reference engine.

    'packed' predicts with binary networks on words of bits, and does not train.
    `compiled` goes with PyTorch's: its training steps are compiled by TorchInductor where that pays.
    Raises ArgumentError for an unknown word, a device that is not there, or PyTorch when it is not installed.
    """
    one_of("compile", "engine", name, ENGINES, "'auto', 'reference', 'pytorch' or 'packed'")
    word("compile", "precision", precision)
    if device is not None:
        word("compile", "device", device)
    if name == "pytorch" or (name == "auto" and find_spec("torch") is not None):
        require_torch("compile", "engine='pytorch'")
        if compiled:
            from pellucid.engines.pytorch.compiled import CompiledEngine

            return CompiledEngine(precision, device or "auto")
        from pellucid.engines.pytorch.engine import PyTorchEngine

        return PyTorchEngine(precision, device or "auto")
    if device not in (None, "auto", "cpu"):
        remedy = "For a GPU take the engine 'pytorch'."
        raise ArgumentError(describe("compile", "device", "'cpu' on the reference engine", shown(repr(device)), remedy))
    if name == "packed":
        from pellucid.engines.packed import PackedEngine

        return PackedEngine(precision)
    from pellucid.engines.reference import ReferenceEngine

    return ReferenceEngine(precision)


def require_torch(where: str, argument: str) -> None:
    """Raise ArgumentError with the pip line when PyTorch is not installed."""
    if find_spec("torch") is None:
        remedy = 'Install it with: pip install "pellucid[torch]"'
        raise ArgumentError(describe(where, argument, "PyTorch installed", "none", remedy))


def predict_each(
    graph: Graph, engine: Engine, params: Arrays, state: Arrays, parts: Iterable[Arrays], around: Around = SILENCE,
    again: Again | None = None,
) -> Iterator[dict[str, np.ndarray]]:
    """Outputs by name of the inputs of every batch, in order; those for training only are left out. They are the
    caller's own, also where a network hands its input on.

    again: the engine's shorter way, where the same weights have predicted before.
    """
    for number, part in enumerate(parts):
        around.batch_begin(number)
        outputs = None if again is None else again.answer(part)
        if outputs is None:
            run = engine.forward(graph, params, state, engine.put(part), training=False)
            outputs = {name: np.array(value) for name, value in engine.get(
                {name: value for name, value in run.outputs.items() if name in graph.lasting}).items()}  # fmt: skip
            if again is not None:
                again.prove(part, outputs)
        yield outputs
