"""A residual network of layers and a model of one's own."""

import numpy as np
from keras import ops
from keras.layers import BatchNormalization, Conv2D, Dense, Dropout, GlobalAveragePooling2D, Layer
from keras.models import Model, Sequential


class Scale(Layer):
    def build(self, input_shape):
        self.gain = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gain")

    def call(self, x):
        return x * self.gain


class Residual(Layer):
    def __init__(self, filters, strides=1, **kwargs):
        super().__init__(**kwargs)
        self.first = Conv2D(filters, 3, strides, padding="same", use_bias=False)
        self.norm = BatchNormalization()
        self.second = Conv2D(filters, 3, padding="same")
        self.shortcut = Conv2D(filters, 1, strides) if strides > 1 else None
        self.drop = Dropout(0.1)
        self.scale = Scale()

    def call(self, x, training=None):
        y = ops.relu(self.norm(self.first(x), training=training))
        y = self.scale(self.drop(self.second(y), training=training))
        shortcut = x if self.shortcut is None else self.shortcut(x)
        return ops.relu(y + shortcut)


class ResNet(Model):
    def __init__(self, classes):
        super().__init__()
        self.stem = Conv2D(8, 3, padding="same", activation="relu")
        self.blocks = [Residual(8), Residual(9, 2)]
        self.pool = GlobalAveragePooling2D()
        self.head = Sequential([Dense(7, activation="relu"), Dense(classes, activation="softmax")])

    def call(self, x, training=None):
        x = self.stem(x / 255.0)
        for block in self.blocks:
            x = block(x, training=training)
        return self.head(self.pool(x))


random = np.random.default_rng(0)
x = random.integers(0, 256, (48, 8, 10, 3)).astype("float32")
y = random.integers(0, 4, 48)
model = ResNet(4)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, batch_size=16, epochs=2, verbose=0)
