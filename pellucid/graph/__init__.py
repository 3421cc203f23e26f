"""Symbolic calls become a Graph: JSON, the compact notation, summary, counts, receptive field."""
