"""Diagnosing a detector: gaps between the parts' AP50, suspicious boxes, who is found, and the page of it."""
