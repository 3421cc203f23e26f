"""Pellucid: convolutional networks you can see through.

The public pages carry Keras's names: pellucid.layers, models, optimizers, losses, metrics, callbacks, datasets,
regularizers, initializers, architectures; Model, Sequential, load_model, Input, set_random_seed and to_categorical
stand here too, and register_layer, register_loss and register_task, for layers, losses and tasks of your own. Pages
are imported when first asked for, and nothing of Python's before, so that the command line starts quickly and answers a
signal from its first moment on.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for true; typing itself would take longer than all the rest

if TYPE_CHECKING:
    from typing import Any

    from pellucid import (
        activations,
        applications,
        architectures,
        backend,
        callbacks,
        config,
        constraints,
        datasets,
        initializers,
        layers,
        losses,
        metrics,
        models,
        ops,
        optimizers,
        preprocessing,
        quantizers,
        random,
        regularizers,
        saving,
        utils,
    )
    from pellucid.data.categories import to_categorical
    from pellucid.eager.variables import Variable
    from pellucid.graph.vocabulary import Input
    from pellucid.model import Model, Sequential, load_model
    from pellucid.model.extension import register_layer, register_loss
    from pellucid.tasks.registry import register_task
    from pellucid.training.seed import set_random_seed

__version__ = "0.1.0"

__all__ = [
    "Input",
    "Model",
    "Sequential",
    "Variable",
    "activations",
    "applications",
    "architectures",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "detect",
    "initializers",
    "layers",
    "load_darknet",
    "load_model",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "preprocessing",
    "quantizers",
    "random",
    "register_layer",
    "register_loss",
    "register_task",
    "regularizers",
    "saving",
    "set_random_seed",
    "to_categorical",
    "utils",
]

_HOMES = {
    "Input": "pellucid.graph.vocabulary",
    "Model": "pellucid.models",
    "Sequential": "pellucid.models",
    "Variable": "pellucid.eager.variables",
    "detect": "pellucid.tasks.entering",
    "load_darknet": "pellucid.tasks.detection.darknet",
    "load_model": "pellucid.models",
    "register_layer": "pellucid.model.extension",
    "register_loss": "pellucid.model.extension",
    "register_task": "pellucid.tasks.registry",
    "set_random_seed": "pellucid.training.seed",
    "to_categorical": "pellucid.data.categories",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in __all__:
        return import_module(f"pellucid.{name}")
    if name == "mixed_precision":
        raise AttributeError("pellucid.mixed_precision is not there. Pass compile precision='bfloat16'.")
    raise AttributeError(f"module 'pellucid' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
