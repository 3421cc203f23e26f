"""A process without a sample of the last batch still goes through every layer, forwards and backwards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid.engines.pytorch.engine import PyTorchEngine
from tests.gradient.cases import CASES, Case
from tests.gradient.checking import KEY, Point, draw, network
from tests.gradient.test_networks import NETWORKS


def pass_with_none(point: Point) -> tuple[dict[str, Any], dict[str, Any]]:
    """Shapes of the outputs and gradients of the weights of a pass with no sample."""
    engine = PyTorchEngine("float64", device="cpu")
    params, state = engine.put(point.params), engine.put(point.state)
    inputs = engine.put({name: x[:0] for name, x in point.inputs.items()})
    run = engine.forward(point.graph, params, state, inputs, training=point.training, key=KEY)
    seeds = {name: np.zeros(tuple(y.shape)) for name, y in run.outputs.items()}
    found = engine.vjp(run, engine.put(seeds), wrt=("parameters",))
    return {name: tuple(y.shape) for name, y in run.outputs.items()}, engine.get(found.parameters)


def assert_nothing_learnt(point: Point) -> None:
    shapes, gradients = pass_with_none(point)
    assert shapes == {name: (0, *shape) for name, shape in point.graph.output_shapes.items()}
    assert all(not gradient.any() for gradient in gradients.values())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_layer_takes_none(case: Case) -> None:
    assert_nothing_learnt(draw(network(case.spec, *case.shapes), training=case.training))


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_every_network_takes_none(make: Any) -> None:
    assert_nothing_learnt(draw(make(), batch=3))
