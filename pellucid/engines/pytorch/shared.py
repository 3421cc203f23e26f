"""The PyTorch engine as one of several processes, each with a share of every batch: all end with the same weights.

Gradients are those of sums over counts of the whole batch, added up over the processes. torch's own
DistributedDataParallel is not used: it averages over processes, which is wrong for uneven shares and masks, and it
hangs on the `.grad` of a Module, where this engine takes autograd.grad of plain tensors.

Every process must call forward (training), grad and reduce in the same order; one without a sample takes part too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from pellucid.engines.protocol import Arrays, Batch, Given, Gradients, Objective, Run, Sums
from pellucid.engines.pytorch.engine import PyTorchEngine
from pellucid.engines.pytorch.processes import Processes
from pellucid.errors import ArgumentError, describe
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan


class SharedEngine(PyTorchEngine):
    """`sync_batch_norm`: batch norm over the whole batch; else over the share of each process."""

    def __init__(
        self, processes: Processes, precision: str = "float32", device: str = "auto", *, sync_batch_norm: bool = False
    ) -> None:
        launch = processes.launch
        if device != "cpu" and torch.cuda.is_available():
            if launch.local_count > torch.cuda.device_count():
                got = f"{torch.cuda.device_count()} for {launch.local_count} processes"
                remedy = "Start fewer processes, or pass device='cpu'."
                raise ArgumentError(describe("PyTorchEngine", "device", "one GPU for each process", got, remedy))
            torch.cuda.set_device(launch.local_rank)
        super().__init__(precision, device)
        self.others, self.processes = processes, launch.count
        self.company = processes if sync_batch_norm else None
        self.blocks = False  # a pass that one process makes twice would leave the others waiting

    def _run(self, graph: Graph, given: Given) -> Run:
        """As for one process; noise is each process's own, moving statistics are the same in all."""
        if given.training and given.key is not None:
            given = replace(given, key=given.key.fold("process", self.others.launch.rank))
        run = super()._run(graph, given)
        if given.training and self.company is None:
            run.state = self._averaged(run)
        return run

    def _averaged(self, run: Run) -> Arrays:
        """Moving statistics of trained layers, averaged over the processes by the samples that each has seen."""
        steps = [step for step in plan(run.graph).steps if not step.frozen]
        keys = sorted({key for step in steps for _, key in step.weights if key in run.state})
        if not keys:
            return run.state
        samples = len(next(iter(run.outputs.values())))
        weighed = [self._native(run.state[key]) * samples for key in keys]
        *added, total = self.others.add([*weighed, weighed[0].new_full((), samples)])
        return {**run.state, **{key: value / total for key, value in zip(keys, added, strict=True)}}

    def grad(self, objective: Objective, run: Run, batch: Batch, *, wrt: Sequence[str]) -> tuple[Sums, Gradients]:
        """Sums and weight gradients of the whole batch; those of inputs and taps are of this process's share."""
        sums, own = super().grad(objective, run, batch, wrt=wrt)
        added = self.others.add([value.to(self.dtype) for value in own.parameters.values()])  # never in bfloat16
        return sums, replace(own, parameters=dict(zip(own.parameters, added, strict=True)))

    def reduce(self, sums: Sums) -> Sums:
        """Sums over all processes, which must have the same names."""
        flat = self.others.add_numbers([number for pair in sums.values() for number in pair])
        return {name: (flat[2 * at], flat[2 * at + 1]) for at, name in enumerate(sums)}
