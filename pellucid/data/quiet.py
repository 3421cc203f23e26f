"""quiet: while pictures are opened, warnings of libraries stay off the terminal.

Filters of warnings belong to the whole process, and pictures are decoded in several threads: the first to enter puts
the filters aside and the last to leave puts them back, in whatever order the others come and go.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache

_LOCK = threading.Lock()
_INSIDE = 0
_PUT_BACK = ExitStack()


@contextmanager
def quiet() -> Iterator[None]:
    """A block in which no warning is shown or raised."""
    global _INSIDE
    hush_libtiff()
    with _LOCK:
        _INSIDE += 1
        if _INSIDE == 1:
            _PUT_BACK.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
    try:
        yield
    finally:
        with _LOCK:
            _INSIDE -= 1
            if not _INSIDE:
                _PUT_BACK.close()


@cache
def hush_libtiff() -> None:
    """libtiff, below Pillow, writes what it dislikes to the process's standard error by itself: it has no handler now.

    Faults of decoding still come back as errors. Where it cannot be reached (within Pillow's own file) all stays.
    """
    import ctypes

    from PIL import _imaging

    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(_imaging.__file__)  # a name is sought in what that file is linked to as well
        for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
            handler = getattr(library, name)
            handler.argtypes, handler.restype = [ctypes.c_void_p], ctypes.c_void_p
            handler(None)
