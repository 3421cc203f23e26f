"""Keras's page of the same name: what holds for all models."""

from pellucid.eager.session import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_floatx,
    set_image_data_format,
)

__all__ = ["backend", "epsilon", "floatx", "image_data_format", "set_floatx", "set_image_data_format"]
