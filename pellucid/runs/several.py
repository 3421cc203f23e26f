"""A run in several processes: the first tells the others what to do, and they keep step with it and write nothing.

    first    settings -> ... -> beginning (position, history, memories), weights and slots -> learns, writes, reports
    others   settings -> ... -> beginning (position, history, memories), weights and slots -> learn
Only the first touches the run folder; the data must be readable for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.order import Share
from pellucid.engines.protocol import Engine
from pellucid.errors import DataError, UsageError, describe
from pellucid.runs.config import RunConfig
from pellucid.runs.networks import sha256_of_model
from pellucid.training.events import Position

if TYPE_CHECKING:
    from pellucid.engines.pytorch.processes import Processes
    from pellucid.runs.prepared import Beginning, Prepared


def shared_engine(engine: Engine, config: RunConfig, processes: Processes) -> Engine:
    """The engine of this process among the others.

    Raises UsageError for the reference engine, and for a batch too small to give every process a sample.
    """
    count = processes.launch.count
    if engine.name != "pytorch":
        raise UsageError(
            f"train: {count} processes share the work on the PyTorch engine only. Pass --engine pytorch, or start "
            "one process without torchrun."
        )
    if config.batch_size < count:
        wanted, remedy = f"{count} or more for {count} processes", "It is the batch of all processes together."
        raise UsageError(describe("train", "--batch-size", wanted, config.batch_size, remedy))
    from pellucid.engines.pytorch.shared import SharedEngine

    return SharedEngine(processes, config.precision, config.device, sync_batch_norm=config.sync_batch_norm)


def alone(prepared: Prepared) -> Prepared:
    """The same for this process by itself: whole batches, on an engine that waits for no other."""
    if prepared.processes is None:
        return prepared
    from pellucid.engines.pytorch.engine import PyTorchEngine

    config = prepared.config
    return replace(
        prepared, engine=PyTorchEngine(config.precision, config.device), batches=prepared.batches.whole(),
        processes=None,
    )


def share_of(processes: Processes | None) -> Share:
    """This process's part of every batch; all of it when there is no other."""
    return Share() if processes is None else Share(processes.launch.rank, processes.launch.count)


def tell_settings(processes: Processes | None, config: RunConfig, engine: Engine) -> None:
    """From the first process: the settings, with the engine that 'auto' chose, and what was typed for a task.

    The data have not been asked for the task yet, so these are words that stand in no list.
    """
    if processes is not None:
        typed = dict(config.own) if isinstance(config.own, Mapping) else {}
        general = replace(config, engine=engine.name, own=None if typed else config.own)
        processes.tell({"settings": general.to_json(), "typed": typed})


def hear_settings(processes: Processes) -> RunConfig:
    """In the others."""
    told = processes.tell()
    return RunConfig.from_json(told["settings"], "what the first process tells").changed(**told["typed"])


def tell_beginning(prepared: Prepared, threads: int, memories: dict[str, Any], begun: Beginning) -> None:
    """From the first process: where all begin."""
    if prepared.processes is None:
        return
    clock = begun.state["clock"]
    prepared.processes.tell({
        "fingerprint": prepared.dataset.fingerprint,
        "model_sha256": sha256_of_model(prepared.config),
        "threads": threads,
        "position": begun.position.to_json(),
        "history": begun.history,
        "stop": begun.stop,
        "memories": memories,
        "clock": {"step": int(clock["step"]), "rate_factor": float(clock["rate_factor"])},
    })
    take_weights(prepared, begun)


def hear_beginning(prepared: Prepared, processes: Processes) -> dict[str, Any]:
    """In the others, after `prepare`; raises DataError when this process reads other data than the first."""
    told: dict[str, Any] = processes.tell()
    config = prepared.config
    for what, own, name in (("fingerprint", prepared.dataset.fingerprint, config.data),
                            ("model_sha256", sha256_of_model(config), config.model)):  # fmt: skip
        if told[what] != own:
            raise DataError(f"{name} is not the same here as for the first process. Copy it from there.")
    return told


def begin_as_told(begun: Beginning, told: dict[str, Any]) -> None:
    """Put what the first process told into a fresh beginning."""
    begun.position, begun.history, begun.stop = Position.from_json(told["position"]), told["history"], told["stop"]
    step, factor = told["clock"]["step"], told["clock"]["rate_factor"]
    begun.state["clock"] = {"step": np.asarray(step, np.int64), "rate_factor": np.asarray(factor, np.float64)}


def take_weights(prepared: Prepared, begun: Beginning) -> None:
    """In all: weights, moving statistics and slots become those of the first process."""
    assert prepared.processes is not None, "asked for only where there are other processes"
    arrays = [part for name, part in sorted(begun.state.items()) if name != "clock"]
    prepared.processes.take_firsts([part[name] for part in arrays for name in sorted(part)])


def firsts(processes: Processes | None, array: np.ndarray) -> np.ndarray:
    """The first process's array, in all; the array itself when there is no other."""
    if processes is None:
        return array
    import torch

    taken = torch.from_numpy(array.copy())
    processes.take_firsts([taken])
    return taken.numpy()
