"""The first lines of a run: engine, data, network."""

from __future__ import annotations

import logging
from importlib.metadata import version

import numpy as np

from pellucid.engines.protocol import Engine
from pellucid.runs.preparation import Prepared

LOG = logging.getLogger("pellucid")


def announce_engine(engine: Engine) -> None:
    """The first line of output, before the data are read."""
    library = f"NumPy {np.__version__}"
    if engine.name == "pytorch":
        library = f"PyTorch {version('torch')} on {getattr(engine, 'device', 'cpu')}"
    LOG.info("engine %s (%s, %s)", engine.name, library, getattr(engine, "precision", "float32"))


def announce(prepared: Prepared, threads: int) -> None:
    """The next lines: data and network."""
    sizes = ", ".join(f"{name} {len(part):,}" for name, part in prepared.dataset.parts.items())
    height, width, channels = prepared.dataset.image_shape
    classes = len(prepared.dataset.class_names)
    size = f"{height}x{width}x{channels}"
    LOG.info("data   %s: %s images of %s in %d classes", prepared.dataset.name, sizes, size, classes)
    for note in prepared.dataset.notes:
        LOG.info("       %s", note)
    several = "" if prepared.processes is None else f" in each of {prepared.processes.launch.count} processes"
    LOG.info("model  %s: %s parameters, %d thread%s%s", prepared.model_name, f"{prepared.summary.total:,}", threads,
             "" if threads == 1 else "s", several)
