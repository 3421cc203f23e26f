"""Stages of training: after some epochs more layers are trained, at another rate.

A stage is what the position says it is, so a resumed run is in the right one without a memory of its own. A rule's
slots begin anew with the layers that join, as after a new compile in Keras, and its corrections count from there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pellucid.errors import ArgumentError, describe
from pellucid.graph.selecting import EVERY, Selection
from pellucid.training.arguments import real, spoken, whole
from pellucid.training.events import Event, Progress
from pellucid.training.program import SLOTS_FROM, Supervised


class Unfreeze(Event):
    """After `after` epochs trains `layers` too, from then on with `rate` times the learning rate.

    `layers` is a selection as in `model.freeze`, all layers by default. Several stages are several of these: the rate
    is that of the one begun last. Raises ArgumentError for a rate that is not above 0.
    """

    @spoken
    def __init__(self, after: int, layers: Selection = EVERY, rate: float = 0.1, *, model: Any = None) -> None:
        self.after, rate = whole("Unfreeze", "after", after, 0), real("Unfreeze", "rate", rate)
        if rate <= 0:
            raise ArgumentError(describe("Unfreeze", "rate", "above 0", f"{rate:g}"))
        self.layers, self.rate, self.model = layers, rate, model

    def set_model(self, model: Any) -> None:
        """The model whose layers are meant; fit calls this."""
        self.model = model

    def begin(self, progress: Progress) -> None:
        position = progress.position
        if position.epoch > self.after or (position.epoch == self.after and position.step_in_epoch):
            self._enter(progress)

    def epoch_begin(self, progress: Progress) -> None:
        if progress.position.epoch == self.after:
            self._enter(progress)

    def _enter(self, progress: Progress) -> None:
        if not isinstance(progress.program, Supervised):
            wanted = "a model learning from labels"
            raise ArgumentError(describe("Unfreeze", "program", wanted, type(progress.program).__name__))
        self.model.unfreeze(self.layers)
        stage = max(progress.program.stage, (self.after, self.rate))  # the later one, in whatever order they are listed
        program = progress.program = replace(progress.program, graph=self.model.graph, stage=stage)
        state = progress.state
        fresh = program.slots(progress.engine, state["params"], state["state"])
        if set(fresh) != set(state["slots"]):
            progress.state = {**state, "slots": fresh, "clock": {**state["clock"], SLOTS_FROM: state["clock"]["step"]}}
