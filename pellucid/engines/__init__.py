"""Engines run a graph: `reference` on NumPy, `pytorch` on PyTorch; what both keep to is in `protocol`."""
