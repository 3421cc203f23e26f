"""Keras's default precision is one setting a process; each test here leaves it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.parity_keras.bridge import keras


@pytest.fixture(autouse=True)
def floatx() -> Iterator[None]:
    """Put the default precision back."""
    kept = keras.config.floatx()
    yield
    keras.config.set_floatx(kept)
