"""The PyTorch engine with its training step as one compiled function: forward, loss and backward by TorchInductor.

A network of small dense layers waits longer for Python than for arithmetic; one call a step ends that. Networks with
convolutions lose by it (docs/pytorch.md has the figures), so they are left as they are.

Whole     a step is traced once for each size of batch, down to torch's basic operations, and compiled; the update of
          the weights stays torch's fused kernel
Else      convolutions, pooling, layers that draw noise, sample weights, masks, taps, predictions, and a machine that
          cannot compile (no C++ compiler): the engine's usual way, one operation after another
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch._inductor import compile as compile_traced
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from pellucid.engines.entering import entering
from pellucid.engines.protocol import UNSCALED, Array, Arrays, Batch, Given, Gradients, Objective, Run, Sums
from pellucid.engines.pytorch.device import exact, memory_for
from pellucid.engines.pytorch.engine import PyTorchEngine, Tape
from pellucid.engines.pytorch.objective import total_of
from pellucid.engines.pytorch.transfer import tensor_of
from pellucid.engines.reading import once, trainable
from pellucid.engines.targets import target_of
from pellucid.errors import PellucidError
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan
from pellucid.spec.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D
from pellucid.spec.pooling import Pooling2D

LOG = logging.getLogger("pellucid")
UNFIT = (Conv2D, Conv2DTranspose, DepthwiseConv2D, Pooling2D)  # slower compiled

Tensors = list[Tensor]


class Later(Run):
    """A run that is computed only when somebody looks at it; a compiled step hands in what it found itself."""

    def __init__(self, graph: Graph, given: Given, compute: Callable[[], Run]) -> None:
        self.graph, self.given, self._compute = graph, given, compute

    def __getattr__(self, name: str) -> Any:
        if name not in ("outputs", "state", "taps", "tape"):
            raise AttributeError(name)
        for part, value in vars(self._compute()).items():
            self.__dict__.setdefault(part, value)
        return self.__dict__[name]


@dataclass
class Labels:
    """The targets of a batch as tensors, checked; a Batch to the objective."""

    targets: Mapping[str, Array]
    inputs: Arrays = field(default_factory=dict)
    weights: Arrays = field(default_factory=dict)
    masks: Arrays = field(default_factory=dict)
    scales: Mapping[str, float] = field(default_factory=lambda: UNSCALED)


class CompiledEngine(PyTorchEngine):
    """PyTorchEngine, whose training steps are compiled where that can be done."""

    def __init__(self, precision: str = "float32", device: str = "auto") -> None:
        super().__init__(precision, device)
        self._known: dict[Any, WholeStep] = {}
        self._works = True
        self._said = False

    def _run(self, graph: Graph, given: Given) -> Run:
        """A training run is put off until `grad` has compiled it with its loss, or somebody looks at it."""
        now = partial(super()._run, graph, given)
        if not self._works or not given.training or given.taps or once(graph, "_unfit", self._said_unfit):
            return now()
        for name, shape in plan(graph).input_shapes.items():
            entering(name, given.inputs, shape)
        return Later(graph, given, now)

    def grad(self, objective: Objective, run: Run, batch: Batch, *, wrt: Sequence[str]) -> tuple[Sums, Gradients]:
        """Sums and gradients, from one call of the compiled step where the run has not been looked at."""
        plain = not (batch.weights or batch.masks or getattr(batch, "mix", None)) and tuple(wrt) == ("parameters",)
        if not isinstance(run, Later) or "tape" in vars(run) or not plain:
            return super().grad(objective, run, batch, wrt=wrt)
        given, graph = run.given, run.graph
        samples = len(next(iter(given.inputs.values())))
        labels = self._labels(objective, graph, batch, samples)
        inputs = [self._native(given.inputs[name]).to(self.place) for name in plan(graph).inputs]
        size = (id(graph), id(objective), *((x.shape, x.dtype) for x in (*inputs, *labels.values())))
        held = {**given.state, **given.params}
        with torch.no_grad(), exact(self.place), memory_for(samples):
            step = self._known.get(size) or WholeStep(self, graph, objective, tuple(labels))
            arguments = step.arguments({name: self._native(value) for name, value in held.items()}, inputs, labels)
            if size not in self._known and not self._compiled(step, arguments):
                return super().grad(objective, run, batch, wrt=wrt)
            self._known[size] = step
            gradients, sums, state = step.run(arguments)
        run.state = {**given.state, **dict(zip(step.state, state, strict=True))}
        found = {name: (sum_, count) for sum_, (name, count) in zip(sums.tolist(), step.counts.items(), strict=True)}
        return found, Gradients(dict(zip(step.trained, gradients, strict=True)))

    def _said_unfit(self, graph: Graph) -> bool:
        """Whether compiling the graph does not pay, which is said once."""
        first = next((step.label for step in plan(graph).steps if step.spec.noisy or isinstance(step.spec, UNFIT)),
                     None)
        if first is not None and not self._said:
            self._said = True
            LOG.info("The steps are not compiled: that pays for networks of dense layers, and here is %s.", first)
        return first is not None

    def _labels(self, objective: Objective, graph: Graph, batch: Batch, samples: int) -> dict[str, Tensor]:
        """The targets by name, in the form that their losses read."""
        found = {name: np.asarray(value) for name, value in batch.targets.items()}
        for term in objective.terms:
            sizes = (size or 0 for size in graph.output_shapes[term.output])  # all known, without convolutions
            found[term.target] = target_of(term, (samples, *sizes), batch)
        return {name: tensor_of(value, self.dtype, self.place) for name, value in found.items()}

    def _compiled(self, step: WholeStep, arguments: tuple[Tensors, ...]) -> bool:
        """Whether the step could be compiled; a machine that cannot goes on without, and says so once."""
        try:
            step.compile(arguments)
        except (PellucidError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # whatever goes wrong in a compiler is no reason to stop a training
            self._works = False
            LOG.warning("The step is not compiled here: %s. Going on without.", str(error).strip().splitlines()[0])
        return self._works


class WholeStep:
    """Forward, loss and backward of one size of batch, as a function of tensors alone."""

    def __init__(self, engine: PyTorchEngine, graph: Graph, objective: Objective, targets: tuple[str, ...]) -> None:
        self.engine, self.graph, self.objective, self.targets = engine, graph, objective, targets
        self.trained = [name for name in graph.weights if name in trainable(graph)]
        self.fixed = [name for name in graph.weights if name not in trainable(graph)]
        self.counts: dict[str, float] = {}  # of each sum; known once the step was traced, as `state` is
        self.state: list[str] = []
        self._compiled: Callable[..., Sequence[Tensor]] | None = None

    def arguments(self, held: Arrays, inputs: Tensors, labels: Mapping[str, Tensor]) -> tuple[Tensors, ...]:
        """What the step is called with: trained weights, other weights and statistics, inputs, targets."""
        return [held[name] for name in self.trained], [held[name] for name in self.fixed], inputs, [*labels.values()]

    def compile(self, arguments: tuple[Tensors, ...]) -> None:
        """Trace the step down to torch's basic operations, compile them, and try.

        What is traced needs no watching for changes, so it goes to the compiler itself: torch.compile's own layers
        around each call cost about a tenth of a small network's step.
        """
        flat, form = tree_flatten(arguments)

        def step(*tensors: Tensor) -> Tensors:
            return tree_leaves(self._step(*tree_unflatten(list(tensors), form)))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what torch says about its own parts
            self._compiled = compile_traced(make_fx(step)(*flat), flat)
        self.run(arguments)

    def run(self, arguments: tuple[Tensors, ...]) -> tuple[Sequence[Tensor], Tensor, Sequence[Tensor]]:
        """Gradients, sums and new moving statistics."""
        assert self._compiled is not None
        found = self._compiled(*chain.from_iterable(arguments))
        own = len(self.trained)
        return found[:own], found[own], found[own + 1 :]

    def _step(
        self, weights: Tensors, others: Tensors, inputs: Tensors, labels: Tensors
    ) -> tuple[Tensors, Tensor, Tensors]:
        """As `run`, one operation after another; what is traced."""
        todo = plan(self.graph)
        leaves = [weight.detach().requires_grad_() for weight in weights]
        narrowed = [x.to(self.engine.compute) for x in inputs]
        tape = Tape(Given({}, {}, {}, True, None, ()), dict(zip(todo.inputs.values(), narrowed, strict=True)), {})
        tape.leaves = dict(zip(self.trained, leaves, strict=True)) | dict(zip(self.fixed, others, strict=True))
        with torch.enable_grad():
            self.engine._steps(self.graph, tape, keep=True)
            batch = Labels(dict(zip(self.targets, labels, strict=True)))
            total = total_of(self.objective, self.graph, tape.values, tape.leaves, batch)
            sums, self.counts = total.in_one()
            loss = total.loss({name: (0.0, count) for name, count in self.counts.items()})
            gradients = torch.autograd.grad(loss, leaves, allow_unused=True)
        self.state = list(tape.state)
        found = [torch.zeros_like(w) if g is None else g for w, g in zip(weights, gradients, strict=True)]
        return found, sums, [value.detach() for value in tape.state.values()]
