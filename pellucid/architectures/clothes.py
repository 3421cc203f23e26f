"""The Vision chapter's network for Fashion-MNIST.

Table   flatten | dense 500 sigmoid | dense 200 sigmoid | dense classes softmax       494,710 parameters at 28x28x1
Source  the Vision chapter.
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.graph.vocabulary import Dense, Flatten
from pellucid.model import Model


def ClothesMLP(include_top: bool = True, weights: Weights = None, **options: Unpack[Options]) -> Model:
    """Two sigmoid layers on the pixels; arguments as in Keras (`frame.Options`)."""
    frame = Frame.of("clothesmlp", include_top, weights, options, shape=(28, 28, 1), classes=10, any_size=False)
    body = [Flatten(), Dense(500, activation="sigmoid"), Dense(200, activation="sigmoid")]
    top = [Dense(frame.classes, activation=frame.activation)] if frame.include_top else []
    return frame.close(frame.through([*body, *top]))
