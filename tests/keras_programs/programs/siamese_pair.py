"""Two pictures through one encoder; how far apart they lie says whether they belong together."""

import numpy as np
from keras import ops
from keras.layers import Conv2D, Dense, Flatten, Input, Layer
from keras.models import Model, Sequential


class Distance(Layer):
    def call(self, pair):
        one, two = pair
        return ops.sqrt(ops.maximum(ops.sum(ops.square(one - two), axis=1, keepdims=True), 1e-7))


def contrastive(y_true, y_pred):
    near = y_true * ops.square(y_pred)
    far = (1.0 - y_true) * ops.square(ops.maximum(1.0 - y_pred, 0.0))
    return ops.mean(near + far, axis=-1)


encoder = Sequential([Input((8, 6, 1)), Conv2D(5, 3, activation="relu"), Flatten(), Dense(4)])
left, right = Input((8, 6, 1)), Input((8, 6, 1))
model = Model([left, right], Distance()([encoder(left), encoder(right)]))

random = np.random.default_rng(0)
x = [random.random((48, 8, 6, 1)).astype("float32") for _ in range(2)]
y = random.integers(0, 2, (48, 1)).astype("float32")
model.compile(optimizer="adam", loss=contrastive)
history = model.fit(x, y, batch_size=16, epochs=2, verbose=0)
