"""How much memory this process may still take, so that work which cannot fit is refused before it begins.

The least of: what the machine has left, what the control group allows, what `ulimit -v` allows. PELLUCID_MAX_MEMORY,
in bytes, stands in for all of them.
Sources   man proc(5), cgroups(7), getrlimit(2).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pellucid.errors import FileError, PellucidError
from pellucid.storage.limits import MEMORY

GROUPS = (  # what a control group may take, and what it takes
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
MODEST = 64 << 20  # bytes, below which nobody asks: reading what is free costs more
TORCH = ("allocate memory", "out of memory")
UNKNOWN = 1 << 62  # bytes, where the system does not tell


def room() -> int:
    """Bytes that may still be taken; very many where the system does not tell."""
    if MEMORY.now:
        return MEMORY.now
    return max(0, min(_left_of_machine(), *(_left_of_group(*paths) for paths in GROUPS), _left_of_process()))


def check_room(
    needed: int, where: object, what: str, remedy: str, *, error: type[PellucidError] = FileError
) -> None:
    """Raise `error`, with the estimate, when `needed` bytes do not fit; `what` needs them."""
    if needed > MODEST and needed > (left := room()):
        raise error(f"{where}: {what} needs about {size(needed)} of memory, and {size(left)} are free. {remedy} "
                    f"{MEMORY.variable}=BYTES allows more.")


@contextmanager
def asking(where: object, remedy: str) -> Iterator[None]:
    """Say who asked when a block is refused memory; raises FileError in place of NumPy's and PyTorch's own errors."""
    try:
        yield
    except (MemoryError, RuntimeError) as fault:
        if not ran_out(fault):
            raise
        raise FileError(f"{where}: {refused_allocation(fault)} {remedy}") from fault


def ran_out(fault: BaseException) -> bool:
    """Whether an error says that memory was refused; PyTorch has no class of its own for it on the processor."""
    return isinstance(fault, MemoryError) or any(words in str(fault) for words in TORCH)


def refused_allocation(fault: BaseException) -> str:
    """What could not be had, as far as the library says: the size and the shape."""
    words = " ".join(str(fault).split())
    told = re.search(r"[Aa]llocate ([\d.]+ [KMGTPE]?i?B)(?: for an array with shape (\([\d, ]*\)))?", words)
    bytes_asked = re.search(r"allocate (\d+) bytes", words)
    if told:
        shape = f" for an array of shape {told[2]}" if told[2] else ""
        return f"out of memory: {told[1]}{shape} were asked for."
    return f"out of memory: {size(int(bytes_asked[1]))} were asked for." if bytes_asked else "out of memory."


def size(count: int) -> str:
    """Bytes for people: 4.1 GB."""
    for unit, step in (("EB", 10**18), ("PB", 10**15), ("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= step:
            return f"{count // step:,} {unit}" if count >= 100 * step else f"{count / step:.1f} {unit}"
    return f"{count} bytes"


def _left_of_machine() -> int:
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return UNKNOWN


def _left_of_group(most: str, taken: str) -> int:
    limit, used = ("".join(_lines(path)).strip() for path in (most, taken))
    return int(limit) - int(used) if limit.isdecimal() and used.isdecimal() and int(limit) < UNKNOWN else UNKNOWN


def _left_of_process() -> int:
    if sys.platform == "win32":
        return UNKNOWN
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return UNKNOWN
    taken = next((int(line.split()[1]) * 1024 for line in _lines("/proc/self/status") if line.startswith("VmRSS:")), 0)
    return limit - taken


def _lines(path: str) -> list[str]:
    """The lines of a file of the system's; none where it does not exist."""
    try:
        return Path(path).read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
