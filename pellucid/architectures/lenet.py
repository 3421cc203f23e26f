"""LeNet-5: two convolutions with pooling, then dense layers.

Table (form "lecture")  conv 20 5x5 relu valid | max pool 2 same | conv 50 5x5 relu same | max pool 2 same | flatten
                        | dense 500 relu | dense classes softmax                   931,080 parameters at 28x28x1
Table (form "1998")     conv 6 5x5 tanh same | mean pool 2 | conv 16 5x5 tanh | mean pool 2 | flatten | dense 120 tanh
                        | dense 84 tanh | dense classes softmax                     61,706 parameters at 28x28x1
Source  LeCun, Bottou, Bengio & Haffner 1998, figure 2 (with full connections and softmax); the lecture's wider form.
"""

from __future__ import annotations

from pellucid.errors import ArgumentError, describe
from pellucid.graph.vocabulary import AveragePooling2D, Conv2D, Dense, Flatten, Input, MaxPooling2D
from pellucid.model import Model, Sequential


def LeNet5(input_shape: tuple[int, int, int] = (28, 28, 1), classes: int = 10, *, form: str = "lecture") -> Model:
    """LeNet in the lecture's wider form, or as of 1998; raises ArgumentError for another `form`."""
    if form == "lecture":
        body = [
            Conv2D(20, 5, activation="relu"),
            MaxPooling2D(2, 2, padding="same"),
            Conv2D(50, 5, padding="same", activation="relu"),
            MaxPooling2D(2, 2, padding="same"),
            Flatten(),
            Dense(500, activation="relu"),
        ]
    elif form == "1998":
        body = [
            Conv2D(6, 5, padding="same", activation="tanh"),
            AveragePooling2D(2),
            Conv2D(16, 5, activation="tanh"),
            AveragePooling2D(2),
            Flatten(),
            Dense(120, activation="tanh"),
            Dense(84, activation="tanh"),
        ]
    else:
        raise ArgumentError(describe("LeNet5", "form", "'lecture' or '1998'", repr(form)))
    return Sequential([Input(input_shape), *body, Dense(classes, activation="softmax")], name="lenet5")
