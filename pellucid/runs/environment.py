"""What a run ran on: enough to say whether a resume can give the same bits. No host name, no path, no time."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from pellucid.engines.protocol import Engine
from pellucid.errors import UsageError

LIBRARIES = ("numpy", "pellucid", "pillow", "scikit-learn")


def use_threads(threads: int | None) -> None:
    """Limit the threads of NumPy's matrix products; None leaves them as they are."""
    if threads is not None:
        from threadpoolctl import threadpool_limits

        threadpool_limits(threads)


def environment_of(engine: Engine) -> dict[str, Any]:
    """Machine kind, engine, precision, library versions, threads, processes."""
    from threadpoolctl import threadpool_info

    pools = [pool for pool in threadpool_info() if pool.get("user_api") == "blas"]
    return {
        "machine": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "python": platform.python_version(),
        "engine": engine.name,
        "precision": getattr(engine, "precision", "float32"),
        "device": getattr(engine, "device", "cpu"),
        "threads": max((int(pool["num_threads"]) for pool in pools), default=1),
        "processes": 1,
        "blas": sorted({f"{pool['internal_api']} {pool.get('version')} {pool.get('architecture', '')}".strip() for pool in pools}),
        "libraries": {name: version(name) for name in LIBRARIES} | {"numpy": np.__version__},
    }


def processor() -> str:
    """The processor's model name, where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or "unknown"


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def refuse_different(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise UsageError that lists what differs, for then the same bits cannot be promised."""
    differing = [
        f"{name} was {before.get(name)}, is {now[name]}" for name in now if before.get(name) != now[name]
    ]
    if differing:
        raise UsageError(
            f"this run cannot continue to the same bits here: {'; '.join(differing)}. "
            "Continue all the same with --allow-different."
        )
