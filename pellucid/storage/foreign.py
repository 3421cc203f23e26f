"""Named arrays in files of other programs: safetensors without our record, Keras's HDF5. Nothing is unpickled.

Arrays are listed with their shapes first and read when they are asked for, so that nothing is read in vain.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import FileError
from pellucid.storage.hdf5 import attribute, datasets, group_at, open_hdf5, read_array, worded
from pellucid.storage.reading import read_start
from pellucid.storage.tensors import CODES, FOREIGN, KEY, header_of

PICKLES = (".pth", ".pt", ".bin", ".ckpt", ".pkl", ".pickle", ".tar")
RECIPE = (
    'Convert it where you trust it: python -c "import torch; from safetensors.torch import save_file; '
    "save_file(torch.load('{name}', map_location='cpu', weights_only=True), '{stem}.safetensors')\""
)


@dataclass(frozen=True)
class Stored:
    """One array of a file: its shape, and how to read it."""

    shape: tuple[int, ...]
    read: Callable[[], np.ndarray[Any, Any]]


@dataclass(frozen=True)
class ForeignFile:
    """`kind` is "safetensors" or "hdf5"; arrays by the names they have in the file.

    names  what Keras wrote beside the arrays: a layer's own name by its place, or the order of layers and weights
    """

    path: Path
    kind: str
    arrays: dict[str, Stored]
    names: dict[str, str]
    order: tuple[tuple[str, tuple[str, ...]], ...] = ()


@contextmanager
def open_foreign(path: str | os.PathLike[str]) -> Iterator[ForeignFile]:
    """The file, open for as long as its arrays may be read. Raises FileError, for a pickle with the way round it."""
    path = Path(path)
    refuse_pickle(path)
    suffix = path.suffix.lower()
    if suffix == ".safetensors":
        with safetensors_file(path) as found:
            yield found
    elif suffix in (".h5", ".hdf5"):
        with keras_file(path) as found:
            yield found
    else:
        remedy = "Unzip it: it holds a model.weights.h5." if suffix == ".keras" else "Give one of these."
        raise FileError(f"{path}: weights are read from .safetensors and .weights.h5 files. {remedy}")


def refuse_pickle(path: Path) -> None:
    """Raise FileError for what torch.save wrote, whatever it is called: reading a pickle can run code."""
    begin = b""
    if os.path.isfile(path) and path.suffix.lower() not in (".h5", ".hdf5", ".keras"):
        begin = read_start(path, 8)
    pickled = begin[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05") and begin[3:8] != bytes(5)
    if path.suffix.lower() in PICKLES or pickled or begin[:4] == FOREIGN[1][0]:
        way = RECIPE.format(name=path.name, stem=path.stem)
        raise FileError(f"{path} holds a pickle, which can run code when it is opened, so it is not read. {way}")


@contextmanager
def safetensors_file(path: Path) -> Iterator[ForeignFile]:
    """A safetensors file of another program."""
    from safetensors import SafetensorError, safe_open

    header = header_of(path, {*CODES, "BF16"})
    entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
    halves = next((name for name, entry in entries.items() if entry["dtype"] == "BF16"), None)
    if halves is not None:
        remedy = "Save it as float32: {name: value.float() for name, value in state_dict.items()}."
        raise FileError(f"{path}: '{halves}' is bfloat16, which NumPy cannot read. {remedy}")
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {
                name: Stored(tuple(entry["shape"]), partial(file.get_tensor, name))
                for name, entry in entries.items()
            }
            yield ForeignFile(path, "safetensors", arrays, {})
    except SafetensorError as error:
        raise FileError(f"{path} is damaged ({error}). Copy it again from where it came.") from error


def is_ours(path: str | os.PathLike[str]) -> bool:
    """Whether a safetensors file has Pellucid's record. Raises FileError for a broken one."""
    return KEY in (header_of(Path(path), {*CODES, "BF16"}).get("__metadata__") or {})


@contextmanager
def keras_file(path: Path) -> Iterator[ForeignFile]:
    """A .weights.h5 of Keras 3, or the older layout with the names of layers and weights as attributes."""
    with open_hdf5(path) as file:
        older = "layer_names" not in file.attrs and "model_weights" in file
        root = group_at(path, file, "model_weights") if older else file
        found = datasets(path, root)
        arrays = {name: Stored(tuple(entry.shape), partial(read_array, entry))
                  for name, entry in found.items() if not name.startswith("optimizer/")}  # fmt: skip
        with worded(path):
            names = {name.rpartition("/vars/")[0]: "" for name in arrays if "/vars/" in name}
            for place in names:
                names[place] = text(root[f"{place}/vars"].attrs.get("name", ""))
            layers = listed(root.attrs, "layer_names")
            order = tuple((layer, listed(group_at(path, root, layer).attrs, "weight_names")) for layer in layers)
        yield ForeignFile(path, "hdf5", arrays, names, order)


def listed(attributes: Any, name: str) -> tuple[str, ...]:
    """A list of names among the attributes; long ones are cut into name0, name1 ... by Keras."""
    whole = attribute(attributes, name)
    if whole is not None:
        return tuple(map(text, whole))
    parts: list[str] = []
    while (part := attribute(attributes, f"{name}{len(parts)}")) is not None:
        parts.append(part)
    return tuple(text(entry) for part in parts for entry in part)


def text(value: Any) -> str:
    """A name, written as bytes or as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
