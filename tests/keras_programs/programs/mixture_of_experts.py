"""A head of several experts: a gate says how much each counts."""

import numpy as np
from keras import ops
from keras.layers import Dense, Input, Layer
from keras.models import Model


class Experts(Layer):
    def __init__(self, units, count, **kwargs):
        super().__init__(**kwargs)
        self.units, self.count = units, count
        self.gate = Dense(count, activation="softmax")

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(self.count, input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.count, self.units), initializer="zeros", name="bias")
        super().build(input_shape)

    def call(self, x):
        share = self.gate(x)
        each = ops.einsum("nf,efu->neu", x, self.kernel) + self.bias
        return ops.sum(each * ops.expand_dims(share, -1), axis=1)


data = Input((7,))
hidden = Dense(6, activation="relu")(data)
model = Model(data, ops.softmax(Experts(3, 4)(hidden)))

random = np.random.default_rng(0)
x = random.normal(size=(48, 7)).astype("float32")
y = random.integers(0, 3, 48)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
history = model.fit(x, y, batch_size=16, epochs=2, verbose=0)
