"""Runs: the life of a run, from settings and preparation through training and resume to its index; no task by name."""
