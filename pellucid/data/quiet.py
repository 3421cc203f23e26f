"""quiet: while pictures are opened, warnings of libraries stay off the terminal.

Filters of warnings belong to the whole process, and pictures are decoded in several threads: the first to enter puts
the filters aside and the last to leave puts them back, in whatever order the others come and go.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_LOCK = threading.Lock()
_INSIDE = 0
_PUT_BACK = ExitStack()


@contextmanager
def quiet() -> Iterator[None]:
    """A block in which no warning is shown or raised."""
    global _INSIDE
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
