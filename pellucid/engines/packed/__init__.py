"""Predictions of binary networks on words of 64 bits: XNOR and popcount in place of products; NumPy, Numba if there."""

from pellucid.engines.packed.engine import PackedEngine

__all__ = ["PackedEngine"]
