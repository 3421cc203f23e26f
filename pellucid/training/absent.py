"""Keras's callbacks that Pellucid does without: a program may import them; making one says what to use instead."""

from __future__ import annotations

from typing import Any

from pellucid.errors import ArgumentError

INSTEAD = {
    "BackupAndRestore": "Keep the model with ModelCheckpoint(...); a run of `pellucid train` resumes with --resume.",
    "CallbackList": "Pass fit, evaluate and predict a plain list of callbacks.",
    "OrbaxCheckpoint": "Use ModelCheckpoint(...).",
    "ProgbarLogger": "Pass fit verbose=1.",
    "RemoteMonitor": "Nothing is sent over the network; write your own Callback.",
    "SwapEMAWeights": "Leave it out: no optimizer here keeps averaged weights.",
    "TensorBoard": "Use CSVLogger(...); `pellucid train` draws its curves into report.html.",
    "TerminateOnNaN": "Leave it out: fit stops at the first loss that is not finite, and names step and layer.",
}


def stand_in(page: str, name: str) -> type:
    """A class of that name that refuses to be made; raises AttributeError for a name Keras does not have either."""
    if name not in INSTEAD:
        raise AttributeError(f"module '{page}' has no attribute '{name}'")

    def refuse(self: Any, *args: Any, **kwargs: Any) -> None:
        raise ArgumentError(f"{name} is not part of Pellucid. {INSTEAD[name]}")

    return type(name, (), {"__init__": refuse, "__doc__": f"Not part of Pellucid. {INSTEAD[name]}"})
