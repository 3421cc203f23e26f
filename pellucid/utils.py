"""Keras's utilities: pictures and arrays, one-hot rows, seeds; what is left out says what to use instead."""

from pellucid.data.categories import to_categorical
from pellucid.data.directory import image_dataset_from_directory
from pellucid.data.keras_arrays import (
    PyDataset,
    array_to_img,
    img_to_array,
    load_img,
    normalize,
    pad_sequences,
    save_img,
)
from pellucid.data.keras_arrays import PyDataset as Sequence
from pellucid.data.keras_files import get_file
from pellucid.data.triples import pack_x_y_sample_weight, unpack_x_y_sample_weight
from pellucid.eager.pictures import smart_resize
from pellucid.eager.session import clear_session
from pellucid.reports.network import plot_model
from pellucid.training.absent import registered as register_keras_serializable
from pellucid.training.absent import stand_in
from pellucid.training.seed import set_random_seed

__all__ = [
    "PyDataset",
    "Sequence",
    "array_to_img",
    "clear_session",
    "get_file",
    "image_dataset_from_directory",
    "img_to_array",
    "load_img",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "set_random_seed",
    "smart_resize",
    "to_categorical",
    "unpack_x_y_sample_weight",
]


def __getattr__(name: str) -> type:
    """Keras's other utilities: importing one is fine, making one says what to use instead."""
    return stand_in(__name__, name)
