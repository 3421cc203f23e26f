"""Weights that other programs saved: which of theirs are which of ours, and what of them fits."""
