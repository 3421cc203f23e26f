"""Engines run a graph: `reference` on NumPy. The protocol they keep is in `protocol`."""
