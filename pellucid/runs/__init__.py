"""Runs: what a finished training says about itself (scores, pictures, one page) and the index of many runs."""
