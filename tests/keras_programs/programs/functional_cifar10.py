"""The full CIFAR-10 net, written with functional calls."""

import numpy as np
from keras.callbacks import EarlyStopping, ReduceLROnPlateau
from keras.datasets import cifar10
from keras.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, LeakyReLU, Softmax
from keras.models import Model
from keras.optimizers import Adam
from keras.utils import to_categorical

CLASSES = 10

(x_train, y_train), (x_test, y_test) = cifar10.load_data()
x_train, x_test = x_train.astype("float32") / 255.0, x_test.astype("float32") / 255.0
y_train, y_test = to_categorical(y_train, CLASSES), to_categorical(y_test, CLASSES)


def block(x, filters, strides):
    x = Conv2D(filters=filters, kernel_size=3, strides=strides, padding="same")(x)
    x = BatchNormalization()(x)
    return LeakyReLU()(x)


input_layer = Input((32, 32, 3))
x = block(input_layer, 32, 1)
x = block(x, 32, 2)
x = block(x, 64, 1)
x = block(x, 64, 2)
x = Flatten()(x)
x = Dense(128)(x)
x = BatchNormalization()(x)
x = LeakyReLU()(x)
x = Dropout(rate=0.5)(x)
x = Dense(CLASSES)(x)
output_layer = Softmax()(x)

model = Model(input_layer, output_layer)
model.summary()
model.compile(loss="categorical_crossentropy", optimizer=Adam(learning_rate=0.0005), metrics=["accuracy"])

history = model.fit(
    x_train,
    y_train,
    batch_size=32,
    epochs=2,
    shuffle=True,
    verbose=2,
    validation_data=(x_test, y_test),
    callbacks=[ReduceLROnPlateau(patience=3), EarlyStopping(monitor="val_accuracy", patience=5)],
)
loss, accuracy = model.evaluate(x_test, y_test, batch_size=100, verbose=0)
print("loss", loss, "accuracy", accuracy)

guess = np.argmax(model.predict(x_test[:10]), axis=-1)
print("first ten:", guess, np.argmax(y_test[:10], axis=-1))
features = Model(model.inputs, model.get_layer(index=len(model.layers) - 4).output)
print("features", features.predict(x_test[:4]).shape, "parameters", model.count_params())
