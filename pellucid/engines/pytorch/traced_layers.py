"""Operations in a plain module: the torch calls that the engine's own arithmetic makes, recorded one by one.

Axes      the arithmetic sees maps as (N,H,W,C), the module has them as (N,C,H,W)
Source    torch.fx: a function called on proxies writes its calls into the graph
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import fx, nn

from pellucid.engines.pytorch import moving, operations  # noqa: F401  (enters the arithmetic)
from pellucid.engines.pytorch.arithmetic import Context, arithmetic_of
from pellucid.engines.pytorch.assembly import PLAIN, Place
from pellucid.spec import moving as moves
from pellucid.spec import operations as ops
from pellucid.spec import products
from pellucid.spec.layer import LayerSpec

RECORDED: tuple[type[LayerSpec], ...] = (
    ops.Unary, ops.Binary, ops.Where, ops.Reduce, ops.ArgReduce, ops.Cumulative, ops.SoftmaxAlong, ops.OneHot, ops.TopK,
    ops.Variable, ops.ConstantValue, ops.Take, ops.Lookup, ops.TakeAlong,
    moves.Slice, moves.Permute, moves.ExpandDims, moves.Squeeze, moves.Pad, moves.Repeat, moves.BroadcastTo,
    moves.BatchOf, products.MatMul, products.Einsum,
)  # fmt: skip


def recorded(spec: LayerSpec, place: Place, inputs: list[fx.Node]) -> fx.Node:
    """The calls for one step."""
    tracer = fx.proxy.GraphAppendingTracer(place.assembly.graph)
    taken = [
        fx.Proxy(place.channels_last(x) if len(shape) == 3 else x, tracer)
        for x, shape in zip(inputs, place.shapes, strict=True)
    ]
    weights = {name: fx.Proxy(place.parameter(name, place.weight(name)), tracer) for name, _ in place.step.weights}
    context = Context(place.step, False, width=torch.float64)
    y: Any = arithmetic_of(spec)(spec, cast(Any, taken), cast(Any, weights), context)
    node = y.node if isinstance(y, fx.Proxy) else held(place, y)
    return place.channels_first(node) if len(place.output) == 3 else node


def held(place: Place, value: torch.Tensor) -> fx.Node:
    """Numbers that lie in the graph, as a buffer."""
    home = nn.Module()
    kinds = [torch.from_numpy(weight).dtype for weight in place.assembly.weights.values()]
    home.register_buffer("value", value.to(kinds[0] if kinds else torch.float32))
    name = place.assembly.enter(place.step.layer, place.name, home)
    return place.assembly.graph.get_attr(f"{name}.value")


PLAIN |= dict.fromkeys(RECORDED, recorded)
