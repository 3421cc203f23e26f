"""Drawn scenes: stick figures whose joints are known, to learn poses from, test and show them without photographs."""
