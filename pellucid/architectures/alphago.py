"""AlphaGo's policy network: where on the board a strong player would go next.

Table   conv 5x5 192 | eleven times conv 3x3 192, all same with ReLU | conv 1x1 1 | a bias for each place | flatten
        | softmax
Shapes  board (19,19,48) -> a probability for each of the 361 places, row by row
Count   3,882,793: 230,592 + 11 * 331,968 + 192 + 361
Source  Silver et al. 2016, methods, "neural network architecture".
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.errors import ArgumentError, describe
from pellucid.graph.layer import Layer
from pellucid.graph.vocabulary import Activation, Conv2D, Flatten, PositionBias
from pellucid.model import Model

FILTERS, DEEP = 192, 11


def AlphaGoPolicy(include_top: bool = True, weights: Weights = None, **options: Unpack[Options]) -> Model:
    """Thirteen convolutions; the classes are the places of the board. Arguments as in Keras (`frame.Options`)."""
    frame = Frame.of("alphagopolicy", include_top, weights, options, shape=(19, 19, 48), classes=361)
    layers: list[Layer] = [Conv2D(FILTERS, 5, padding="same", activation="relu")]
    layers += [Conv2D(FILTERS, 3, padding="same", activation="relu") for _ in range(DEEP)]
    if frame.include_top:
        rows, columns = frame.entry.sizes[:2]
        if "classes" in options and frame.classes != (rows or 0) * (columns or 0):
            wanted = f"the number of places of the board, {rows} x {columns}"
            raise ArgumentError(describe("AlphaGoPolicy", "classes", wanted, str(frame.classes), "Leave it out."))
        layers += [Conv2D(1, 1, use_bias=False), PositionBias(), Flatten(), Activation(frame.activation or "linear")]
    return frame.close(frame.through(layers))
