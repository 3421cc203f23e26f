"""load_weights: from a file of ours, of torch or of Keras to the weights of a model, all that fit or none."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pellucid.engines.finite import why_unfit
from pellucid.errors import ArgumentError, FileError, describe
from pellucid.graph.graph import Graph
from pellucid.model.foreign import keras, torch
from pellucid.model.foreign.forms import other_form
from pellucid.model.foreign.matching import Candidate, WeightsReport, compare, refuse_unless_fits
from pellucid.model.network import Network
from pellucid.storage.foreign import ForeignFile, is_ours, open_foreign, refuse_pickle
from pellucid.storage.model_file import read_model

TORCH, KERAS, OURS = "names of torch", "names of Keras", "names of Pellucid"


def load_weights(
    model: Network, path: str | os.PathLike[str], *, new_head: bool = False, flatten: str = "CHW", part: bool = False
) -> WeightsReport:
    """Take the weights of a file and say what matched; see `Portable.load_weights`.

    part: the model is the first part of the file's network, and what is beyond it is left out.
    """
    if flatten not in ("CHW", "HWC"):
        raise ArgumentError(describe("load_weights", "flatten", "'CHW' or 'HWC'", repr(flatten)))
    path = Path(path)
    refuse_pickle(path)
    graph = model.built.graph
    if path.suffix.lower() == ".safetensors" and is_ours(path):
        values = read_model(path).weights
        found = {key: Candidate(key, values[key].shape, partial(values.__getitem__, key)) for key in graph.weights
                 if key in values}  # fmt: skip
        report = compare(
            graph, found, values, file=os.fspath(path), layout=OURS, new_head=new_head,
            head_names=beyond_if(part, lambda name: keras.is_head(name, graph)),
        )  # fmt: skip
        return taken(model, report, found)
    with open_foreign(path) as file:
        report, found = matched(graph, file, new_head, flatten, part)
        return taken(model, report, found, other_form(graph, file))


def matched(
    graph: Graph, file: ForeignFile, new_head: bool, flatten: str, part: bool = False
) -> tuple[WeightsReport, dict[str, Candidate]]:
    """The report on a foreign file, and the arrays meant for weights."""
    where = os.fspath(file.path)
    if file.kind == "hdf5":
        found = keras.candidates(graph, file)
        return compare(
            graph, found, file.arrays, file=where, layout=KERAS, new_head=new_head,
            head_names=beyond_if(part, lambda name: keras.is_head(name, graph)),
        ), found  # fmt: skip
    found = torch.candidates(graph, file, flatten=flatten)
    names = torch.wanted_names(file)
    return compare(
        graph, found, names, file=where, layout=TORCH, new_head=new_head, head_names=beyond_if(part, torch.is_head)
    ), found  # fmt: skip


def beyond_if(part: bool, head_names: Callable[[str], bool]) -> Callable[[str], bool]:
    """Which arrays that no weight wants may be left out: all where the model is a part, else those of a head."""
    return (lambda name: True) if part else head_names


def taken(model: Network, report: WeightsReport, found: dict[str, Candidate], form: str = "") -> WeightsReport:
    """Put the matched arrays in; raises before any is replaced. `form` is the file's, where it is not the model's."""
    refuse_unless_fits(model.name, report, form)
    arrays = {key: found[key].read() for key in report.matched}
    for key, array in arrays.items():
        why = why_unfit(array)
        if why:
            raise FileError(f"{report.file}: '{found[key].name}' holds {why}, so nothing was loaded. Save it again.")
    kept = {key: value for key, value in model.weights_by_key().items() if key in report.head}
    model._take({**kept, **arrays})
    model.loaded = report
    return report
