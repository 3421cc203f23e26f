"""Arrays from nothing: zeros, ones, arange and their like, with Keras's names, kinds of numbers and arguments."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pellucid.errors import ArgumentError, describe, shown
from pellucid.graph.layer import Tensor
from pellucid.graph.operators import CALCULATOR


def kind_of(dtype: Any) -> Any:
    """NumPy's name of a kind of number; bfloat16, which it lacks, is float32."""
    word = getattr(dtype, "__name__", dtype)
    return "float32" if word in (None, "bfloat16", "float") else {"int": "int32"}.get(word, word)


def numpy(name: str) -> Any:
    """One of NumPy's names; the page of operations is imported without NumPy."""
    return getattr(import_module("numpy"), name)


def array(x: Any, dtype: Any = None) -> Any:
    """Numbers as an array: fractions are float32, whole numbers int32."""
    found = CALCULATOR[0].hold(x)
    return numpy("array")(found if dtype is None else found.astype(kind_of(dtype)))


def zeros(shape: Any, dtype: Any = None) -> Any:
    """Zeros."""
    return numpy("zeros")(shape, kind_of(dtype))


def ones(shape: Any, dtype: Any = None) -> Any:
    """Ones."""
    return numpy("ones")(shape, kind_of(dtype))


def empty(shape: Any, dtype: Any = None) -> Any:
    """Zeros too: what is not set is never seen."""
    return zeros(shape, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """One number everywhere."""
    return numpy("full")(shape, fill_value, kind_of(dtype))


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on diagonal k of N rows and M columns, zeros elsewhere."""
    return numpy("eye")(N, M, k, kind_of(dtype))


def identity(n: int, dtype: Any = None) -> Any:
    """Ones on the diagonal, zeros elsewhere."""
    return eye(n, dtype=dtype)


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """Numbers from `start` (0 if only one is given) up to but without `stop`: whole ones if these are whole."""
    given = [entry for entry in (start, stop, step) if entry is not None]
    whole = all(numpy("asarray")(entry).dtype.kind in "iu" for entry in given)
    first, last = (0, start) if stop is None else (start, stop)
    kind = kind_of(dtype) if dtype is not None else "int32" if whole else "float32"
    return numpy("arange")(first, last, 1 if step is None else step).astype(kind)


def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
             axis: int = 0) -> Any:  # fmt: skip
    """`num` numbers from `start` to `stop`, equally far apart."""
    found, step = numpy("linspace")(start, stop, num, endpoint=endpoint, retstep=True, axis=axis)
    numbers = found.astype(kind_of(dtype))
    return (numbers, step) if retstep else numbers


def convert_to_numpy(x: Any) -> Any:
    """Numbers as NumPy's array; raises ArgumentError for a tensor, which has none."""
    if isinstance(x, Tensor):
        raise ArgumentError(describe("ops.convert_to_numpy", "x", "numbers", shown(repr(x))))
    return CALCULATOR[0].hold(x)


def is_tensor(x: Any) -> bool:
    """Whether x is an array or a tensor."""
    return isinstance(x, (Tensor, numpy("ndarray"), numpy("generic"))) or hasattr(x, "detach")
