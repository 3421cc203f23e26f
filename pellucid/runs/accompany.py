"""What every process of a run but the first does: learn from its share of each batch, and write and print nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.threads import limited_threads
from pellucid.runs.learning import stopped, train_from, watching
from pellucid.runs.preparation import prepare, understand
from pellucid.runs.prepared import Beginning
from pellucid.runs.several import begin_as_told, hear_beginning, hear_settings, take_weights
from pellucid.training.interrupts import Interrupts

if TYPE_CHECKING:
    from pellucid.engines.pytorch.processes import Processes


def accompany(processes: Processes) -> bool:
    """Keep step with the first process to the end of the run; whether it was stopped from outside.

    Raises what reading the data and training raise, and TrainingError when another process has ended.
    """
    config = hear_settings(processes)
    words = understand(config, processes)
    with limited_threads(config.threads or 1):
        prepared = prepare(config, words)
    told = hear_beginning(prepared, processes)
    with limited_threads(told["threads"]):
        begun = Beginning(prepared.program.start(prepared.engine, prepared.key))
        begin_as_told(begun, told)
        take_weights(prepared, begun)
        events = watching(prepared)
        for name, event in events:
            if name in told["memories"]:
                event.recall(told["memories"][name])
        return stopped(train_from(begun, prepared, [*[event for _, event in events], Interrupts(patient=True)]))
