"""Quantizers: what makes one bit of a number, with larq's names."""

from pellucid.eager.quantizers import get
from pellucid.spec.quantizers import ApproxSign, MagnitudeAwareSign, Quantizer, SteSign

__all__ = ["ApproxSign", "MagnitudeAwareSign", "Quantizer", "SteSign", "get"]
