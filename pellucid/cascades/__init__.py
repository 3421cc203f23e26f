"""Cascades: classifiers of windows that learn hard negatives from background pictures, round by round."""
