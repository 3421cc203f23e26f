"""What a user holds: Model, Sequential and load_model, with Keras's names, argument order and defaults.

network.py is what a network is, model.py what one does with it; weights, files and learning are plain functions.
"""

from pellucid.model.files import load_model
from pellucid.model.model import Model
from pellucid.model.sequential import Sequential

__all__ = ["Model", "Sequential", "load_model"]
