"""A prediction made over and over: torch's calls one after another, with nothing looked up in between.

What      the calls of `plain_module` on weights of this moment, for pictures of few samples on a CPU in float32
Why       walking a graph costs a picture of 96 x 96 pixels as much time as half of its arithmetic
Layers    those of SAME, which the engine and `plain_module` compute by the same call of torch with the same arguments
Proof     the first answer is held against that of the walk all the same: one bit of difference, and it is not taken
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn

from pellucid.engines.protocol import Arrays
from pellucid.engines.pytorch.plain_module import plain_module
from pellucid.engines.pytorch.plain_parts import BatchNorm1d, BatchNorm2d
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan
from pellucid.spec.activations import ReLU, Softmax
from pellucid.spec.convolution import Conv2D
from pellucid.spec.dense import Dense
from pellucid.spec.layer import LayerSpec
from pellucid.spec.merging import Add, Concatenate
from pellucid.spec.moving import Permute, Slice
from pellucid.spec.normalization import BatchNormalization, Dropout
from pellucid.spec.pooling import MaxPooling2D
from pellucid.spec.reshaping import Flatten, Reshape, UpSampling2D, ZeroPadding2D
from pellucid.spec.shapes import Shape

MOST = 8    # samples at once; of more the arithmetic is what takes time
SAME = (Conv2D, BatchNormalization, ReLU, MaxPooling2D, Add, Concatenate, UpSampling2D, ZeroPadding2D, Flatten, Reshape,
        Permute, Slice, Dropout, Dense, Softmax)  # fmt: skip

Call = Callable[..., Any]
Answer = dict[str, np.ndarray]


class Repeated:
    """Answers of a graph with one input and one output, by weights that stay as they are."""

    def __init__(self, graph: Graph, weights: Mapping[str, np.ndarray]) -> None:
        self.graph, self.weights = graph, weights
        (self.entry, self.shape), (self.name,) = next(iter(graph.input_shapes.items())), graph.lasting
        self.is_map = len(graph.output_shapes[self.name]) == 3
        self.calls: Calls | None = None
        self.proven: bool | None = None

    @staticmethod
    def fits(graph: Graph, weights: Mapping[str, np.ndarray]) -> bool:
        """Whether there may be such answers."""
        one = len(graph.input_shapes) == len(graph.lasting) == 1
        todo = plan(graph)
        return (one and all(value.dtype == np.float32 for value in weights.values())
                and all(step.inputs and alike(step.spec, todo.shapes[step.inputs[0]]) for step in todo.steps))

    def answer(self, inputs: Arrays) -> Answer | None:
        """The output (N, ...) for an input (N, ...) by name; None for what it does not answer, or not yet."""
        return self.made(inputs) if self.proven else None

    def prove(self, inputs: Arrays, wanted: Answer) -> None:
        """Hold the first answer against the one that the walk gave, for inputs that it does answer."""
        if self.proven is not None or not self.takes(inputs):
            return
        try:
            self.calls = calls_of(plain_module(self.graph, self.weights, "again"))
            found = self.made(inputs)
            self.proven = found is not None and np.array_equal(found[self.name], wanted[self.name])
        except Exception:  # the walk has answered: whatever goes wrong here is no reason to stop
            self.proven = False
        if not self.proven:
            self.calls = None  # and its copies of the weights

    def takes(self, inputs: Arrays) -> bool:
        """Whether these are few samples of its size."""
        x = np.asarray(inputs[self.entry])
        return x.dtype == np.float32 and x.shape[1:] == self.shape and 0 < len(x) <= MOST

    def made(self, inputs: Arrays) -> Answer | None:
        """What the calls give, if all of it is finite."""
        if self.calls is None or not self.takes(inputs):
            return None
        x = torch.tensor(np.asarray(inputs[self.entry], order="C"))
        with torch.inference_mode():
            y = self.calls(x.permute(0, 3, 1, 2) if x.ndim == 4 else x)
            found = (y.permute(0, 2, 3, 1) if self.is_map else y).contiguous()
            finite = math.isfinite(found.sum()) or bool(torch.isfinite(found).all())
        return {self.name: found.numpy()} if finite else None


def alike(spec: LayerSpec, shape: Shape) -> bool:
    """Whether a layer on values of this shape is the same call in both, or copies or compares numbers alone."""
    if isinstance(spec, Conv2D):
        return spec.kernel_size != (1, 1) or spec.strides == (1, 1)   # the engine cuts what such windows skip
    if isinstance(spec, ReLU):
        return not spec.negative_slope and not spec.threshold
    return isinstance(spec, SAME) and (len(shape) == 1 or not isinstance(spec, Dense | Softmax))


@dataclass(frozen=True)
class Calls:
    """steps: calls, the places of the values that each takes, the place of its own, those nobody reads after it."""

    steps: Sequence[tuple[Call, tuple[int, ...], int, tuple[int, ...]]]
    places: int
    last: int

    def __call__(self, x: Tensor) -> Tensor:
        """What the last one gives."""
        values: list[Any] = [None] * self.places
        values[0] = x
        for call, taken, place, done in self.steps:
            values[place] = call(*[values[number] for number in taken])
            for number in done:
                values[number] = None
        found: Tensor = values[self.last]
        return found


def calls_of(module: fx.GraphModule) -> Calls:
    """The nodes of a module, without names."""
    nodes = [node for node in module.graph.nodes if node.op != "get_attr"]
    *body, end = nodes
    places = {node: number for number, node in enumerate(body)}
    last_read = {taken: node for node in nodes for taken in node.all_input_nodes}
    steps = []
    for node in body[1:]:
        read = [taken for taken in node.all_input_nodes if taken in places]
        done = tuple(places[taken] for taken in read if last_read[taken] is node)
        steps.append((call_of(module, node, read), tuple(places[taken] for taken in read), places[node], done))
    (last,) = end.all_input_nodes
    return Calls(steps, len(body), places[last])


def call_of(module: nn.Module, node: fx.Node, read: Sequence[fx.Node]) -> Call:
    """What a node does, as a function of the values that it reads."""
    if node.op == "call_module":
        return direct(module.get_submodule(str(node.target)))
    target: Any = node.target if node.op == "call_function" else partial(method, str(node.target))
    held = {name: attribute(module, str(name.target)) for name in node.all_input_nodes if name.op == "get_attr"}
    if not held and not node.kwargs and list(node.args[: len(read)]) == list(read):
        rest = node.args[len(read) :]
        if not any(isinstance(one, fx.Node) for one in rest):
            return partial(with_rest, target, rest) if rest else target

    def general(*values: Any) -> Any:
        known = held | dict(zip(read, values, strict=True))
        args, named = fx.node.map_arg((node.args, node.kwargs), known.__getitem__)
        return target(*args, **named)

    return general


def with_rest(target: Call, rest: tuple[Any, ...], *values: Any) -> Any:
    """A call whose last arguments are known."""
    return target(*values, *rest)


def method(name: str, x: Tensor, *rest: Any, **named: Any) -> Any:
    """A method of a tensor by name."""
    return getattr(x, name)(*rest, **named)


def attribute(module: nn.Module, path: str) -> Tensor:
    """A parameter or buffer by its path."""
    *homes, name = path.split(".")
    found: Tensor = getattr(module.get_submodule(".".join(homes)), name)
    return found


def direct(part: nn.Module) -> Call:
    """A module as the one call that it comes to, where that is known."""
    if type(part) is nn.Conv2d and part.padding_mode == "zeros":
        weight = part.weight.detach().contiguous(memory_format=torch.channels_last)     # as in the engine
        bias = None if part.bias is None else part.bias.detach()
        window: Any = (part.stride, part.padding, part.dilation, part.groups)
        return lambda x: torch.conv2d(x, weight, bias, *window)
    if isinstance(part, BatchNorm1d | BatchNorm2d):
        own = [None if one is None else one.detach() for one in (part.weight, part.bias)]
        fixed: Any = (*own, part.running_mean, part.running_var, False, 0.0, part.eps, False)
        return lambda x: torch.batch_norm(x, *fixed)
    if type(part) is nn.ReLU:
        return torch.relu
    return part.forward
