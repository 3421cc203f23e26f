"""Hostile and broken input by the thousand, typed as commands, judged alike (`python -m benchmarks.walls`)."""
