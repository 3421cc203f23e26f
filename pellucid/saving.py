"""What Keras has under `keras.saving`: a file here needs none of a user's code, so nothing is registered."""

from pellucid.model.loading import load_model
from pellucid.model.saving import save_model
from pellucid.training.absent import registered as register_keras_serializable
from pellucid.training.absent import stand_in

__all__ = ["load_model", "register_keras_serializable", "save_model"]


def __getattr__(name: str) -> type:
    """What is left out: importing it is fine, making it says what to use instead."""
    return stand_in(__name__, name)
