"""Networks of several maps: what the heads share, and what is each map's own."""

from __future__ import annotations

import numpy as np

from pellucid.keys import Key
from pellucid.tasks.detection.forms import pyramid
from pellucid.training.session import engine_named


def test_a_pyramid_predicts_what_it_gave_in_training() -> None:
    """Once its statistics have settled on a batch: of one batch norm for all maps they would fit none of them."""
    graph, engine = pyramid((64, 64, 3), 2, width=4).graph, engine_named("pytorch", "float32", None)
    params, state = engine.init(graph, Key.of(0))
    random = np.random.default_rng(0)
    inputs = engine.put({"input": random.normal(size=(4, 64, 64, 3)).astype(np.float32)})
    for _ in range(120):
        run = engine.forward(graph, params, state, inputs, training=True, key=Key.of(1))
        state = run.state
    asked = engine.forward(graph, params, state, inputs, training=False)
    assert np.allclose(engine.get(run.outputs)["output"], engine.get(asked.outputs)["output"], atol=0.01)
    assert sum(key.startswith("head_") and key.endswith("/kernel") for key in graph.weights) == 4
