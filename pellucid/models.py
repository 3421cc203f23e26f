"""Model, Sequential and load_model."""

from pellucid.model import Model, Sequential, load_model

__all__ = ["Model", "Sequential", "load_model"]
