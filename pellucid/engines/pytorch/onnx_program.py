"""A model's plain torch module as an ONNX program.

Axes      as in Pellucid: maps enter and leave as (N,H,W,C), so that what `predict` takes is what a runtime takes; the
          one transpose to torch's (N,C,H,W) and back is part of the program
Sizes     N is free, and so are heights and widths that the graph leaves open
Source    torch.onnx's exporter by torch.export, with onnxscript
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pellucid.graph.graph import Graph
from pellucid.spec.shapes import Shape

LOWEST = "lowest_float32"
OPSET = 18  # ONNX 1.13 of 2022: read by every runtime of today
OPEN_SIDES = (64, 71)  # pixels of the example, and of what checks it, where the graph leaves a size open


class ChannelsLast(nn.Module):
    """A plain module, with maps as (N,H,W,C) outside; outputs in order, those for training only left out."""

    def __init__(self, module: nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.module, self.names = module, names

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The outputs for inputs in the graph's order."""
        entered = [x.permute(0, 3, 1, 2) if x.ndim == 4 else x for x in inputs]
        found = self.module(*entered)
        values = [found[name] for name in self.names] if isinstance(found, dict) else [found]
        return tuple(y.permute(0, 2, 3, 1) if y.ndim == 4 else y for y in values)


def facade(module: nn.Module, graph: Graph) -> ChannelsLast:
    """The module in float32 as a runtime is to see it."""
    return ChannelsLast(module.float(), graph.lasting).eval()


def example(graph: Graph, samples: int, number: int = 0) -> dict[str, np.ndarray]:
    """Random inputs by name; number 1 has other numbers than 0, and other sizes where they are open."""
    random, side = np.random.default_rng(number), OPEN_SIDES[number]
    sizes = {name: [side if n is None else n for n in shape] for name, shape in graph.input_shapes.items()}
    return {name: random.random((samples, *shape), np.float32) for name, shape in sizes.items()}


def onnx_program(module: ChannelsLast, graph: Graph, notes: Mapping[str, str], description: str) -> bytes:
    """The ONNX file as bytes; `notes` become its metadata."""
    inputs = tuple(torch.from_numpy(x) for x in example(graph, 2).values())
    with quiet():
        program = torch.onnx.export(
            module, inputs, dynamo=True, opset_version=OPSET, external_data=False, verbose=False,
            input_names=list(graph.input_shapes), output_names=list(graph.lasting),
            dynamic_shapes={"inputs": tuple(free_axes(shape) for shape in graph.input_shapes.values())},
        )  # fmt: skip
        assert program is not None, "the exporter by torch.export returns the program"
        name_apart(program.model.graph)
        proto = program.model_proto
    guard_zeros(proto.graph)
    for part in (proto.graph, *proto.graph.node, *proto.graph.value_info, *proto.graph.input, *proto.graph.output):
        del part.metadata_props[:]  # the exporter's notes hold the paths of this machine, and differ from call to call
    proto.doc_string, proto.producer_name = description, "pellucid"
    for key, value in notes.items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, value
    data: bytes = proto.SerializeToString()
    return data


def name_apart(graph: Any) -> None:
    """Give inner values that the exporter called like an input or output of ours, "conv2d_1", a name of their own."""
    outside = {value.name: value for value in (*graph.inputs, *graph.outputs)}
    inside = [value for node in graph for value in node.outputs]
    known = {value.name for value in inside} | set(outside)
    for value in inside:
        if value.name in outside and value is not outside[value.name]:
            value.name = next(name for n in count() if (name := f"{value.name}_inner_{n}") not in known)
            known.add(value.name)


def guard_zeros(graph: Any) -> None:
    """Keep zeros around a map apart from the maximum that follows.

    onnxruntime makes one step of Pad and MaxPool, and takes minus infinity for the zeros, which is another number where
    all pixels of a window are negative. A maximum with the lowest float32 between them changes nothing and stops it.
    """
    from onnx import helper, numpy_helper

    padded = {node.output[0] for node in graph.node if node.op_type == "Pad"}
    pools = [node for node in graph.node if node.op_type == "MaxPool" and node.input[0] in padded]
    if pools:
        graph.initializer.append(numpy_helper.from_array(np.array(np.finfo(np.float32).min, np.float32), LOWEST))
    for pool in pools:
        guarded = f"{pool.input[0]}_guarded"
        place = list(graph.node).index(pool)
        graph.node.insert(place, helper.make_node("Max", [pool.input[0], LOWEST], [guarded], name=f"node_{guarded}"))
        graph.node[place + 1].input[0] = guarded


def free_axes(shape: Shape) -> dict[int, Any]:
    """The axes of an input, batch axis included, that may have any size."""
    free: dict[int, Any] = {0: torch.export.Dim("batch")}
    return free | {axis: torch.export.Dim.DYNAMIC for axis, size in enumerate(shape, 1) if size is None}


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the exporter's remarks on its own future and on torchvision from the user."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
