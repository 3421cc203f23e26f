"""Numba: what keeps it from compiling, what it compiles for, and where it keeps that; imported when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any


def obstacle() -> str:
    """Why nothing can be compiled, and what to type; empty where it can be."""
    if find_spec("numba") is None:
        return 'Numba is not installed; type: pip install "pellucid[binary]"'
    return what_numba_says()


@cache
def what_numba_says() -> str:
    """Once it is imported: it refuses releases of NumPy that it does not know, and can be told to compile nothing."""
    try:
        from numba import config
    except (ImportError, OSError) as error:
        return f'Numba cannot be imported ({error}); type: pip install --upgrade "pellucid[binary]"'
    return "Numba is told to compile nothing; type: unset NUMBA_DISABLE_JIT" if config.DISABLE_JIT else ""


@cache
def has_tables() -> bool:
    """Whether what is compiled for is quicker with tables; NUMBA_CPU_NAME and its like ask for less than is here."""
    from numba.core.registry import cpu_target

    _, _, features = cpu_target.target_context.codegen().magic_tuple()
    return {"+avx2", "+avx512vpopcntdq"} & set(features.split(",")) == {"+avx2"}


def compiled(function: Callable[..., Any]) -> Any:
    """Numba's code of a function, kept for later runs unless neither the program's folder nor a home can be written."""
    from numba import njit

    try:
        return njit(function, cache=True, nogil=True)
    except RuntimeError:
        return njit(function, nogil=True)
