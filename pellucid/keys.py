"""Keys: names for streams of random numbers.

All randomness flows from one seed. A key is a seed with words folded in (what it is for, which layer, which
step), so a stream depends on nothing but its words: neither the number of workers nor a resume changes it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Key:
    """128 bits that name one stream of random numbers."""

    bits: int

    @classmethod
    def of(cls, seed: int) -> Key:
        """The root key of a seed."""
        return cls(0).fold("seed", int(seed))

    def fold(self, *words: str | int) -> Key:
        """The key of a narrower stream: `key.fold("dropout", "dense_1", step)`."""
        text = "\x1f".join(f"{type(word).__name__}:{word}" for word in (self.bits, *words))
        return Key(int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little"))

    def generator(self) -> np.random.Generator:
        """A fresh NumPy generator at the start of this stream."""
        import numpy as np

        return np.random.Generator(np.random.SFC64(self.bits))
