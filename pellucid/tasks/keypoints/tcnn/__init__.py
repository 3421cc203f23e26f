"""Tweaked networks: a plain network whose features are clustered, with a linear regressor for each cluster."""
