"""Runs side by side: their curves, the settings that differ, and whether the difference is more than chance."""
