"""The Intro's first network: one Dense unit learns y = 2x - 1 from six points in 500 epochs of SGD."""

import argparse
import json

import numpy as np

import pellucid
from pellucid.layers import Dense, Input
from pellucid.models import Sequential

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
pellucid.set_random_seed(parser.parse_args().seed)

x = np.array([-1.0, 0.0, 1.0, 2.0, 3.0, 4.0])
y = 2 * x - 1
model = Sequential([Input((1,)), Dense(1)])
model.compile("sgd", "mean_squared_error", engine="reference")
history = model.fit(x, y, epochs=500, verbose=0)
kernel, bias = model.get_weights()
at = model.predict(np.array([5.0, 10.0]))
print(json.dumps({
    "loss": history.history["loss"][-1], "weight": float(kernel[0, 0]), "bias": float(bias[0]),
    "prediction_at_5": float(at[0, 0]), "prediction_at_10": float(at[1, 0]),
}))
