"""The reference engine: every layer in NumPy, backward written under forward, for reading, proof and real work."""

from pellucid.engines.reference.engine import ReferenceEngine

__all__ = ["ReferenceEngine"]
