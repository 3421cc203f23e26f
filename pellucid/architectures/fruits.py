"""The Vision chapter's network for Fruits-360.

Table   conv 32 3x3 relu valid | max pool 2 | conv 64 3x3 relu | max pool 2 | flatten | dense 100 sigmoid | dropout 0.15
        | dense 200 sigmoid | dropout 0.15 | dense classes softmax
"""

from __future__ import annotations

from pellucid.graph.vocabulary import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from pellucid.model import Model, Sequential


def FruitsCNN(input_shape: tuple[int, int, int] = (100, 100, 3), classes: int = 131) -> Model:
    """Two convolutions with pooling, two sigmoid layers with dropout."""
    body = [
        Conv2D(32, 3, activation="relu"),
        MaxPooling2D(2),
        Conv2D(64, 3, activation="relu"),
        MaxPooling2D(2),
        Flatten(),
        Dense(100, activation="sigmoid"),
        Dropout(0.15),
        Dense(200, activation="sigmoid"),
        Dropout(0.15),
    ]
    return Sequential([Input(input_shape), *body, Dense(classes, activation="softmax")], name="fruitscnn")
