"""What a run ran on: enough to say whether a resume can give the same bits. No host name, no path, no time."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.engines.launch import launched
from pellucid.engines.protocol import Engine
from pellucid.errors import UsageError, shown

ARITHMETIC = 1  # raised by one when the same run would give another bit than with the Pellucid before
LIBRARIES = ("numpy", "pellucid", "pillow", "scikit-learn")
BEHIND: dict[str, tuple[str, ...]] = {"reference": (), "pytorch": ("torch",)}  # what an engine computes with besides
# FLOPs of a step. The reference engine multiplies a few images at a time, in the cache, so threads have little to
# share; on two busy cores two of them were 7 to 20 times slower than one at 1 to 10 GFLOP a step, and 4 times at 119.
ONE_THREAD_BELOW = {"reference": 20e9, "pytorch": 2e9}


def threads_for(flops: int, batch_size: int, most: int, engine: str = "reference") -> int:
    """Threads for a network of `flops` an image: 1 when a step (forward and backward) is little work, else `most`."""
    return 1 if 3 * flops * batch_size < ONE_THREAD_BELOW[engine] else most


def numpy_pools() -> list[dict[str, Any]]:
    """The libraries behind NumPy's matrix products; those that other packages brought along are left out."""
    from threadpoolctl import threadpool_info

    pools = [pool for pool in threadpool_info() if pool.get("user_api") == "blas"]
    return [pool for pool in pools if of_numpy(Path(str(pool.get("filepath"))))] or pools


def of_numpy(path: Path) -> bool:
    """Whether a library lies in NumPy's own folder (numpy.libs, or numpy/.dylibs)."""
    return any(part.startswith("numpy") for part in path.parts[-3:-1])


def threads_now(engine: str = "reference") -> int:
    """Threads of an engine: by itself all cores, or what OMP_NUM_THREADS and OPENBLAS_NUM_THREADS say."""
    if engine == "pytorch":
        return int(sys.modules["torch"].get_num_threads())
    return max((int(pool["num_threads"]) for pool in numpy_pools()), default=1)


def threads_each(engine: str = "reference") -> int:
    """The most threads that a process may take when several on this machine share the cores."""
    return max(1, threads_now(engine) // launched().local_count)


@contextmanager
def limited_threads(threads: int) -> Iterator[None]:
    """Run a block with so many threads of NumPy's matrix products, and of PyTorch's work where it is loaded.

    The numbers before come back after it.
    """
    from threadpoolctl import threadpool_limits

    torch = sys.modules.get("torch")
    before = None if torch is None else torch.get_num_threads()
    with threadpool_limits(threads):
        if torch is not None:
            torch.set_num_threads(threads)
        try:
            yield
        finally:
            if torch is not None:
                torch.set_num_threads(before)


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
    return {name: version(name) for name in names} | {"numpy": np.__version__}


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
