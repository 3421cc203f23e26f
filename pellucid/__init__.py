"""Pellucid: convolutional networks you can see through.

The public pages carry Keras's names: pellucid.layers, models, optimizers, losses, metrics, callbacks, datasets,
regularizers, initializers; Model, Sequential, load_model, Input, set_random_seed and to_categorical stand here too,
and register_layer and register_loss, for layers and losses of your own.
"""

from pellucid import callbacks, datasets, initializers, layers, losses, metrics, models, optimizers, regularizers
from pellucid.data.categories import to_categorical
from pellucid.graph.vocabulary import Input
from pellucid.model import Model, Sequential, load_model
from pellucid.model.extension import register_layer, register_loss
from pellucid.training.seed import set_random_seed

__version__ = "0.1.0"

__all__ = [
    "Input",
    "Model",
    "Sequential",
    "callbacks",
    "datasets",
    "initializers",
    "layers",
    "load_model",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "register_layer",
    "register_loss",
    "regularizers",
    "set_random_seed",
    "to_categorical",
]
