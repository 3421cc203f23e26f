"""A loss of one's own, as a class, that looks away from what is easy."""

import numpy as np
from keras import ops
from keras.layers import Dense, Input
from keras.losses import Loss
from keras.models import Sequential


class Focal(Loss):
    def __init__(self, gamma=2.0, alpha=0.25, **kwargs):
        super().__init__(**kwargs)
        self.gamma, self.alpha = gamma, alpha

    def call(self, y_true, y_pred):
        p = ops.clip(y_pred, 1e-7, 1.0 - 1e-7)
        right = y_true * p + (1.0 - y_true) * (1.0 - p)
        weight = y_true * self.alpha + (1.0 - y_true) * (1.0 - self.alpha)
        return ops.mean(-weight * (1.0 - right) ** self.gamma * ops.log(right), axis=-1)


random = np.random.default_rng(0)
x = random.normal(size=(48, 5)).astype("float32")
y = random.integers(0, 2, (48, 2)).astype("float32")
model = Sequential([Input((5,)), Dense(6, activation="tanh"), Dense(2, activation="sigmoid")])
model.compile(optimizer="adam", loss=Focal(gamma=1.5))
history = model.fit(x, y, batch_size=16, epochs=2, verbose=0)
