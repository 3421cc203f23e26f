"""The Vision chapter's network for Fashion-MNIST: flatten | dense 500 sigmoid | dense 200 sigmoid | dense softmax."""

from __future__ import annotations

from pellucid.graph.vocabulary import Dense, Flatten, Input
from pellucid.model import Model, Sequential


def ClothesMLP(input_shape: tuple[int, ...] = (28, 28, 1), classes: int = 10) -> Model:
    """Two sigmoid layers on the pixels."""
    body = [Flatten(), Dense(500, activation="sigmoid"), Dense(200, activation="sigmoid")]
    return Sequential([Input(input_shape), *body, Dense(classes, activation="softmax")], name="clothesmlp")
