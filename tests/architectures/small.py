"""Small forms of every architecture: images just large enough, few classes, weights that are quick to draw."""

from __future__ import annotations

import numpy as np

from pellucid.architectures.names import architecture
from pellucid.graph.graph import Graph
from pellucid.models import Model

SIDES = {  # the smallest images that a network takes; where it takes any, such as let every layer do something
    "alexnet": 67, "alexnet-torchvision": 63, "xnoralexnet": 63, "googlenet": 65, "seinception": 65, "alphagopolicy": 5,
    "cellshead": 3, "lenet5": 12, "lenet5-1998": 12, "fruitscnn": 14, "allconv": 12,
}  # fmt: skip
CLASSES = 4


def small(name: str, channels: int) -> Model:
    """The network for small images of so many channels."""
    side = SIDES.get(name, 32)
    return architecture(name, (side, side, channels), side * side if name == "alphagopolicy" else CLASSES)


def numbers(graph: Graph) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """He-like weights and statistics of the same few random numbers: drawing sixty million takes longer than a step."""
    few = np.random.default_rng(6).standard_normal(65_537, np.float32)
    params: dict[str, np.ndarray] = {}
    state: dict[str, np.ndarray] = {}
    for key, weight in graph.weights.items():
        spread = (2 / weight.fan[0]) ** 0.5 if "kernel" in weight.name else 0.1
        centre = 1.0 if weight.name in ("gamma", "moving_variance") else 0.0
        home = state if weight.name.startswith("moving_") else params
        home[key] = np.float32(centre) + np.float32(spread) * np.resize(few, weight.shape)
    return params, state
