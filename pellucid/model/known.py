"""Tensors whose numbers are known: what a train_step calculates with pellucid.ops, and the gradients of it.

A tape enters arrays as sources of one small graph; every axis counts, the samples' too. Whoever asks a tensor for its
numbers (float, numpy, if) has the graph run up to there; gradients go back through it to the sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.engines.protocol import Engine
from pellucid.errors import ArgumentError
from pellucid.graph.build import build
from pellucid.graph.calculating import TAPES
from pellucid.graph.graph import Graph
from pellucid.graph.layer import Tensor
from pellucid.graph.traced import entered


class Known(Tensor):
    """A source: a tensor with numbers, which answers as an array does where a tensor has no such method."""

    array: np.ndarray

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "array" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.array, name)


@dataclass
class Tape:
    """What is calculated in one step."""

    engine: Engine
    sources: dict[Any, Known] = field(default_factory=dict)  # by their calls
    known: dict[tuple[Any, int], np.ndarray] = field(default_factory=dict)  # what was asked for

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Tensors are asked here for their numbers."""
        TAPES.append(self)
        try:
            yield
        finally:
            TAPES.remove(self)

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Around code of ours that makes graphs of its own."""
        held, TAPES[:] = list(TAPES), []
        try:
            yield
        finally:
            TAPES[:] = held

    def enter(self, value: Any, kind: type[Known] = Known, **told: Any) -> Known:
        """A tensor for these numbers, without a batch axis; `told` are further attributes of its kind."""
        array = np.asarray(value)
        plain = entered(tuple(array.shape))
        tensor = kind(plain.call, plain.index, plain.sizes, batched=False)
        vars(tensor).update(array=array, **told)
        self.sources[plain.call] = tensor
        return tensor

    def numbers(self, tensor: Tensor) -> np.ndarray:
        """The numbers of a tensor."""
        if tensor.call in self.sources:
            return self.sources[tensor.call].array
        place = (tensor.call, tensor.index)
        if place not in self.known:
            used, graph = self._graph_of(tensor)
            run = self.engine.forward(graph, {}, {}, self._given(used, graph), training=True)
            self.known[place] = np.asarray(next(iter(self.engine.get(run.outputs).values()))[0])
        return self.known[place]

    def gradients(self, tensor: Tensor) -> list[tuple[Known, np.ndarray]]:
        """The sources that one number was made of, each with its gradient."""
        if tensor.call in self.sources:
            return [(self.sources[tensor.call], np.ones(self.sources[tensor.call].array.shape, np.float32))]
        used, graph = self._graph_of(tensor)
        run = self.engine.forward(graph, {}, {}, self._given(used, graph), training=True)
        name, value = next(iter(self.engine.get(run.outputs).items()))
        found = self.engine.vjp(run, self.engine.put({name: np.ones_like(value)}), wrt=("inputs",)).inputs
        host = self.engine.get(found)
        return [(source, host[word][0]) for source, word in zip(used, graph.input_shapes, strict=True) if word in host]

    def _given(self, used: list[Known], graph: Graph) -> dict[str, Any]:
        named = zip(graph.input_shapes, used, strict=True)
        return self.engine.put({word: np.ascontiguousarray(source.array[None]) for word, source in named})

    def _graph_of(self, tensor: Tensor) -> tuple[list[Known], Graph]:
        """The sources that a tensor needs, and the graph between."""
        used: dict[Any, Known] = {}
        seen, waiting = set(), [tensor.call]
        while waiting:
            call = waiting.pop()
            if call in seen:
                continue
            seen.add(call)
            if call in self.sources:
                used[call] = self.sources[call]
            waiting += [before.call for before in call.inputs]
        end = Tensor(tensor.call, tensor.index, tensor.sizes)
        words = [f"source_{place}" for place in range(len(used))]
        graph = build(list(used.values()), [end], keys=(words, ["value"])).graph
        if graph.weights:
            first = next(iter(graph.weights))
            raise ArgumentError(f"train_step calls a layer with weights ('{first}') on what the model gave; they would "
                                "not be learnt. Put the layer into the model, as a second output.")  # fmt: skip
        return list(used.values()), graph
