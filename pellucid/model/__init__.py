"""What a user holds: Model, Sequential and load_model, with Keras's names, argument order and defaults.

From the ground up: network.py is what a network is, plain functions on it learn, trace, save and export, model.py
hangs them on one class, loading.py makes such a model from a file.
"""

from pellucid.model.cloning import clone_model, model_from_json
from pellucid.model.loading import load_model
from pellucid.model.model import Model
from pellucid.model.sequential import Sequential

__all__ = ["Model", "Sequential", "clone_model", "load_model", "model_from_json"]
