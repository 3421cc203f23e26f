"""Threads and memory: what a command does with the machine it runs on."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from pellucid.engines.threads import limited_threads, of_numpy, threads_for, threads_now
from pellucid.training.session import engine_named

FAULTS = """
import resource
import numpy as np
from pellucid.engines.memory import keep_freed_memory
{call}
def step():
    return [np.ones(1 << 17) for _ in range(8)]


step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""

LARGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
MARKED = """
import numpy as np
from pellucid.engines.memory import keep_freed_memory
{call}
array = bytearray(64 << 20)
place = np.frombuffer(array, np.uint8).ctypes.data + len(array) // 2
flags, inside = [], False
for line in open("/proc/self/smaps"):
    first = line.split()[0]
    if "-" in first:
        low, high = (int(end, 16) for end in first.split("-"))
        inside = low <= place < high
    elif inside and first == "VmFlags:":
        flags = line.split()
print("hg" in flags)
"""


@pytest.mark.parametrize(("flops", "batch_size", "threads"), [
    (220_160, 32, 1),            # the notation's conv_8,pool,FC_32: 21 MFLOP a step
    (208_333_333, 32, 1),        # 3 * 208,333,333 * 32 = 19,999,999,968
    (208_333_334, 32, 3),        # 3 * 208,333,334 * 32 = 20,000,000,064
    (9_604_720, 1024, 3),        # LeNet in very large steps: 29.5 GFLOP
])  # fmt: skip
def test_little_work_takes_one_thread(flops: int, batch_size: int, threads: int) -> None:
    with limited_threads(3):
        assert threads_for(flops, batch_size, threads_now()) == threads


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
def test_pytorch_takes_more_threads_sooner() -> None:
    assert [threads_for(flops, 32, 3, "pytorch") for flops in (20_833_333, 20_833_334)] == [1, 3]


@pytest.mark.parametrize("name", ["reference", "auto"])
def test_threads_are_limited_and_given_back(name: str) -> None:
    engine = engine_named(name, "float32", None).name
    before = threads_now(engine)
    with limited_threads(3):
        assert threads_now(engine) == 3
        with limited_threads(1):
            assert threads_now(engine) == 1
            np.ones((4, 4)) @ np.ones((4, 4))
        assert threads_now(engine) == 3
    assert threads_now(engine) == before


def test_numpys_library_is_told_from_others() -> None:
    site = Path("/venv/lib/python3.11/site-packages")
    assert of_numpy(site / "numpy.libs/libscipy_openblas64_.so") and of_numpy(site / "numpy/.dylibs/libopenblas.dylib")
    assert not of_numpy(site / "scipy.libs/libscipy_openblas.so")
    assert not of_numpy(Path("/home/numpy/venv/lib/scipy.libs/libscipy_openblas.so"))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives large arrays back at once")
def test_freed_memory_is_used_again() -> None:
    """A megabyte is 256 pages: twenty steps of eight arrays fault up to 40,960 times when each is asked for anew."""
    faults = {}
    for call in ("", "keep_freed_memory()"):
        words = [sys.executable, "-c", FAULTS.format(call=call)]
        faults[call] = int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    assert faults["keep_freed_memory()"] < 1000 < 5000 < faults[""], faults


@pytest.mark.skipif(not LARGE_PAGES.exists() or platform.libc_ver()[0] != "glibc", reason="only Linux has large pages")
@pytest.mark.parametrize(("call", "marked"), [("", "False"), ("keep_freed_memory()", "True")])
def test_arrays_lie_where_large_pages_are_asked_for(call: str, marked: str) -> None:
    words = [sys.executable, "-c", MARKED.format(call=call)]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip() == marked
