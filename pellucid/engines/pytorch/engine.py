"""The PyTorch engine: walks a plan forwards with torch calls; autograd walks it backwards.

A training run keeps autograd's notes; a prediction keeps only what it hands out, and is gone through once more when a
gradient is asked of it. Weights are leaves that share memory with the given tensors, so that updates work in place. In
bfloat16 a layer's weights are narrowed where the layer reads them, and their gradients widened where they are made,
while they are in the cache; batch norm takes its weights and statistics as they are stored.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from pellucid.engines.entering import entering
from pellucid.engines.protocol import UNSCALED, Again, Array, Arrays, Batch, Given, Gradients, Objective, Run, Sums
from pellucid.engines.pytorch import (  # noqa: F401  (importing a family enters its arithmetic)
    activations,
    colors,
    convolution,
    images,
    mixing,
    moving,
    noisy,
    normalization,
    operations,
    pooling,
    quantized,
    reshaping,
)
from pellucid.engines.pytorch.arithmetic import Context, arithmetic_of
from pellucid.engines.pytorch.blocked import ON_BLOCKS, can_block, hides_nan, into_blocks, out_of_blocks
from pellucid.engines.pytorch.constraints import constrain
from pellucid.engines.pytorch.device import device_named, exact, memory_for, precision_named, say_that_bfloat16_is_slow
from pellucid.engines.pytorch.objective import total_of
from pellucid.engines.pytorch.order import order_of
from pellucid.engines.pytorch.rules import clipped, move, parts_of
from pellucid.engines.pytorch.transfer import WIDTHS, array_of, in_memory_order, laid_out, like, tensor_of
from pellucid.engines.reading import once, tap_value, trainable, value_named, weights_of
from pellucid.engines.walker import Walked, Walker
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan
from pellucid.spec.constraints import Constraint
from pellucid.spec.normalization import BatchNormalization
from pellucid.spec.optimizers import OptimizerSpec

if TYPE_CHECKING:
    from pellucid.engines.pytorch.processes import Processes


@dataclass
class Tape(Walked):
    """One forward pass; `leaves` are the weights by key, `differentiable` while autograd's notes are there.

    `blocked` are the values that lie in blocks; they are opaque tensors, all others (N,...,C).
    """

    leaves: dict[str, Tensor] = field(default_factory=dict)
    differentiable: bool = False
    blocked: frozenset[int] = frozenset()


class PyTorchEngine(Walker):
    """torch on a CPU or a GPU. `bfloat16` computes layers in it; weights, slots and losses stay float32."""

    name = "pytorch"
    company: Processes | None = None  # whose batches count as one to batch norm

    def __init__(self, precision: str = "float32", device: str = "auto") -> None:
        self.dtype, self.compute = precision_named(precision)
        self.width = WIDTHS[self.dtype]
        self.place = device_named(device)
        self.precision, self.device = precision, self.place.type
        self.blocks = can_block(self.place, self.compute)
        if self.compute == torch.bfloat16 and self.device == "cpu":
            say_that_bfloat16_is_slow()

    def put(self, host: Arrays, scales: Mapping[str, float] = UNSCALED) -> dict[str, Tensor]:
        """Copies on the device. Names with a slash are weights and slots, which lie as torch's kernels want them."""
        samples = max((len(value) for name, value in host.items() if "/" not in name), default=0)
        with memory_for(samples):
            found = super().put(host, scales)
        return {name: laid_out(value) if "/" in name else value for name, value in found.items()}

    def _native(self, value: Array) -> Tensor:
        return tensor_of(value, self.dtype, self.place)

    def _scaled(self, value: Tensor, factor: float) -> Tensor:
        return value * factor  # on the device, in float32: to the bits that the host would have made

    def _filled(self, value: Tensor, start: float) -> Tensor:
        return torch.full_like(value, start)

    def _finite(self, value: Tensor) -> bool:
        return math.isfinite(value.sum()) or bool(torch.isfinite(value).all())  # a sum may overflow, but hides nothing

    def _handed_out(self, value: Tensor) -> Tensor:
        return value.detach()

    def repeated(self, graph: Graph, weights: Mapping[str, np.ndarray]) -> Again | None:
        """On a CPU in float32, for one input and one output."""
        if self.device != "cpu" or not self.dtype == self.compute == torch.float32 or self.company is not None:
            return None
        from pellucid.engines.pytorch.repeated import Repeated  # few predictions are made over and over

        return Repeated(graph, weights) if Repeated.fits(graph, weights) else None

    def get(self, native: Arrays) -> dict[str, np.ndarray]:
        """C-contiguous NumPy arrays; bfloat16, which NumPy lacks, as float32."""
        return {name: array_of(value) for name, value in native.items()}

    def _walk(self, graph: Graph, given: Given, *, keep: bool, blocks: bool = True) -> Tape:
        todo, trained = plan(graph), trainable(graph)
        tape = Tape(given, {}, {name: self._native(value) for name, value in given.state.items()})
        tape.leaves = tape.state | {name: self._native(value) for name, value in given.params.items()}
        if keep:
            tape.leaves = {name: own.data.requires_grad_(name in trained) for name, own in tape.leaves.items()}
        for name, number in todo.inputs.items():
            x = self._native(entering(name, given.inputs, todo.input_shapes[name])).to(self.place, self.compute)
            tape.values[number] = x.detach().requires_grad_(keep)
        samples = len(next(iter(tape.values.values())))
        with torch.enable_grad() if keep else torch.inference_mode(), exact(self.place), memory_for(samples):
            self._steps(graph, tape, keep, blocks=blocks and self.blocks and given.training and samples > 0)
        tape.differentiable = keep
        return tape

    def _steps(self, graph: Graph, tape: Tape, keep: bool, *, blocks: bool = False) -> None:
        todo, values, given = plan(graph), tape.values, tape.given
        tapped = {tap_value(todo, tap) for tap in given.taps}
        entered = frozenset(todo.inputs.values())
        order = order_of(todo, tapped) if tapped else once(graph, "_order", lambda g: order_of(plan(g), frozenset()))
        tape.blocked = order.blocked if blocks else frozenset()
        for step, last_read in zip(order.steps, order.last_reads, strict=True):
            width = self.dtype if isinstance(step.spec, BatchNormalization) else self.compute
            own = weights_of(step, tape.leaves) if step.weights else {}
            for name, value in own.items():
                if value.dtype != width:
                    own[name] = value.to(width)
            training = given.training and not step.predicting
            context = Context(step, training, given.key, self.company, self.compute, self.place)
            rows = [values[number] for number in step.inputs]
            if step.output in tape.blocked:
                y = ON_BLOCKS[type(step.spec)](step.spec, [into_blocks(x) for x in rows], own, context)
            else:
                plain = [out_of_blocks(x) for x in rows] if tape.blocked else rows
                y = arithmetic_of(step.spec)(step.spec, plain, own, context)
            values[step.output] = y.view_as(y) if keep and any(y is x for x in rows) else y
            for name, value in context.state.items():
                tape.state[dict(step.weights)[name]] = value.to(self.dtype)
            for number in last_read:  # what the way back reads, autograd keeps; others can lie where this lay
                if number not in tapped and not (keep and number in entered):
                    del values[number]

    def _differentiable(self, run: Run) -> Tape:
        """The run's tape; a prediction's, or one that a gradient has used up, is made once more."""
        if not run.tape.differentiable:
            run.tape = self._walk(run.graph, run.tape.given, keep=True)
        tape: Tape = run.tape
        return tape

    def vjp(self, run: Run, cotangents: Arrays, *, wrt: Sequence[str]) -> Gradients:
        """Gradients of sum(cotangent * value) over outputs or taps by name."""
        todo, tape = plan(run.graph), self._differentiable(run)
        ends, seeds = [], []
        for name, value in cotangents.items():
            end = tape.values[value_named(todo, name)]
            ends.append(end)
            seeds.append(self._native(value).to(end.device, end.dtype))
        found = self._backward(run, tape, ends, seeds, wrt, keep=True)
        return self.vjp(run, cotangents, wrt=wrt) if self._made_plainly(run, found) else found

    def grad(self, objective: Objective, run: Run, batch: Batch, *, wrt: Sequence[str]) -> tuple[Sums, Gradients]:
        """Sums and gradients of the objective, penalties included; autograd's notes are used up."""
        tape = self._differentiable(run)
        with torch.enable_grad(), memory_for(self._samples(run)):
            total = total_of(objective, run.graph, tape.values, tape.leaves, batch)
            sums = self.reduce(total.sums())
            loss = total.loss(sums)
        found = self._backward(run, tape, [loss], [torch.ones_like(loss)], wrt, keep=False)
        return self.grad(objective, run, batch, wrt=wrt) if self._made_plainly(run, found) else (sums, found)

    def _made_plainly(self, run: Run, found: Gradients) -> bool:
        """Whether the pass had to be made once more without blocks, for these had hidden what is not finite."""
        steps = plan(run.graph).steps if run.tape.blocked else ()
        kernels = {key for step in steps if step.output in run.tape.blocked for _, key in step.weights}
        if not hides_nan([value for key, value in found.parameters.items() if key in kernels]):
            return False
        run.tape = self._walk(run.graph, run.tape.given, keep=True, blocks=False)
        run.outputs, run.taps = self._shown(run.graph, run.tape)
        run.state = run.tape.state
        return True

    def measure(self, objective: Objective, run: Run, batch: Batch) -> Sums:
        """Sums of the objective."""
        with torch.no_grad():
            return total_of(objective, run.graph, run.tape.values, run.tape.leaves, batch).sums()

    def _samples(self, run: Run) -> int:
        return len(next(iter(run.outputs.values())))

    def _backward(
        self, run: Run, tape: Tape, ends: list[Tensor], seeds: list[Tensor], wrt: Sequence[str], *, keep: bool
    ) -> Gradients:
        todo, trained = plan(run.graph), trainable(run.graph)
        wanted: dict[tuple[str, str], Tensor] = {}
        if "parameters" in wrt:
            wanted |= {("parameters", key): tape.leaves[key] for key in run.graph.weights if key in trained}
        if "inputs" in wrt:
            wanted |= {("inputs", name): tape.values[number] for name, number in todo.inputs.items()}
        if "taps" in wrt:
            wanted |= {("taps", tap): tape.values[tap_value(todo, tap)] for tap in run.taps}
        found = Gradients()
        pairs = [(end, seed) for end, seed in zip(ends, seeds, strict=True) if end.requires_grad]
        values: Sequence[Tensor | None] = [None] * len(wanted)
        if pairs and wanted:
            with torch.enable_grad(), exact(self.place), memory_for(self._samples(run)):
                # of one number, as torch imports a library for algebra, half a second, where it is given cotangents
                whole = [(end * seed).sum() for end, seed in pairs]
                values = torch.autograd.grad(whole, list(wanted.values()), retain_graph=keep, allow_unused=True)
            tape.differentiable = keep
        for ((kind, name), leaf), gradient in zip(wanted.items(), values, strict=True):
            if gradient is not None:
                getattr(found, kind)[name] = gradient
            elif kind == "parameters":
                found.parameters[name] = torch.zeros_like(leaf)
        return found

    def update(
        self, rule: OptimizerSpec, params: Arrays, grads: Arrays, slots: Arrays, step: int, *, rate: float
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Move every weight that has a gradient, in place."""
        for part, share, keys in parts_of(rule, {key: tuple(params[key].shape) for key in grads}):
            own = {slot: [slots[f"{key}/{slot}"] for key in keys] for slot in part.slots}
            weights = [params[key] for key in keys]
            given = like(weights, [self._native(grads[key]) for key in keys])
            shrinking = [params[key] for key in keys if part.decays(key)]
            move(part, weights, given, own, step + 1, (rate, rate * share), shrinking)
        return dict(params), dict(slots)

    def clipped(self, rule: OptimizerSpec, grads: Arrays) -> dict[str, Tensor]:
        """The gradients as the rule's clipping leaves them."""
        return clipped(rule, {key: self._native(gradient) for key, gradient in grads.items()})

    def combined(self, first: Arrays, a: float, second: Arrays, b: float) -> dict[str, Tensor]:
        """a * first + b * second, array by array, in the place of the first."""
        own = list(first.values())
        if own:
            other = like(own, [self._native(second[key]) for key in first])
            torch._foreach_mul_(in_memory_order(own), a)
            torch._foreach_add_(in_memory_order(own), in_memory_order(other), alpha=b)
        return dict(first)

    def constrained(self, bounds: Mapping[str, Constraint], params: Arrays) -> dict[str, Tensor]:
        """The weights that have a constraint, brought back in place."""
        for key, bound in bounds.items():
            constrain(bound, params[key])
        return {key: params[key] for key in bounds}

    def copies(self, native: Arrays) -> dict[str, Tensor]:
        """The arrays as they are now."""
        return {name: self._native(value).clone() for name, value in native.items()}

    def moved(self, before: Arrays, after: Arrays) -> dict[str, tuple[float, float]]:
        """(sum of squares of the change, sum of squares before) of each array; one transfer for all."""
        if not after:
            return {}
        old = in_memory_order([before[name] for name in after])
        change = torch._foreach_sub(in_memory_order(list(after.values())), old)
        squares = torch.stack([(x * x).sum() for x in (*change, *old)]).tolist()
        return dict(zip(after, zip(squares[: len(old)], squares[len(old) :], strict=True), strict=True))
