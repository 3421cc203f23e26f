"""Model, Sequential and load_model; copies of models, and models of JSON."""

import pellucid.tasks.entering  # noqa: F401  (models detect)
from pellucid.model import Model, Sequential, clone_model, load_model, model_from_json
from pellucid.model.saving import save_model

__all__ = ["Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]
