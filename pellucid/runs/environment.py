"""What a run ran on: enough to say whether a resume can give the same bits. No host name, no path, no time."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np

from pellucid.engines.protocol import Engine
from pellucid.engines.threads import numpy_pools, threads_now
from pellucid.errors import UsageError, shown

ARITHMETIC = 1  # raised by one when the same run would give another bit than with the Pellucid before
LIBRARIES = ("numpy", "pellucid", "pillow", "scikit-learn")
BEHIND: dict[str, tuple[str, ...]] = {"reference": (), "pytorch": ("torch",)}  # what an engine computes with besides


def environment_of(engine: Engine) -> dict[str, Any]:
    """Machine kind, engine, precision, library versions, threads, processes."""
    return {
        "arithmetic": ARITHMETIC,
        "machine": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "python": platform.python_version(),
        "engine": engine.name,
        "precision": getattr(engine, "precision", "float32"),
        "device": getattr(engine, "device", "cpu"),
        "threads": threads_now(engine.name),
        "processes": getattr(engine, "processes", 1),
        "blas": sorted({library(pool) for pool in numpy_pools()}),
        "libraries": libraries_of(engine),
    }


def libraries_of(engine: Engine) -> dict[str, str]:
    """Name and version of what computes, decodes and draws."""
    names = (*LIBRARIES, *BEHIND.get(engine.name, ()))
    return {name: installed(name) for name in names} | {"numpy": np.__version__}


@cache
def installed(name: str) -> str:
    """The version that is installed: read once, for a search asks at every trial."""
    return version(name)


def library(pool: Mapping[str, Any]) -> str:
    """Name, version and instruction set of a library of matrix products."""
    return f"{pool['internal_api']} {pool.get('version')} {pool.get('architecture', '')}".strip()


def processor() -> str:
    """The processor's model name, where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or "unknown"


def refuse_different(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise UsageError that lists what differs, for then the same bits cannot be promised.

    Pellucid's own version is no reason: `arithmetic` says whether its numbers have changed.
    """
    was, here = comparable(before), comparable(now)
    differing = [f"{name} was {shown(was.get(name))}, is {shown(here[name])}"
                 for name in here if was.get(name) != here[name]]  # fmt: skip
    if differing:
        raise UsageError(
            f"this run cannot continue to the same bits here: {'; '.join(differing)}. "
            "Continue all the same with --allow-different."
        )


def comparable(environment: Mapping[str, Any]) -> dict[str, Any]:
    """What decides the bits, a line a library; a record without `arithmetic` is of the first."""
    libraries = {name: kind for name, kind in environment["libraries"].items() if name != "pellucid"}
    return {"arithmetic": 1, **environment} | {"libraries": None} | libraries
