"""The networks that keras.applications has too: same layers' names, same weights' shapes, same numbers.

Both sides run on torch with the same random weights, moving statistics among them, in float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid import architectures
from pellucid.graph.summary import summarize
from pellucid.models import Model
from tests.parity_keras.bridge import keras, tensor

NETWORKS = ("VGG16", "ResNet50", "ResNet50V2", "MobileNetV2",
            *(pytest.param(name, marks=pytest.mark.soak) for name in ("VGG19", "ResNet101", "ResNet152")))  # fmt: skip
INPUT, CLASSES = (40, 48, 3), 7
TOLERANCE = 1e-4  # of the largest value


def twins(name: str) -> tuple[Model, Any]:
    """Ours and Keras's."""
    arguments: dict[str, Any] = {"weights": None, "input_shape": INPUT, "classes": CLASSES}
    ours = architectures.PreActResNet if name == "ResNet50V2" else getattr(architectures, name)
    return ours(**arguments), getattr(keras.applications, name)(**arguments)


def weight_names(model: Any) -> list[tuple[str, str, tuple[int, ...]]]:
    """Layer, weight and shape in Keras's order."""
    return [
        (layer.name, weight.name, tuple(weight.shape)) for layer in model.layers for weight in layer.weights
    ]


def ours_named(model: Model) -> list[tuple[str, str, tuple[int, ...]]]:
    """The same of ours; Keras calls the kernel of a depthwise convolution plainly "kernel"."""
    named = [(*key.split("/"), weight.shape) for key, weight in model.graph.weights.items()]
    return [(layer, short.removeprefix("depthwise_"), shape) for layer, short, shape in named]  # type: ignore[misc]


def drawn(model: Model) -> list[np.ndarray]:
    """Random weights under which every layer matters and no number explodes."""
    random = np.random.default_rng(3)
    values = []
    for key, weight in model.graph.weights.items():
        short = key.rpartition("/")[2]
        if short in ("gamma", "moving_variance"):
            values.append(random.uniform(0.5, 1.0, weight.shape))
        elif short in ("beta", "bias", "moving_mean"):
            values.append(random.normal(0, 0.05, weight.shape))
        else:
            values.append(random.standard_normal(weight.shape, np.float32) * (2 / max(1, weight.fan[0])) ** 0.5)
    return [value.astype(np.float32) for value in values]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_keras_own(name: str) -> None:
    ours, theirs = twins(name)
    assert ours_named(ours) == weight_names(theirs)
    assert ours.count_params() == theirs.count_params()
    values = drawn(ours)
    ours.set_weights(values)
    theirs.set_weights(values)
    x = np.random.default_rng(4).uniform(0, 1, (2, *INPUT)).astype(np.float32)
    for ours_gave, theirs_gave in zip(*outputs(ours, theirs, x), strict=True):
        largest = np.abs(theirs_gave).max()
        assert largest > 1e-6
        np.testing.assert_allclose(ours_gave, theirs_gave, rtol=0, atol=TOLERANCE * largest)


@pytest.mark.parametrize("alpha", [0.35, 1.3])
def test_narrow_and_wide_mobile_networks_have_keras_own_widths(alpha: float) -> None:
    arguments: dict[str, Any] = {"weights": None, "input_shape": (64, 64, 3), "alpha": alpha, "include_top": False}
    ours, theirs = architectures.MobileNetV2(**arguments), keras.applications.MobileNetV2(**arguments)
    assert ours_named(ours) == weight_names(theirs)


def outputs(ours: Model, theirs: Any, x: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The last map, for a softmax hides much, and the answer, from both."""
    maps = [row.name for row in summarize(ours.graph).rows if row.output_shape.count(",") == 3]
    names = [maps[-1], ours.layers[-1].name]
    cut = Model(ours.inputs, [ours.get_layer(name).output for name in names])
    cut.compile("sgd", "mse", engine="pytorch")
    part = keras.Model(theirs.inputs, [theirs.get_layer(name).output for name in names])
    return cut.predict(x), [y.detach().numpy() for y in part(tensor(x), training=False)]
