"""Keras's page of the same name: batches from a folder, pictures and arrays (`image`), sequences of one length."""

from pellucid.data import keras_arrays as sequence
from pellucid.data.directory import image_dataset_from_directory
from pellucid.eager import pictures as image
from pellucid.training.absent import stand_in

__all__ = ["image", "image_dataset_from_directory", "sequence"]


def __getattr__(name: str) -> type:
    """Keras's other data sets: importing one is fine, making one says what to use instead."""
    return stand_in(__name__, name)
