"""FacePoints: four convolutions and two dense layers from a face to its points, small enough for a telephone of 2016.

Table     conv 16 5x5, pool 2 | conv 48 3x3, pool 2 | conv 64 3x3, pool 2 | conv 64 2x2 | dense FC5 100 | dense 2K;
          windows stay inside the image; after every layer but the last the absolute value of tanh
Shapes    face (40,40,3) -> (2K,): x and y of each point in turn
Count     79,046 for 5 points, 91,772 for 68
Source    Wu & Hassner 2015 (tweaked networks, arXiv 1511.04031), figure 3
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import Activation, Conv2D, Dense, Flatten, MaxPooling2D
from pellucid.model import Model

CONVOLUTIONS = ((16, 5), (48, 3), (64, 3), (64, 2))  # filters, window
FEATURES = 100


def FacePoints(include_top: bool = True, weights: Weights = None, **options: Unpack[Options]) -> Model:
    """The plain network; `classes` is 2K, 10 for five points, whose activation is none unless one is given.

    Without its top it ends in FC5, (100,). Other arguments as in Keras (`frame.Options`).
    """
    options.setdefault("classifier_activation", None)
    frame = Frame.of("facepoints", include_top, weights, options, shape=(40, 40, 3), classes=10, any_size=False)
    x = frame.entry
    for number, (filters, window) in enumerate(CONVOLUTIONS, 1):
        x = folded(Conv2D(filters, window, name=f"conv{number}")(x), f"conv{number}")
        if number < len(CONVOLUTIONS):
            x = MaxPooling2D(2, name=f"pool{number}")(x)
    x = folded(Dense(FEATURES, name="fc5")(Flatten(name="flatten")(x)), "fc5")
    if frame.include_top:
        x = Dense(frame.classes, activation=frame.activation, name="points")(x)
    return frame.close(x)


def folded(x: Tensor, name: str) -> Tensor:
    """|tanh x|."""
    y: Tensor = Activation("abs", name=f"{name}_abs")(Activation("tanh", name=f"{name}_tanh")(x))
    return y
