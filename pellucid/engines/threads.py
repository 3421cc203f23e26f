"""How many threads an engine computes with: what pays for a network, what is in force, and a block with so many."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pellucid.engines.launch import launched

# FLOPs of a step. The reference engine multiplies a few images at a time, in the cache, so threads have little to
# share; on two busy cores two of them were 7 to 20 times slower than one at 1 to 10 GFLOP a step, and 4 times at 119.
ONE_THREAD_BELOW = {"reference": 20e9, "packed": 20e9, "pytorch": 2e9}


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
