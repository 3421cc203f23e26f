"""Model, Sequential and load_model."""

import pellucid.tasks.entering  # noqa: F401  (models detect)
from pellucid.model import Model, Sequential, load_model

__all__ = ["Model", "Sequential", "load_model"]
