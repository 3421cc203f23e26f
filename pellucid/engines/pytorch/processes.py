"""The processes of one run and what passes between them: sums over all, and what the first has to tell.

torch.distributed carries it: gloo between CPUs, nccl between GPUs. Messages are JSON, so nothing is pickled. Every
process must make the same calls in the same order; when one has ended, the calls of the others raise TrainingError.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.rendezvous import rendezvous

from pellucid.engines.launch import Launch
from pellucid.errors import TrainingError, UsageError

SAID, PATIENCE = "pellucid/said", 2.0  # a key of the store, and the seconds that the first process has to speak first


class Processes:
    """This process among the others; made by `joined`."""

    def __init__(self, launch: Launch, store: Any) -> None:
        self.launch, self.store = launch, store

    @property
    def first(self) -> bool:
        """Whether this is the one that prints and writes."""
        return self.launch.rank == 0

    def add(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Each tensor summed over all processes, which get the same bits; they travel as one."""
        if not tensors:
            return []
        flat = torch.cat([tensor.detach().reshape(-1) for tensor in tensors])
        with lost_told():
            dist.all_reduce(flat)
        parts = torch.split(flat, [tensor.numel() for tensor in tensors])
        return [part.view(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]

    def add_numbers(self, numbers: Sequence[float]) -> list[float]:
        """Each number summed over all processes, in float64."""
        summed: list[float] = self.add([torch.tensor(numbers, dtype=torch.float64)])[0].tolist()
        return summed

    def gather(self, tensor: Tensor) -> Tensor:
        """The tensors of all processes (P, ...), in the order of their ranks."""
        rows = [torch.empty_like(tensor) for _ in range(self.launch.count)]
        with lost_told():
            dist.all_gather(rows, tensor.contiguous())
        return torch.stack(rows)

    def take_firsts(self, tensors: Sequence[Tensor]) -> None:
        """Overwrite each tensor by the first process's."""
        with lost_told(), torch.no_grad():
            for tensor in tensors:
                whole = tensor.contiguous()
                dist.broadcast(whole, 0)
                tensor.copy_(whole)

    def tell(self, message: Any = None) -> Any:
        """What the first process has to say, JSON-ready; the others call without a message and get it."""
        text = torch.frombuffer(bytearray(json.dumps(message).encode()), dtype=torch.uint8)
        size = torch.tensor([len(text)])
        with lost_told():
            dist.broadcast(size, 0)
            held = text if self.first else torch.empty(int(size), dtype=torch.uint8)
            dist.broadcast(held, 0)
        return json.loads(bytes(held.tolist()))

    def speaks(self) -> bool:
        """Whether this process is the one to say why the run ended: the first that asks.

        What went wrong everywhere is the first process's to say, so the others leave it some time.
        """
        try:
            until = time.monotonic() + (0 if self.first else PATIENCE)
            while time.monotonic() < until and not self.store.check([SAID]):
                time.sleep(0.05)
            return bool(self.store.add(SAID, 1) == 1)
        except RuntimeError:  # the keeper of the store has gone, and with it the one that spoke
            return self.first


@contextmanager
def joined(launch: Launch) -> Iterator[Processes]:
    """The processes of this launch, once all are there; raises UsageError when they cannot find one another."""
    try:
        store, rank, count = next(rendezvous("env://"))
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() and dist.is_nccl_available() else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=count)
    except (RuntimeError, ValueError) as fault:
        words = " ".join(str(fault).split())
        fault_of_all = f"the {launch.count} processes cannot find one another: {words}"
        raise UsageError(f"{fault_of_all}. Start them with torchrun.") from fault
    yield Processes(launch, store)
    dist.destroy_process_group()  # not after a fault: the others may be gone, and nccl would wait for them


@contextmanager
def lost_told() -> Iterator[None]:
    """Turn a call that found another process gone into a TrainingError."""
    try:
        yield
    except RuntimeError as fault:
        raise TrainingError("another process of this run has ended, and it cannot go on without.") from fault
