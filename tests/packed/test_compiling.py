"""What keeps Numba from compiling is said, and what it compiles for is what is asked of it, not what is here."""

from __future__ import annotations

import os
import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest
from numba import config
from numba.core.caching import CacheImpl

from pellucid.engines.packed import compiling
from pellucid.engines.packed.compiling import compiled, obstacle
from tests.packed.test_packed import NETS, both


@pytest.mark.parametrize("asked", [{"NUMBA_CPU_NAME": "generic"}, {"NUMBA_ENABLE_AVX": "0"}], ids=str)
def test_tables_are_left_where_no_shuffle_is_compiled(asked: dict[str, str]) -> None:
    """LLVM ends the process where a kernel of tables is compiled without AVX2."""
    code = "from pellucid.engines.packed.compiling import has_tables; print(has_tables())"
    found = subprocess.run([sys.executable, "-c", code], env=os.environ | asked, capture_output=True, check=True)
    assert found.stdout.split() == [b"False"]


def test_where_nothing_is_compiled_floats_give_the_answers_and_the_reason_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    x = np.random.default_rng(0).normal(size=(2, 130)).astype("float32")
    assert obstacle() == ""
    broken = ModuleType("numba")
    broken.__spec__ = sys.modules["numba"].__spec__
    for patch, told in ((lambda m: m.setattr(config, "DISABLE_JIT", 1), "unset NUMBA_DISABLE_JIT"),
                        (lambda m: m.setitem(sys.modules, "numba", broken), "cannot be imported")):  # fmt: skip
        with monkeypatch.context() as patched:
            patch(patched)
            compiling.what_numba_says.cache_clear()
            ours, theirs, _ = both(NETS["dense"](), x)
            np.testing.assert_array_equal(ours.view(np.uint32), theirs.view(np.uint32))
            assert told in caplog.messages[-1]
        compiling.what_numba_says.cache_clear()


def test_what_can_be_kept_nowhere_is_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CacheImpl, "_locator_classes", [])
    assert compiled(lambda number: number + 1)(2) == 3
