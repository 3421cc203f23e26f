"""A model as a .safetensors file that keeps one bit of each weight of layers of bits; `load_model` reads it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pellucid.errors import ArgumentError, describe
from pellucid.graph.bits import latent
from pellucid.model.network import Network
from pellucid.model.saving import save_model


def export_packed(model: Network, path: str | os.PathLike[str]) -> dict[str, Any]:
    """Write the file whole, and say what is in it; errors as `packing.bits_of` and `save_model`."""
    if Path(path).suffix.lower() != ".safetensors":
        remedy = f"Use the name {Path(path).with_suffix('.safetensors').name}."
        wanted = "a name that ends in .safetensors"
        raise ArgumentError(describe("export", "path", wanted, repr(os.fspath(path)), remedy))
    save_model(model, path, packed=True)
    weights = model.weights_by_key()
    ones = sum(weights[key].size for key in latent(model.graph))
    numbers = sum(value.size for value in weights.values())
    size, floats = os.path.getsize(path), sum(value.nbytes for value in weights.values())
    return {"file": os.fspath(path), "format": "packed", "bytes": size, "bytes_of_floats": floats, "weights": numbers,
            "bits": ones, "class_names": model.class_names, "smaller": round(floats / size, 1)}  # fmt: skip
