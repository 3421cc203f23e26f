"""A model as an ONNX file: float32, checked with onnxruntime before it is written.

Input     as `predict` takes it: maps (N,H,W,C), after the preprocessing
Metadata  JSON each: `input` (shape, axes, and the images of the data), `preprocessing` (steps and fitted arrays, to be
          done before), `class_names` (in the order of the output), `pellucid` (format and name)
"""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import ArgumentError, FileError, describe
from pellucid.graph.graph import Graph
from pellucid.model.network import Network
from pellucid.storage.plain import plain
from pellucid.storage.writer import write_bytes

FORMAT = 1
PACKAGES = ("torch", "onnx", "onnxscript", "onnxruntime")
TOLERANCE = 1e-4  # of the largest value
ROUNDINGS = 10  # times float32's own difference from float64, where that is more
MOST_NUMBERS = 1_000_000  # of preprocessing that the metadata hold


def export_onnx(model: Network, path: str | os.PathLike[str]) -> dict[str, Any]:
    """Write the file whole, and say what is in it.

    Raises ArgumentError for another ending, without the packages and for a layer of one's own; FileError when the file
    cannot be written, or would not give the model's numbers.
    """
    if Path(path).suffix.lower() != ".onnx":
        remedy = f"Use the name {Path(path).with_suffix('.onnx').name}."
        raise ArgumentError(describe("export", "path", "a name that ends in .onnx", repr(os.fspath(path)), remedy))
    require_packages()
    from pellucid.engines.pytorch.onnx_program import OPSET, facade, onnx_program
    from pellucid.engines.pytorch.plain_module import plain_module

    graph, notes = model.graph, notes_of(model)
    module = facade(plain_module(graph, model.weights_by_key(), model.name), graph)
    data = onnx_program(module, graph, {key: json.dumps(value, sort_keys=True) for key, value in notes.items()},
                        f"{model.name}: inputs {inputs_in_words(graph)}; see the metadata for what comes before")
    difference = refuse_other_numbers(data, module, graph, os.fspath(path))
    write_bytes(path, data)
    return {
        "file": os.fspath(path), "format": "onnx", "opset": OPSET, "bytes": len(data), "difference": difference,
        "outputs": list(graph.lasting), **{key: notes[key] for key in ("input", "preprocessing", "class_names")},
    }  # fmt: skip


def require_packages() -> None:
    """Raise ArgumentError with the pip line when a package is missing."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        remedy = 'Install what it needs with: pip install "pellucid[export]"'
        wanted = "used with torch, onnx, onnxscript and onnxruntime installed"
        raise ArgumentError(describe("export", "the format onnx", wanted, f"without {', '.join(missing)}", remedy))


def notes_of(model: Network) -> dict[str, Any]:
    """What a program that runs the file has to know."""
    shapes = {name: ["N", *shape] for name, shape in model.graph.input_shapes.items()}
    return {
        "input": {"shapes": shapes, "axes": "N, H, W, C", "dtype": "float32", "images": model.input_record},
        "preprocessing": preprocessing_of(model),
        "class_names": model.class_names,
        **({} if model.task is None else {"task": model.task}),
        "pellucid": {"format": FORMAT, "name": model.name},
    }


def preprocessing_of(model: Network) -> dict[str, Any] | None:
    """The steps that come before the file's first one; raises ArgumentError when they are too large to be told."""
    pipeline = model.preprocessing
    if pipeline is None:
        return None
    arrays = pipeline.arrays()
    numbers = sum(array.size for array in arrays.values())
    if numbers > MOST_NUMBERS:
        wanted = f"of at most {MOST_NUMBERS:,} fitted numbers, for the metadata tell them"
        remedy = "Export a model trained with smaller images or --preprocess scale."
        raise ArgumentError(describe("export", "preprocessing", wanted, f"of {numbers:,}", remedy))
    told = {name: array.tolist() for name, array in arrays.items()}
    found: dict[str, Any] = plain(
        {"in_the_file": False, **pipeline.to_config(), "arrays": told}, where="preprocessing"
    )
    return found


def inputs_in_words(graph: Graph) -> str:
    """Names and shapes."""
    shapes = {name: ", ".join(["N", *(str(size or "any") for size in shape)])
              for name, shape in graph.input_shapes.items()}  # fmt: skip
    return ", ".join(f"{name} ({shape})" for name, shape in shapes.items())


def refuse_other_numbers(data: bytes, module: Any, graph: Graph, path: str) -> float:
    """The largest difference between onnxruntime and the model, in shares of the largest value; FileError when wide.

    The batch, and sizes that are open, are others than those of the example that the exporter followed.
    """
    import torch

    from pellucid.engines.pytorch.onnx_program import example

    inputs = example(graph, 3, number=1)
    found = run_onnx(data, inputs)
    with torch.no_grad():
        wanted = [y.numpy() for y in module(*(torch.from_numpy(x) for x in inputs.values()))]
    worst = widest(wanted, found)
    if not worst <= TOLERANCE:
        with torch.no_grad():
            exact = [y.numpy() for y in module.double()(*(torch.from_numpy(x).double() for x in inputs.values()))]
        if worst <= ROUNDINGS * widest(exact, wanted):  # a network that makes its own rounding large
            return worst
        raise FileError(
            f"{path} was not written: onnxruntime gave numbers {worst:.1e} of the largest one away from the model's, "
            f"more than {TOLERANCE:g}. Give the input a full shape (padding 'same' with a stride depends on it), or "
            "look for weights that are not finite."
        )
    return worst


def widest(ours: list[np.ndarray], theirs: list[np.ndarray]) -> float:
    """The largest difference of several outputs; NaN where any is."""
    return float(np.max([apart(mine, other) for mine, other in zip(ours, theirs, strict=True)]))


def apart(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest difference over the largest value; infinite where shapes differ, NaN where numbers are not finite."""
    if ours.shape != theirs.shape:
        return float("inf")
    return float(np.abs(ours - theirs).max(initial=0) / max(float(np.abs(ours).max(initial=0)), 1e-30))


def run_onnx(data: bytes, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The outputs of an ONNX file by onnxruntime on the processor."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # or its import writes a number of this machine below the user's home
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    found: list[np.ndarray] = session.run(None, inputs)
    return found
