"""The CNN book's toy set: net [2, 100, 100, 4], Nesterov momentum, with and without batch norm; a tiny subset."""

import argparse
import json

import numpy as np

import pellucid
from pellucid.data.waves import load_waves
from pellucid.layers import Activation, BatchNormalization, Dense, Input
from pellucid.models import Sequential
from pellucid.optimizers import SGD

ROWS = {  # learning rate, epochs, batch norm on every dense layer
    "plain": (10**-2.1, 10_000, False),
    "batchnorm": (10**0.07, 200, True),
    "tiny": (10**-1.1, 100, False),
}


def network(batch_norm: bool) -> Sequential:
    """Two hidden layers of 100; batch norm stands between a dense layer and its activation."""
    model = Sequential([Input((2,))])
    for units, activation in ((100, "relu"), (100, "relu"), (4, "softmax")):
        model.add(Dense(units, kernel_initializer="he_normal"))
        if batch_norm:
            model.add(BatchNormalization(momentum=0.9))
        model.add(Activation(activation))
    return model


parser = argparse.ArgumentParser()
parser.add_argument("row", choices=ROWS)
parser.add_argument("--seed", type=int, default=0)
arguments = parser.parse_args()
rate, epochs, batch_norm = ROWS[arguments.row]
pellucid.set_random_seed(arguments.seed)
parts = load_waves(0)
points, labels = parts["train"]
if arguments.row == "tiny":  # two samples a class
    kept = np.concatenate([np.flatnonzero(labels == label)[:2] for label in range(4)])
    points, labels = points[kept], labels[kept]
model = network(batch_norm)
rule = SGD(rate, momentum=0.9, nesterov=True)
model.compile(rule, "sparse_categorical_crossentropy", metrics=["accuracy"], engine="reference")
model.fit(points, labels, batch_size=len(points), epochs=epochs, verbose=0)
loss, accuracy = model.evaluate(points, labels, verbose=0)
_, validation = model.evaluate(*parts["validation"], verbose=0)
print(json.dumps({"loss": loss, "accuracy": accuracy, "val_accuracy": validation, "epochs": epochs}))
