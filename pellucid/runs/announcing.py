"""The first lines of a run: engine, data, network."""

from __future__ import annotations

import logging
from importlib.metadata import version

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.engines.protocol import Engine
from pellucid.runs.freezing import told_of_freezing
from pellucid.runs.prepared import Prepared

LOG = logging.getLogger("pellucid")


def announce_engine(engine: Engine) -> None:
    """The first line of output, before the data are read."""
    library = f"NumPy {np.__version__}"
    if engine.name == "pytorch":
        library = f"PyTorch {version('torch')} on {getattr(engine, 'device', 'cpu')}"
    LOG.info("engine %s (%s, %s)", engine.name, library, getattr(engine, "precision", "float32"))


def announce_data(dataset: Dataset) -> None:
    """The next lines: the data."""
    sizes = ", ".join(f"{name} {len(part):,}" for name, part in dataset.parts.items())
    height, width, channels = dataset.image_shape
    size = f"{height}x{width}x{channels}"
    LOG.info("data   %s: %s images of %s %s", dataset.name, sizes, size, dataset.annotated)
    for note in dataset.notes:
        LOG.info("       %s", note)


def announce(prepared: Prepared, threads: int) -> None:
    """The data, then the network."""
    announce_data(prepared.dataset)
    for line in prepared.problem.said(prepared.config.own, prepared.dataset, augmented=bool(prepared.config.augment)):
        LOG.info("       %s", line)
    if prepared.augment_told:
        LOG.info("%s", prepared.augment_told)
    several = "" if prepared.processes is None else f" in each of {prepared.processes.launch.count} processes"
    LOG.info("model  %s: %s parameters, %d thread%s%s", prepared.model_name, f"{prepared.summary.total:,}", threads,
             "" if threads == 1 else "s", several)
    told = told_of_freezing(prepared.model, prepared.config, prepared.trunk)
    if told:
        LOG.info("train  %s", told)
