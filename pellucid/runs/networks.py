"""The network of a run: by name, in words of the notation, chosen by image size, or a model file to go on from."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from pellucid.architectures.names import NAMES, architecture, default_notation
from pellucid.errors import UsageError
from pellucid.graph.layer import Layer
from pellucid.graph.notation import is_notation, parse
from pellucid.keys import Key
from pellucid.model import Model, Sequential, load_model
from pellucid.runs.config import RunConfig
from pellucid.runs.weights import draw_weights
from pellucid.spec.normalization import Dropout
from pellucid.storage.reading import read_bytes

FILES = (".safetensors", ".h5", ".keras", ".pt", ".npz")  # of these only the first is read, the others are explained
MEANT = re.compile(r"\s*(conv|pool|fc)(\d|[_*,\s]|$)", re.IGNORECASE)
DEFAULT_DROPOUT = 0.3  # in the network chosen by image size


def make_model(config: RunConfig, shape: tuple[int, ...], classes: int, key: Key) -> tuple[Model, str]:
    """The network that --model names: an architecture, words of the notation, or a model file to go on from."""
    wanted = config.model
    if wanted is not None and wanted.lower().endswith(FILES):
        refuse_setting("--l2", config.l2 > 0, wanted)
        refuse_setting("--dropout", config.dropout is not None, wanted)
        return model_from_file(wanted, shape, classes), wanted
    if wanted and not in_words(wanted):
        refuse_setting("--l2", config.l2 > 0, wanted)
        model = architecture(wanted, shape, classes, config.dropout)  # type: ignore[arg-type]
        name = wanted
    else:
        name = default_notation(shape) if wanted is None and len(shape) == 3 else (wanted or "")
        layers = parse(name, input_shape=shape, classes=classes, activation=config.activation, l2=config.l2)
        by_size = DEFAULT_DROPOUT if wanted is None else 0.0
        model = Sequential(with_dropout(layers, by_size if config.dropout is None else config.dropout))
        name = name or "linear"
    draw_weights(model, key.fold("init"))
    return model, name


def in_words(text: str) -> bool:
    """Whether a text is meant as notation, well written or not; the notation itself says what is wrong with it."""
    return text.lower().replace("_", "-") not in NAMES and (is_notation(text) or MEANT.match(text) is not None)


def refuse_setting(name: str, given: bool, model: str) -> None:
    """Raise UsageError when a setting of networks in notation was given for one with a name of its own."""
    if given:
        fitting = "networks in notation (--model conv_8,pool,FC_32)"
        raise UsageError(f"{name} goes with {fitting}, not with --model {model}.")


def with_dropout(layers: list[Layer], rate: float) -> list[Layer]:
    """Dropout before every dense layer but the first of the network."""
    if not rate:
        return layers
    dense = [place for place, layer in enumerate(layers) if layer.spec.prefix == "dense"]
    chosen = dense[1:] or dense
    spread: list[Layer] = []
    for place, layer in enumerate(layers):
        spread += [Layer.of(Dropout(rate)), layer] if place in chosen else [layer]
    return spread


def model_from_file(path: str, shape: tuple[int, ...], classes: int) -> Model:
    """A saved model to go on from; raises UsageError when it does not fit the data."""
    if not Path(path).is_file():
        raise UsageError(f"--model {path}: there is no such file.")
    model = load_model(path)
    if model.input_shape[1:] != shape or model.output_shape[-1] != classes:
        wanted = f"{model.input_shape[1:]} images and {model.output_shape[-1]} classes"
        raise UsageError(f"--model {path} is made for {wanted}, but the data has {shape} and {classes}.")
    return model


def sha256_of_model(config: RunConfig) -> str | None:
    """What the model file to go on from holds; None without one, or without a file of that name."""
    path = Path(config.model or "")
    if not (config.model or "").lower().endswith(FILES) or not path.is_file():
        return None
    return hashlib.sha256(read_bytes(path)).hexdigest()
